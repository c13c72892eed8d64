import type { Task } from './core.js'
import type { NativeLayout } from './rbd.js'

/** A source or destination as native code reads it. */
export type NativeEndpoint =
  | ({
      file: string
      /** A {@link DiskFormat}. */
      format?: string | undefined
      backingDirectories?: string[]
    } & NativeNaming)
  | ({ image: string; snapshot?: string; layout?: NativeLayout } & NativeNaming & NativeDeep)
  | { fd: number }
  | { handover: object; size?: number }

/** What a destination does about what is there already. */
export interface NativeNaming {
  replace?: boolean
  force?: boolean
  resume?: boolean
  mayLose?: string[]
}

/** What an image that is copied with its snapshots comes with: its metadata. */
export interface NativeDeep {
  deep?: boolean
  keepParent?: boolean
  keys?: string[]
  values?: string[]
}

/** What a copy resolves with. */
export interface NativeCopyResult {
  bytes: number
  /** The bytes of all layers. */
  bytesCovered: number
  bytesRead: number
  bytesWritten: number
  bytesResumed: number
  seconds: number
  crc32c: number
  objectsMoved: number
  bytesMoved: number
  /** Why nothing was moved on the OSDs; empty without a reason. */
  obstacle: string
  replaced?: { id: string; name?: string }
}

/** What comes with a copy's negative result. Empty texts: the errno says it all. */
export interface NativeCopyError {
  syscall: string
  code: string
  message: string
  side: 'none' | 'source' | 'destination'
  /** The file it is about, where an operation has several. */
  object: string
}

/** One side of a comparison. */
export interface NativeComparedSide {
  bytes: number
  bytesRead: number
  crc32c: number
}

/** What a comparison resolves with. */
export interface NativeCompareResult {
  a: NativeComparedSide
  b: NativeComparedSide
  extents: { offset: number; length: number }[]
  extentCount: number
  bytesDiffering: number
  restIsZero: boolean
  seconds: number
}

/** A stream of bytes as native code reads it. A descriptor is duplicated; `label` is what errors call the other. */
export type NativeStream =
  | { file: string }
  | { fd: number }
  | { handover: object; size?: number; label: string }

/** What is in a diff. */
export interface NativeDiffSummary {
  version: 1 | 2
  fromSnapshot?: string
  toSnapshot?: string
  isProtected?: boolean
  size: number
  dataExtents: number
  dataBytes: number
  zeroExtents: number
  zeroBytes: number
  fileBytes: number
  crc32c: number
}

/** What a diff is made of. Empty texts: HEAD, from nothing. */
export interface NativeDiffExport {
  image: string
  snapshot: string
  from: string
  wholeObjects: boolean
  version: 1 | 2
}

/** What a diff is applied to: an image, or a file. */
export type NativeDiffTarget = ({ image: string } | { file: string }) & { allowShrink: boolean }

/** An image to write with its snapshots, the oldest first; `keys` and `values` are its metadata. */
export interface NativeImageExport {
  image: string
  order: number
  features: bigint
  stripeUnit: number
  stripeCount: number
  keys: string[]
  values: string[]
}

/** What is in an image's stream. */
export interface NativeImageSummary {
  size: number
  snapshots: string[]
  droppedMetadata: string[]
  dataBytes: number
  zeroBytes: number
  fileBytes: number
  crc32c: number
}

/** Some extents of a diff, and where to go on. */
export interface NativeDiffExtents {
  /** Offset, length, and 1 for data or 0 for zeros; and so on. */
  extents: Float64Array
  more: boolean
  position: number
  version: number
  size: number
  offset: number
}

/** Something that an unfinished copy has left. */
export interface NativeLeftover {
  kind: 'image' | 'file' | 'snapshot'
  name: string
  target: string
  bytesDurable: number
  bytesTotal: number
  whole: boolean
  inUse: boolean
  cleared: boolean
  error?: NativeCopyError & { errno: number }
}

/** What native/addon/copy.cc, compare.cc, diff.cc, handover.cc and leftovers.cc export. */
export interface CopyNative {
  /** Makes what a stream of JavaScript hands its bytes over by. */
  handover(): object
  /** Lends a buffer of at least one byte until the slot is settled, with how much of it was taken or filled. */
  lend(slot: number, handover: object, buffer: Uint8Array): number
  /** Nothing more will be lent: the stream has ended. */
  endLoans(handover: object): void
  /** Gives back all loans as not used, now and later. */
  closeLoans(handover: object): void
  copy: Task<
    [
      source: NativeEndpoint,
      sourceIoctx: number,
      destination: NativeEndpoint,
      destinationIoctx: number,
      maxMemory: number,
      verify: number,
      serverSide: number,
      bandwidthLimit: number,
      iopsLimit: number,
    ],
    NativeCopyResult
  >
  compare: Task<
    [
      a: NativeEndpoint,
      ioctxOfA: number,
      b: NativeEndpoint,
      ioctxOfB: number,
      maxMemory: number,
      maxExtents: number,
      bandwidthLimit: number,
      iopsLimit: number,
    ],
    NativeCompareResult
  >
  inspectDiff: Task<[diff: NativeStream], NativeDiffSummary>
  mergeDiffs: Task<[streams: { diffs: NativeStream[]; merged: NativeStream }], NativeDiffSummary>
  exportDiff: Task<
    [what: NativeDiffExport, ioctx: number, diff: NativeStream, maxMemory: number],
    NativeDiffSummary
  >
  importDiff: Task<
    [diff: NativeStream, target: NativeDiffTarget, ioctx: number, maxMemory: number],
    NativeDiffSummary
  >
  exportImage: Task<
    [what: NativeImageExport, ioctx: number, stream: NativeStream, maxMemory: number],
    NativeImageSummary
  >
  importImage: Task<
    [stream: NativeStream, image: NativeEndpoint, ioctx: number, trustMetadata: boolean, maxMemory: number],
    NativeImageSummary
  >
  diffExtents: Task<
    [file: string, position: number, version: number, size: number, offset: number],
    NativeDiffExtents
  >
  imageLeftovers: Task<[ioctx: number, clear: boolean], NativeLeftover[]>
  fileLeftovers: Task<[directory: string, clear: boolean], NativeLeftover[]>
}
