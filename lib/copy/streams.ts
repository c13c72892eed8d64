/**
 * This file makes Node and web streams ends of a copy, and diffs. Their buffers are lent to native code, which takes
 * bytes out or puts them in.
 */

import { once } from 'node:events'
import { finished, Readable, Writable } from 'node:stream'
import { ReadableStream, WritableStream } from 'node:stream/web'
import { native } from '../internal/addon.js'
import { Kind, type Owner, startIo } from '../internal/dispatcher.js'
import type { JobContext } from '../internal/job.js'
import { invalidArgType, invalidArgValue, toOptions, toSize } from '../internal/validate.js'
import type { StreamSource } from './types.js'

/** Bytes of a source that are lent at a time before it is paused; one chunk in any case. */
const window = 4 * 1024 * 1024
/** Bytes of a chunk that a destination gets, and how many are lent at a time to be filled. */
const chunkBytes = 256 * 1024
const chunks = 8

/** A stream as an end of a copy. Nothing is done with it before `watch`. */
export interface StreamEnd {
  native: { handover: object; size?: number }
  /** From now on `fail` is told what keeps bytes from moving. */
  watch(fail: (reason: unknown) => void): void
  /**
   * Moves bytes from now on, until `signal` is aborted. In the turn in which the native job starts: what is lent only comes
   * back from a job, and the end of a thread waits for that.
   */
  move(signal: AbortSignal): void
  /** The copy is whole: resolves when the stream has taken all of it. */
  finish(): Promise<void>
  /** The copy has ended otherwise. */
  destroy(reason: unknown): void
}

/** Loans do not fail: what is not used is given back as 0 bytes. */
const lender: Owner = {
  inFlight: 0,
  idle() {},
  makeError: (_errno, syscall) => new Error(syscall),
}

function lend<T>(kind: Kind, handover: object, buffer: Uint8Array): Promise<T> {
  return startIo(lender, kind, buffer, buffer.byteLength, (slot) => native.lend(slot, handover, buffer))
}

function isNodeStream(value: unknown, method: 'read' | 'write'): boolean {
  const stream = value as Record<string, unknown> | null
  return (
    typeof stream === 'object' && typeof stream?.[method] === 'function' && typeof stream.on === 'function'
  )
}

/** A server's request is not destroyed with the copy: its connection is needed for the answer. */
function isRequest(stream: object): boolean {
  return 'httpVersion' in stream && 'method' in stream && typeof stream.method === 'string'
}

/** Nor is a server's response that nothing has been sent of: it can still tell what went wrong. */
function isUnanswered(stream: object): boolean {
  return 'writeHead' in stream && 'headersSent' in stream && stream.headersSent === false
}

/** Checks that a stream gives its bytes, in order and once; `name` is what the caller calls it. */
function checkReadable(name: string, stream: Readable): void {
  if (stream.errored) throw stream.errored
  if (!stream.readable) throw invalidArgValue(name, 'the stream has been read to its end or destroyed')
  if (stream.readableObjectMode) {
    throw invalidArgValue(
      name,
      'a stream of objects, not of bytes (objectMode). What Readable.from() makes is one unless it is told otherwise: ' +
        'give the async iterable itself, or Readable.from(iterable, { objectMode: false })',
    )
  }
  if (stream.readableEncoding !== null && stream.readableEncoding !== undefined) {
    throw invalidArgValue(name, 'its bytes are text already: setEncoding() has been called')
  }
}

function checkWritable(name: string, stream: Writable): void {
  if (stream.errored) throw stream.errored
  if (stream.destroyed || stream.writableEnded) {
    throw invalidArgValue(name, 'the stream has been ended or destroyed')
  }
  if (stream.writableObjectMode) throw invalidArgValue(name, 'a stream of objects, not of bytes (objectMode)')
}

function fromReadable(name: string, stream: () => Readable, size: number | undefined): StreamEnd {
  const handover = native.handover()
  let source: Readable
  let fail: (reason: unknown) => void
  let lent = 0
  let stopped = false
  const give = (chunk: Buffer): void => {
    if (!(chunk instanceof Uint8Array)) {
      fail(invalidArgType(name, 'a stream of bytes', chunk))
      return
    }
    // What somebody else does to the memory meanwhile changes the chunk's length.
    const bytes = chunk.byteLength
    if (bytes === 0) return
    const memory = chunk.buffer as ArrayBufferLike & { resizable?: boolean; growable?: boolean }
    if (memory.resizable || memory.growable) {
      fail(invalidArgValue(name, 'the memory of one of its chunks is resizable'))
      return
    }
    lent += bytes
    if (lent >= window) source.pause()
    void lend(Kind.write, handover, chunk).then(() => {
      lent -= bytes
      if (chunk.byteLength !== bytes && !stopped) {
        fail(invalidArgValue(name, 'the memory of one of its chunks was transferred away while it was read'))
      } else if (lent < window && !stopped) {
        source.resume()
      }
    })
  }
  return {
    native: { handover, ...(size === undefined ? {} : { size }) },
    watch(tell) {
      fail = tell
      source = stream()
      // Stays, so that an error of a stream that is destroyed is not uncaught.
      finished(source, { writable: false }, (error) => {
        if (error && !source.readableEnded) fail(error)
      })
    },
    move() {
      source.on('data', give)
      source.once('end', () => native.endLoans(handover))
    },
    async finish() {},
    destroy(reason) {
      stopped = true
      source?.off('data', give)
      source?.pause()
      native.closeLoans(handover)
      if (source && !isRequest(source)) source.destroy(reason as Error)
    },
  }
}

