import { Readable, Writable } from 'node:stream'
import { type Known, outOfRange, toBoolean, toOptions, toSize } from '../internal/validate.js'
import type { ImageIo } from './io.js'

/**
 * How a range is read as a stream. Memory is at most `chunkSize` times `concurrency`.
 *
 * @since 0.1.0
 */
export interface ReadStreamOptions {
  /** First byte. Default 0. */
  start?: number | bigint
  /** Last byte, included, as `fs.createReadStream` has it. Default: the image's end when the stream comes to it. */
  end?: number | bigint
  /** Bytes of a read. Default 1 MiB. */
  chunkSize?: number
  /** Reads in flight. Default 8. */
  concurrency?: number
  /** Closes the image when the stream ends, fails or is destroyed. Default false. */
  autoClose?: boolean
}

/**
 * How a range is written from a stream.
 *
 * @since 0.1.0
 */
export interface WriteStreamOptions {
  /** First byte. Default 0. */
  start?: number | bigint
  /** Bytes that wait or are being written until `write()` answers false. Default 4 MiB. */
  highWaterMark?: number
  /** Writes in flight. Default 8. */
  concurrency?: number
  /** Closes the image when the stream ends, fails or is destroyed. Default false. */
  autoClose?: boolean
}

const writeStreamOptions: Known<WriteStreamOptions> = {
  start: true,
  highWaterMark: true,
  concurrency: true,
  autoClose: true,
}
const readStreamOptions: Known<ReadStreamOptions> = {
  start: true,
  end: true,
  chunkSize: ['highWaterMark'],
  concurrency: true,
  autoClose: true,
}

const maxConcurrency = 256

type Done = (error?: Error | null) => void

/** Ends a stream's destruction: with `autoClose` when the image is closed, too. */
function finish(image: ImageIo, autoClose: boolean, error: Error | null, done: Done): void {
  if (!autoClose) done(error)
  else
    image.close().then(
      () => done(error),
      (closing) => done(error ?? closing),
    )
}

/** @internal */
export function openReadStream(image: ImageIo, given: ReadStreamOptions | undefined): Readable {
  const options = toOptions('options', given, readStreamOptions)
  let position = toSize('options.start', options.start ?? 0)
  const last = options.end === undefined ? Number.MAX_SAFE_INTEGER - 1 : toSize('options.end', options.end)
  if (last < position) throw outOfRange('options.end', `>= ${position}`, last)
  const end = last + 1
  const chunkSize = toSize('options.chunkSize', options.chunkSize ?? 1024 * 1024, 1, 2 ** 30)
  const concurrency = toSize('options.concurrency', options.concurrency ?? 8, 1, maxConcurrency)
  const autoClose = toBoolean('options.autoClose', options.autoClose, false)
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
        const next = ahead[0]
        if (next === undefined) {
          stream.push(null)
          return
        }
        const { bytesRead, buffer } = await next
        if (stream.destroyed) return
        ahead.shift()
        if (ended) continue // it was read ahead, past an end that another client may have moved since
        if (bytesRead < buffer.length) ended = true // the image's end
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
      void Promise.allSettled(ahead).then(() => finish(image, autoClose, error, done))
    },
  })
}

/** One write: chunks that follow each other in the image. */
interface Batch {
  chunks: Buffer[]
  position: number
}

/** Small chunks go to librbd together, as far as one write stays below this and the number of buffers it takes. */
const batchBytes = 1024 * 1024
const batchChunks = 1024

function toBatches(chunks: readonly Buffer[], start: number): Batch[] {
  const batches: Batch[] = []
  let position = start
  let bytes = 0
  for (const chunk of chunks) {
    const current = batches.at(-1)
    if (current && bytes + chunk.length <= batchBytes && current.chunks.length < batchChunks) {
      current.chunks.push(chunk)
      bytes += chunk.length
    } else {
      batches.push({ chunks: [chunk], position })
      bytes = chunk.length
    }
    position += chunk.length
  }
  return batches
}

/** @internal */
export function openWriteStream(image: ImageIo, given: WriteStreamOptions | undefined): Writable {
  const options = toOptions('options', given, writeStreamOptions)
  let position = toSize('options.start', options.start ?? 0)
  const highWaterMark = toSize('options.highWaterMark', options.highWaterMark ?? 4 * 1024 * 1024, 1, 2 ** 30)
  const concurrency = toSize('options.concurrency', options.concurrency ?? 8, 1, maxConcurrency)
  const autoClose = toBoolean('options.autoClose', options.autoClose, false)

  // All that waited while the last writes ran is written at once, several writes in flight. A chunk is its owner's
  // again, and an error is reported, only when librbd has given it back: no write outlives its callback.
  async function write(chunks: readonly Buffer[]): Promise<void> {
    const batches = toBatches(chunks, position)
    position += chunks.reduce((bytes, chunk) => bytes + chunk.length, 0)
    let next = 0
    let failure: { error: unknown } | undefined
    const worker = async (): Promise<void> => {
      while (failure === undefined) {
        const batch = batches[next++]
        if (batch === undefined) return
        try {
          await image.writev(batch.chunks, batch.position)
        } catch (error) {
          failure ??= { error }
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, batches.length) }, worker))
    if (failure !== undefined) throw (failure as { error: unknown }).error
  }

  let busy: Promise<void> = Promise.resolve()
  function start(chunks: readonly Buffer[], done: (error?: Error) => void): void {
    busy = write(chunks).then(() => done(), done)
  }

  return new Writable({
    highWaterMark,
    write(chunk: Buffer, _encoding, done) {
      start([chunk], done)
    },
    writev(entries, done) {
      start(
        entries.map(({ chunk }) => chunk as Buffer),
        done,
      )
    },
    final(done) {
      image.flush().then(() => done(), done)
    },
    destroy(error, done) {
      void busy.then(() => finish(image, autoClose, error, done))
    },
  })
}
