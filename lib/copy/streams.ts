/** Node and web streams as ends of a copy, and as diffs: their buffers are lent to native code, which takes bytes out or puts them in. */

import { once } from 'node:events'
import { finished, Readable, Writable } from 'node:stream'
import { ReadableStream, WritableStream } from 'node:stream/web'
import { native } from '../internal/addon.js'
import { Kind, type Owner, startIo } from '../internal/dispatcher.js'
import type { JobContext } from '../internal/job.js'
import { invalidArgType, invalidArgValue, toSize } from '../internal/validate.js'
import type { StreamSource } from './types.js'

/** Bytes of a source that are lent at a time before it is paused; one chunk in any case. */
const window = 4 * 1024 * 1024
/** Bytes of a chunk that a destination gets, and how many are lent at a time to be filled. */
const chunkBytes = 256 * 1024
const chunks = 8

/** A stream as an end of a copy. Nothing is done with it before `start`. */
export interface StreamEnd {
  native: { handover: object; size?: number }
  /** Moves bytes from now on. `fail` is told what keeps them from moving; `signal` is aborted then, and by others. */
  start(fail: (reason: unknown) => void, signal: AbortSignal): void
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

/** Its bytes, in order and once; `name` is what the caller calls it. */
function checkReadable(name: string, stream: Readable): void {
  if (stream.errored) throw stream.errored
  if (!stream.readable) throw invalidArgValue(name, 'the stream has been read to its end or destroyed')
  if (stream.readableObjectMode) throw invalidArgValue(name, 'a stream of objects, not of bytes (objectMode)')
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
  let stop: (reason: unknown) => void = () => {}
  return {
    native: { handover, ...(size === undefined ? {} : { size }) },
    start(fail) {
      const source = stream()
      let lent = 0
      let stopped = false
      const give = (chunk: Buffer): void => {
        if (!(chunk instanceof Uint8Array)) {
          fail(invalidArgType(name, 'a stream of bytes', chunk))
          return
        }
        if (chunk.byteLength === 0) return
        lent += chunk.byteLength
        if (lent >= window) source.pause()
        void lend(Kind.write, handover, chunk).then(() => {
          lent -= chunk.byteLength
          if (lent < window && !stopped) source.resume()
        })
      }
      source.on('data', give)
      source.once('end', () => native.endLoans(handover))
      // Stays, so that an error of a stream that is destroyed is not uncaught.
      finished(source, { writable: false }, (error) => {
        if (error && !source.readableEnded) fail(error)
      })
      stop = (reason) => {
        stopped = true
        source.off('data', give)
        source.pause()
        native.closeLoans(handover)
        if (!isRequest(source)) source.destroy(reason as Error)
      }
    },
    async finish() {},
    destroy: (reason) => stop(reason),
  }
}

/** As `pipeline()` has it. */
const staysOpen = (stream: Writable): boolean => stream === process.stdout || stream === process.stderr

function fromWritable(name: string, stream: () => Writable): StreamEnd {
  const handover = native.handover()
  let finish = async (): Promise<void> => {}
  let stop: (reason: unknown) => void = () => {}

  async function move(sink: Writable, signal: AbortSignal): Promise<void> {
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
    start(fail, signal) {
      const sink = stream()
      let ending = false
      const ended = new Promise<void>((resolve, reject) => {
        // Stays, so that an error of a stream that is destroyed is not uncaught.
        finished(sink, { readable: false }, (error) => {
          if (error) reject(error)
          else if (ending) resolve()
          else reject(invalidArgValue(name, 'the stream was ended before the copy'))
        })
      })
      ended.catch(fail)
      const moved = move(sink, signal)
      moved.catch(fail)
      finish = async () => {
        await moved
        ending = true
        if (staysOpen(sink)) return new Promise((resolve) => void sink.write('', () => resolve()))
        sink.end()
        return ended
      }
      stop = (reason) => {
        native.closeLoans(handover)
        if (!staysOpen(sink) && !isUnanswered(sink)) sink.destroy(reason as Error)
      }
    },
    finish: () => finish(),
    destroy: (reason) => stop(reason),
  }
}

/** A source that is a stream, or has one; undefined when it is something else. */
export function toStreamSource(name: string, value: unknown): StreamEnd | undefined {
  const wrapped = typeof value === 'object' && value !== null && 'stream' in value && !('on' in value)
  const { stream, size } = wrapped ? (value as StreamSource) : { stream: value, size: undefined }
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
  if (wrapped) throw invalidArgValue(where, 'neither a stream of Node nor a web stream to read from')
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

/** Does `work` while the streams move. Its `context` is aborted by what a stream fails with. */
export async function withStreams<P, R>(
  ends: readonly (StreamEnd | undefined)[],
  context: JobContext<P>,
  work: (context: JobContext<P>) => Promise<R>,
): Promise<R> {
  const streams = ends.filter((end) => end !== undefined)
  if (streams.length === 0) return work(context)
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  try {
    for (const stream of streams) stream.start((reason) => failed.abort(reason), signal)
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
