/** This file has what the jobs on diffs share: how a diff is named, and what is said of one. */

import { resolve } from 'node:path'
import { type Owner, startTask } from '../internal/dispatcher.js'
import { type Job, type JobContext, type JobOptions, startJob } from '../internal/job.js'
import type { NativeCopyError, NativeDiffSummary, NativeStream } from '../internal/native/copy.js'
import type { Task } from '../internal/native/core.js'
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  toOptions,
  toSize,
  toText,
} from '../internal/validate.js'
import { toDigest } from './endpoints.js'
import { copyError, streamError } from './errors.js'
import { warnLeft } from './left.js'
import { type StreamEnd, toStreamDestination, toStreamSource, withStreams } from './streams.js'
import type {
  CopyProgress,
  DescriptorDestination,
  DescriptorSource,
  ImageSource,
  StreamDestination,
  StreamSource,
} from './types.js'

/**
 * A diff to read, as `rbd export-diff` or {@link exportDiff} writes it, of version 1 or 2.
 *
 * A file; an open file descriptor (0 is standard input) that is read from where it stands, duplicated when the job
 * starts, from which nobody else should read meanwhile; or a stream, Node's or the web's, as {@link copy} takes one:
 * only its own end is an end, and what it has behind the diff is let go. The job that fails or is aborted destroys it.
 *
 * @since 0.1.0
 */
export type DiffInput = { file: string } | DescriptorSource | StreamSource | StreamSource['stream']

/**
 * Where a diff is written.
 *
 * A file to make, which appears under its name when all of it is there and durable; an open file descriptor (1 is
 * standard output), which is written to as it is; or a stream, Node's or the web's, as {@link copy} takes one: it is
 * ended when all of it is there, and destroyed when the job fails or is aborted.
 *
 * @since 0.1.0
 */
export type DiffOutput = { file: string } | DescriptorDestination | StreamDestination

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
  /** The size of the image at the diff's end. */
  size: number
  dataExtents: number
  dataBytes: number
  /** Extents that became zero. */
  zeroExtents: number
  zeroBytes: number
  /** The bytes of the diff itself. */
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

/** A diff, or an image with its snapshots, as it is read or written in order. */
export interface Ordered {
  native: NativeStream
  /** When it is a stream of JavaScript. */
  stream: StreamEnd | undefined
}

function toOrdered(name: string, value: unknown, stream: StreamEnd | undefined): Ordered {
  if (stream) return { native: { ...stream.native, label: `${name} stream` }, stream }
  if (typeof value !== 'object' || value === null) throw invalidArgType(name, 'of type object', value)
  const given = value as { file?: unknown; fd?: unknown }
  const { file, fd } = toOptions(name, given, { file: ['path'], fd: true })
  if (file !== undefined && fd !== undefined) throw invalidArgValue(name, 'is either a file or a descriptor')
  if (fd === undefined) return { native: { file: resolve(toText(`${name}.file`, file)) }, stream }
  return { native: { fd: toSize(`${name}.fd`, fd, 0, 0x7fffffff) }, stream }
}

/** What is read, for native code; a file's path no longer depends on the working directory. */
export function toInput(name: string, value: unknown): Ordered {
  return toOrdered(name, value, toStreamSource(name, value))
}

/** What is written, likewise. */
export function toOutput(name: string, value: unknown): Ordered {
  return toOrdered(name, value, toStreamDestination(name, value))
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
  if ('file' in stream) return stream.file
  return 'fd' in stream ? `fd ${stream.fd}` : stream.label
}

/** One native call of a job; `owner` is asked only when it starts. */
export async function startJobTask<A extends unknown[], R>(
  { signal, report }: JobContext<CopyProgress>,
  call: Task<A, R>,
  args: A,
  owner: () => Owner,
): Promise<R> {
  signal.throwIfAborted()
  return startTask(owner(), call, args, {
    signal,
    onAbort: 'leave',
    left: () => warnLeft(call.name),
    onProgress: report as (progress: never) => void,
  })
}

/** A job of one native call that tells what is in a diff. `prepare` checks the arguments. */
export function startDiffJob<A extends unknown[], O extends DiffOptions>(
  options: O | undefined,
  known: Known<NoInfer<O>>,
  call: Task<A, NativeDiffSummary>,
  prepare: (options: Partial<O>) => { streams: readonly Ordered[]; owner: () => Owner; args: [...A] },
): Job<CopyProgress, DiffInfo> {
  return startJob(options, known, async (context, given) => {
    context.signal.throwIfAborted()
    const { streams, owner, args } = prepare(given)
    const ends = streams.map(({ stream }) => stream)
    const summary = await withStreams(ends, context, (watched) => startJobTask(watched, call, args, owner))
    return toDiffInfo(summary)
  })
}
