/** This module copies disks between files and images, and compares them. */

export { Job, type JobOptions } from '../internal/job.js'
export { type ApplyDiffOptions, applyDiff } from './apply-diff.js'
export { type CleanupOptions, cleanupCopies, type Leftover } from './cleanup.js'
export {
  type ComparedSide,
  type CompareOptions,
  type CompareProgress,
  type CompareResult,
  compare,
  type DifferingExtent,
} from './compare.js'
export { copy } from './copy.js'
export type { DiffExtent, DiffInfo, DiffInput, DiffOptions, DiffOutput } from './diff.js'
export { CopyError, type CopyErrorCode } from './errors.js'
export { type ExportDiffOptions, exportDiff } from './export-diff.js'
export {
  type ExportImageOptions,
  exportImage,
  type ImageStreamInfo,
  type ImportImageOptions,
  importImage,
} from './image-stream.js'
export { importDiff } from './import-diff.js'
export { diffExtents, inspectDiff } from './inspect-diff.js'
export { mergeDiffs } from './merge-diffs.js'
export type {
  CopyDestination,
  CopyOptions,
  CopyProgress,
  CopyResult,
  CopySource,
  DescriptorDestination,
  DescriptorSource,
  DiskFormat,
  DiskSource,
  FileDestination,
  FileSource,
  ImageDestination,
  ImageSource,
  RateLimits,
  ReplaceLoss,
  ServerSide,
  StreamDestination,
  StreamSource,
  VerifyLevel,
  WebByteStream,
} from './types.js'
