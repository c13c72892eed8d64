import type { TaskFunction } from './core.js'
import type { NativeLayout } from './rbd.js'

/** A source or destination as native code reads it. */
export type NativeEndpoint =
  | { file: string; raw?: boolean }
  | { image: string; snapshot?: string; layout?: NativeLayout }

/** What a copy resolves with. */
export interface NativeCopyResult {
  bytes: number
  bytesRead: number
  bytesWritten: number
  seconds: number
  crc32c: number
}

/** What comes with a copy's negative result. Empty texts: the errno says it all. */
export interface NativeCopyError {
  syscall: string
  code: string
  message: string
  side: 'none' | 'source' | 'destination'
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

/** What native/addon/copy.cc and compare.cc export. */
export interface CopyNative {
  copy: TaskFunction<
    [
      source: NativeEndpoint,
      sourceIoctx: number,
      destination: NativeEndpoint,
      destinationIoctx: number,
      maxMemory: number,
    ]
  >
  compare: TaskFunction<
    [
      a: NativeEndpoint,
      ioctxOfA: number,
      b: NativeEndpoint,
      ioctxOfB: number,
      maxMemory: number,
      maxExtents: number,
    ]
  >
}
