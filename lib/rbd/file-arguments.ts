import { invalidArgType, type Known, toOptions, toSignal, toSize } from '../internal/validate.js'

/**
 * Which part of a buffer, and where in the image. As in `FileHandle`, `null` is the same as not given.
 *
 * @since 0.1.0
 */
export interface FileRange {
  /** Bytes into the buffer at which to begin. Default 0. */
  offset?: number | null | undefined
  /** Bytes. Default: what the buffer holds after `offset`. */
  length?: number | null | undefined
  /** Bytes into the image. Default: the current position, which moves by the bytes that were read or written. */
  position?: number | bigint | null | undefined
}

/**
 * Options of an `ImageFileHandle`'s streams.
 *
 * @since 0.1.0
 */
export interface FileStreamOptions {
  /** First byte. Default: the current position, which the stream does not move. */
  start?: number | undefined
  /** Closes the file handle (not the image) when the stream is closed. Default true. */
  autoClose?: boolean | undefined
  /** When reading, bytes of a read, default 1 MiB; when writing, see `WriteStreamOptions`. */
  highWaterMark?: number | undefined
  /** Aborting destroys the stream. */
  signal?: AbortSignal | null | undefined
}

const fileRange: Known<FileRange> = { offset: true, length: true, position: true }

/** @internal The range that `options` are, or what stands in the arguments. */
export function toRange(options: unknown, args: FileRange): FileRange {
  return typeof options === 'object' && options !== null ? toOptions('options', options, fileRange) : args
}

/** @internal */
export function toReadRange<B>(
  options: (FileRange & { buffer?: B }) | null | undefined,
): FileRange & { buffer?: B } {
  return toOptions('options', options ?? undefined, { buffer: true, ...fileRange })
}

/** What the streams of Node's own handles take, and these do in any case: accepted, so that libraries can say it. */
interface StreamOptionsOfNode {
  emitClose?: boolean | undefined
  flush?: boolean | undefined
}

/** @internal */
export const fileStreamOptions: Known<FileStreamOptions & StreamOptionsOfNode> = {
  start: true,
  autoClose: true,
  highWaterMark: true,
  signal: true,
  emitClose: true,
  flush: true,
}

/** @internal Absent: the current position. */
export function toPosition(value: number | bigint | null | undefined): number | undefined {
  return value === undefined || value === null || value === -1 ? undefined : toSize('position', value)
}

/** @internal The part of a buffer, not checked: `Image` does that. */
export function toPart(
  view: ArrayBufferView,
  { offset, length }: FileRange,
): [offset: number, length: number] {
  const from = offset ?? 0
  return [from, length ?? view.byteLength - from]
}

/** @internal */
export function toData(data: unknown, encoding: BufferEncoding | undefined): NodeJS.ArrayBufferView {
  if (typeof data === 'string') return Buffer.from(data, encoding)
  if (ArrayBuffer.isView(data)) return data as NodeJS.ArrayBufferView
  throw invalidArgType('data', 'of type string or an instance of Buffer, TypedArray or DataView', data)
}

/** @internal Options that may be an encoding alone. */
export type Encoded =
  | { encoding?: BufferEncoding | null | undefined; signal?: AbortSignal | undefined }
  | BufferEncoding
  | null
  | undefined

/** @internal */
export function toEncoded(options: Encoded): {
  encoding: BufferEncoding | undefined
  signal: AbortSignal | undefined
} {
  const given =
    typeof options === 'string'
      ? { encoding: options }
      : toOptions('options', options ?? undefined, { encoding: true, signal: true })
  return { encoding: given.encoding ?? undefined, signal: toSignal(given.signal) }
}
