import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ReadableStream, WritableStream } from 'node:stream/web'

// Readable.toWeb() and Writable.toWeb() do not wait for destroy() when they are cancelled or aborted, and Node 20's
// Writable.toWeb() counts the stream's high water mark, which is bytes, in chunks: it queues millions of them.

/** Destroys it and waits until it has given all buffers back. */
async function closed(stream: Readable | Writable): Promise<void> {
  if (stream.closed) return
  await new Promise<void>((resolve) => {
    stream.once('close', resolve)
    stream.destroy()
  })
}

/** @internal */
export function toWebReadable(stream: Readable): ReadableStream<Buffer> {
  const chunks = stream[Symbol.asyncIterator]()
  stream.on('error', () => {}) // next() rejects with it
  return new ReadableStream<Buffer>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: () => closed(stream),
    },
    { highWaterMark: 0 }, // the Node stream reads ahead already
  )
}

/** @internal */
export function toWebWritable(stream: Writable): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>(
    {
      start(controller) {
        stream.on('error', (error) => controller.error(error))
        // Else abort() would first wait for the drain that a cluster which does not answer never brings.
        const { signal } = controller as unknown as { signal: AbortSignal } // @types/node does not know it
        signal.addEventListener('abort', () => stream.destroy(), { once: true })
      },
      async write(chunk) {
        try {
          if (stream.write(chunk)) return
        } catch (error) {
          await closed(stream)
          throw error
        }
        await new Promise<void>((resolve) => {
          const go = (): void => {
            stream.off('drain', go).off('close', go)
            resolve()
          }
          stream.on('drain', go).on('close', go)
        })
      },
      async close() {
        stream.end()
        await finished(stream)
      },
      abort: () => closed(stream),
    },
    { highWaterMark: 1 }, // in chunks: the Node stream's own mark counts the bytes
  )
}