/** Standard output and error stay open, as `pipeline()` has it. */
const staysOpen = (stream: Writable): boolean => stream === process.stdout || stream === process.stderr

function fromWritable(name: string, stream: () => Writable): StreamEnd {
  const handover = native.handover()
  let sink: Writable
  let fail: (reason: unknown) => void
  let ending = false
  let ended: Promise<void>
  let moved: Promise<void>

  async function move(signal: AbortSignal): Promise<void> {
    const lent: Promise<{ bytesRead: number; buffer: Buffer }>[] = []
    for (;;) {
      while (lent.length < chunks) {
        // A new one each time: a stream may keep what it was given.
        lent.push(lend(Kind.read, handover, Buffer.allocUnsafeSlow(chunkBytes)))
      }
      const { bytesRead, buffer } = (await lent.shift()) as { bytesRead: number; buffer: Buffer }
      if (bytesRead === 0) return
      const room = sink.write(bytesRead < chunkBytes ? buffer.subarray(0, bytesRead) : buffer)
      if (!room) await once(sink, 'drain', { signal })
    }
  }

  return {
    native: { handover },
    watch(tell) {
      fail = tell
      sink = stream()
      ended = new Promise<void>((resolve, reject) => {
        // Stays, so that an error of a stream that is destroyed is not uncaught.
        finished(sink, { readable: false }, (error) => {
          if (error) reject(error)
          else if (ending) resolve()
          else reject(invalidArgValue(name, 'the stream was ended before the copy'))
        })
      })
      ended.catch(fail)
    },
    move(signal) {
      moved = move(signal)
      moved.catch(fail)
    },
    async finish() {
      await moved
      ending = true
      if (staysOpen(sink)) return new Promise((resolve) => void sink.write('', () => resolve()))
      sink.end()
      return ended
    },
    destroy(reason) {
      native.closeLoans(handover)
      if (sink && !staysOpen(sink) && !isUnanswered(sink)) sink.destroy(reason as Error)
    },
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** Gives its chunks, which must be bytes: text would have to be in some encoding. */
async function* bytesOf(name: string, iterable: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of iterable) {
    if (!(chunk instanceof Uint8Array))
      throw invalidArgType(name, 'an async iterable of Buffers or Uint8Arrays', chunk)
    yield chunk
  }
}

/** A source that is a stream, or has one; undefined when it is something else. */
export function toStreamSource(name: string, value: unknown): StreamEnd | undefined {
  const wrapped = typeof value === 'object' && value !== null && 'stream' in value && !('on' in value)
  const { stream, size } = wrapped ? (value as StreamSource) : { stream: value, size: undefined }
  if (wrapped) toOptions(name, value as StreamSource, { stream: true, size: ['length', 'bytes'] })
  const where = wrapped ? `${name}.stream` : name
  const bytes = size === undefined ? undefined : toSize(`${name}.size`, size)
  if (stream instanceof ReadableStream) {
    if (stream.locked) throw invalidArgValue(where, 'the stream is locked to another reader')
    return fromReadable(name, () => Readable.fromWeb(stream), bytes)
  }
  if (isNodeStream(stream, 'read')) {
    checkReadable(where, stream as Readable)
    return fromReadable(name, () => stream as Readable, bytes)
  }
  if (isAsyncIterable(stream)) {
    return fromReadable(name, () => Readable.from(bytesOf(where, stream), { objectMode: false }), bytes)
  }
  if (typeof stream === 'function') {
    throw invalidArgType(
      where,
      'a source, such as what a generator function returns when it is called',
      stream,
    )
  }
  if (wrapped) {
    throw invalidArgValue(
      where,
      'neither a stream of Node, nor a web stream to read from, nor an async iterable',
    )
  }
  return undefined
}

/** A destination that is a stream; undefined when it is something else. */
export function toStreamDestination(name: string, stream: unknown): StreamEnd | undefined {
  if (stream instanceof WritableStream) {
    if (stream.locked) throw invalidArgValue(name, 'the stream is locked to another writer')
    return fromWritable(name, () => Writable.fromWeb(stream))
  }
  if (!isNodeStream(stream, 'write')) return undefined
  checkWritable(name, stream as Writable)
  return fromWritable(name, () => stream as Writable)
}

/**
 * Does `work`, which starts a native job at once, while the streams move; before that `prepare`, if it takes time to know
 * what to start. Their `context` is aborted by what a stream fails with.
 */
export async function withStreams<P, R>(
  ends: readonly (StreamEnd | undefined)[],
  context: JobContext<P>,
  work: (context: JobContext<P>) => Promise<R>,
  prepare?: (context: JobContext<P>) => Promise<void>,
): Promise<R> {
  const streams = ends.filter((end) => end !== undefined)
  if (streams.length === 0) {
    if (prepare) await prepare(context)
    return work(context)
  }
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  try {
    for (const stream of streams) stream.watch((reason) => failed.abort(reason))
    if (prepare) await prepare({ ...context, signal })
    signal.throwIfAborted()
    for (const stream of streams) stream.move(signal)
    const result = await work({ ...context, signal })
    signal.throwIfAborted()
    const aborted = once(signal, 'abort').then(() => signal.throwIfAborted())
    aborted.catch(() => {})
    await Promise.race([Promise.all(streams.map((stream) => stream.finish())), aborted])
    return result
  } catch (error) {
    for (const stream of streams) stream.destroy(error)
    throw error
  }
}
