/** Streams of Node that give or keep bytes. */

import { Readable, Writable } from 'node:stream'

/** Pieces of all sizes. */
function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0, size = 1; at < bytes.length; at += size, size = 1 + ((size * 7) % 300_000)) {
    yield bytes.subarray(at, at + size)
  }
}

/** Gives the bytes in pieces of all sizes. */
export const readable = (bytes: Buffer): Readable => Readable.from(pieces(bytes), { objectMode: false })

/** Keeps what it is given, and takes its time. */
export function collector(): { stream: Writable; bytes: () => Buffer } {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk)
      setImmediate(done)
    },
  })
  return { stream, bytes: () => Buffer.concat(chunks) }
}
