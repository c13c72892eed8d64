/** What the jobs on diffs share: how a diff is named, and what is said of one. */

import { resolve } from 'node:path'
import { type Owner, startTask } from '../internal/dispatcher.js'
import { Job, type JobOptions } from '../internal/job.js'
import type { NativeCopyError, NativeDiffSummary, NativeStream } from '../internal/native/copy.js'
import type { TaskFunction } from '../internal/native/core.js'
import { invalidArgType, invalidArgValue, toSize, toText } from '../internal/validate.js'
import { toDigest } from './endpoints.js'
import { copyError, streamError } from './errors.js'
import type { CopyProgress, ImageSource } from './types.js'

/**
 * A diff to read, as `rbd export-diff` or {@link exportDiff} writes it, of version 1 or 2: a file, or an open file
 * descriptor (0 is standard input) that is read from where it stands. The descriptor is duplicated when the job
 * starts, and may be closed then; nobody else should read from it meanwhile.
 *
 * @since 0.1.0
 */
export type DiffInput = { file: string } | { fd: number }

/**
 * Where a diff is written: a file to make, which appears under its name when all of it is there and durable; or an
 * open file descriptor (1 is standard output), which is written to as it is.
 *
 * @since 0.1.0
 */
export type DiffOutput = { file: string } | { fd: number }

/**
 * Options of the jobs on diffs.
 *
 * Progress counts the bytes of diffs that have been read; `bytesTotal` is 0 when their sizes are not known.
 *
 * @since 0.1.0
 */
export type DiffOptions = JobOptions<CopyProgress>

/**
 * What is in a diff. Sizes in bytes.
 *
 * @since 0.1.0
 */
export interface DiffInfo {
  /** The format: `rbd diff v1` or `rbd diff v2`. */
  version: 1 | 2
  /** The snapshot that it begins at; absent when it begins at nothing. */
  fromSnapshot?: string
  /** The snapshot that it ends at; absent when that was the image as it was. */
  toSnapshot?: string
  /** Whether that snapshot is protected; only version 2 says. */
  isProtected?: boolean
  /** Of the image at the diff's end. */
  size: number
  dataExtents: number
  dataBytes: number
  /** Extents that became zero. */
  zeroExtents: number
  zeroBytes: number
  /** Of the diff itself. */
  fileBytes: number
  /** `'crc32c:'` and eight hex digits: the CRC32C (Castagnoli) of the diff's own bytes. */
  digest: string
}

/**
 * A part of an image that a diff changes.
 *
 * @since 0.1.0
 */
export interface DiffExtent {
  /** Bytes. */
  offset: number
  /** Bytes, at least 1. */
  length: number
  /** Whether it became data; else it became zeros. */
  data: boolean
}

/** A stream for native code; a file's path no longer depends on the working directory. */
export function toStream(name: string, stream: unknown): NativeStream {
  if (typeof stream !== 'object' || stream === null) throw invalidArgType(name, 'of type object', stream)
  const { file, fd } = stream as { file?: unknown; fd?: unknown }
  if (file !== undefined && fd !== undefined) throw invalidArgValue(name, 'is either a file or a descriptor')
  if (fd === undefined) return { file: resolve(toText(`${name}.file`, file)) }
  return { fd: toSize(`${name}.fd`, fd, 0, 0x7fffffff) }
}

export function toDiffInfo({ crc32c, ...summary }: NativeDiffSummary): DiffInfo {
  return { ...summary, digest: toDigest(crc32c) }
}

/** Who a job on streams alone belongs to: nobody waits for it. `path` is what it writes. */
export function streamOwner(path: string): Owner {
  return {
    inFlight: 0,
    idle() {},
    makeError: (errno, syscall, value) =>
      streamError(errno, syscall, value as NativeCopyError | undefined, path),
  }
}

/**
 * Who a job between a stream and an image belongs to: the ioctx does not close meanwhile. `streamSide` is what the
 * stream is.
 */
export function imageOwner(
  image: ImageSource,
  stream: NativeStream,
  streamSide: NativeCopyError['side'],
  call: string,
): Owner {
  const { ioctx } = image
  if (!ioctx.open) throw ioctx.closedError(call)
  ioctx.inFlight++
  return {
    inFlight: 0,
    idle() {
      if (--ioctx.inFlight === 0) ioctx.idle()
    },
    makeError(errno, syscall, value) {
      const detail = value as NativeCopyError | string | undefined
      const ofStream = typeof detail === 'object' && (detail.side === streamSide || detail.object !== '')
      if (ofStream) return streamError(errno, syscall, detail, toPath(stream))
      return copyError(errno, detail, image, image)
    },
  }
}

/** How errors call a stream. */
export function toPath(stream: NativeStream): string {
  return 'file' in stream ? stream.file : `fd ${stream.fd}`
}

/** A job of one native call that tells what is in a diff. `prepare` checks the arguments. */
export function startDiffJob<A extends unknown[]>(
  options: DiffOptions | undefined,
  call: TaskFunction<A>,
  prepare: () => { owner: Owner; args: A },
): Job<CopyProgress, DiffInfo> {
  return new Job(options, async ({ signal, report }) => {
    signal.throwIfAborted()
    const { owner, args } = prepare()
    const summary = await startTask<NativeDiffSummary, A>(owner, call, args, {
      signal,
      onAbort: 'cancel',
      onProgress: report as (progress: never) => void,
    })
    return toDiffInfo(summary)
  })
}
