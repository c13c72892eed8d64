/** Copying disks between files and images. */

export { Job, type JobOptions } from '../internal/job.js'
export { copy } from './copy.js'
export { CopyError, type CopyErrorCode } from './errors.js'
export type {
  CopyDestination,
  CopyOptions,
  CopyProgress,
  CopyResult,
  CopySource,
  FileDestination,
  FileSource,
  ImageDestination,
  ImageSource,
} from './types.js'
