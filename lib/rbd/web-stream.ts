import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import {
  type ReadableByteStreamController,
  ReadableStream,
  type ReadableStreamDefaultController,
  WritableStream,
} from 'node:stream/web'

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
export function toWebReadable(stream: Readable, type?: 'bytes'): ReadableStream<Buffer> {
  const chunks = stream[Symbol.asyncIterator]()
  stream.on('error', () => {}) // next() rejects with it
  const strategy = { highWaterMark: 0 } // the Node stream reads ahead already
  const cancel = () => closed(stream)
  if (type === undefined) {
    const pull = async (controller: ReadableStreamDefaultController<Buffer>): Promise<void> => {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    }
    return new ReadableStream<Buffer>({ pull, cancel }, strategy)
  }
  const pull = async (controller: ReadableByteStreamController): Promise<void> => {
    const { done, value } = await chunks.next()
    if (!done) return controller.enqueue(value)
    controller.close()
    controller.byobRequest?.respond(0) // else the reader whose memory it is waits for ever
  }
  return new ReadableStream({ type, pull, cancel }, strategy) as ReadableStream<Buffer>
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
