import { Readable, Writable } from 'node:stream'
import { outOfRange, toSize } from '../internal/validate.js'
import type { ImageIo } from './io.js'

/** How a range is read as a stream. Memory is at most `chunkSize` times `concurrency`. */
export interface ReadStreamOptions {
  /** First byte. Default 0. */
  start?: number | bigint
  /** Byte after the last one. Default: the image's end when the stream comes to it. */
  end?: number | bigint
  /** Bytes of a read. Default 1 MiB. */
  chunkSize?: number
  /** Reads in flight. Default 8. */
  concurrency?: number
}

/** How a range is written from a stream. */
export interface WriteStreamOptions {
  /** First byte. Default 0. */
  start?: number | bigint
  /** Writes in flight. Default 8. */
  concurrency?: number
}

const maxConcurrency = 256

/** @internal */
export function openReadStream(image: ImageIo, options: Partial<ReadStreamOptions>): Readable {
  let position = toSize('options.start', options.start ?? 0)
  const end = options.end === undefined ? Number.MAX_SAFE_INTEGER : toSize('options.end', options.end)
  if (end < position) throw outOfRange('options.end', `>= ${position}`, end)
  const chunkSize = toSize('options.chunkSize', options.chunkSize ?? 1024 * 1024, 1, 2 ** 30)
  const concurrency = toSize('options.concurrency', options.concurrency ?? 8, 1, maxConcurrency)
  const ahead: Promise<{ bytesRead: number; buffer: Buffer }>[] = []
  let reading = false
  let ended = false

  async function pump(stream: Readable): Promise<void> {
    if (reading) return
    reading = true
    try {
      for (;;) {
        while (!ended && ahead.length < concurrency && position < end) {
          const length = Math.min(chunkSize, end - position)
          const read = image.read({ length, position })
          read.catch(() => {}) // reported when its turn comes
          ahead.push(read)
          position += length
        }
        const next = ahead.shift()
        if (next === undefined) {
          stream.push(null)
          return
        }
        const { bytesRead, buffer } = await next
        if (stream.destroyed) return
        if (bytesRead < buffer.length) ended = true // the image's end; reads ahead of it bring nothing
        if (bytesRead === 0) continue
        if (!stream.push(bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead))) return
      }
    } catch (error) {
      stream.destroy(error as Error)
    } finally {
      reading = false
    }
  }

  return new Readable({
    highWaterMark: chunkSize,
    read() {
      void pump(this)
    },
    // The buffers are lent: the stream is closed only when librbd has given them back.
    destroy(error, done) {
      void Promise.allSettled(ahead).then(() => done(error))
    },
  })
}

/** @internal */
export function openWriteStream(image: ImageIo, options: Partial<WriteStreamOptions>): Writable {
  let position = toSize('options.start', options.start ?? 0)
  const concurrency = toSize('options.concurrency', options.concurrency ?? 8, 1, maxConcurrency)
  const inFlight = new Set<Promise<unknown>>()
  let failure: Error | undefined
  let waiting: (() => void) | undefined

  return new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      if (failure) {
        done(failure)
        return
      }
      const write = image.write(chunk, { position })
      position += chunk.length
      inFlight.add(write)
      write
        .catch((error: Error) => {
          failure ??= error
        })
        .finally(() => {
          inFlight.delete(write)
          waiting?.()
        })
      if (inFlight.size < concurrency) {
        done()
        return
      }
      waiting = () => {
        waiting = undefined
        done(failure)
      }
    },
    final(done) {
      Promise.allSettled(inFlight)
        .then(() => {
          if (failure) throw failure
          return image.flush()
        })
        .then(() => done(), done)
    },
    destroy(error, done) {
      void Promise.allSettled(inFlight).then(() => done(error))
    },
  })
}
