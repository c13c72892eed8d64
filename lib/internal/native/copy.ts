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

/** What native/addon/copy.cc exports. */
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
}
