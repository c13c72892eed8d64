// Memory after the first reads and after all of them: what a read leaves behind shows as growth. Needs --expose-gc.
import { answer, job, openImage } from './image.mjs'

const { blockSize, depth, first, reads } = job

/** Twice: the first collection frees what finalizers held, the second what they let go. */
async function memory() {
  for (let i = 0; i < 2; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { heapUsed, rss, arrayBuffers, external } = process.memoryUsage()
  return { heapUsed, rss, arrayBuffers, external }
}

const { cluster, image } = await openImage()
const blocks = (await image.size()) / blockSize
let begun = 0

/** A new buffer for each read, as most callers have it. */
async function reader(end) {
  while (begun < end) {
    begun++
    await image.read({ length: blockSize, position: Math.floor(Math.random() * blocks) * blockSize })
  }
}
const readUntil = (end) => Promise.all(Array.from({ length: depth }, () => reader(end)))

const atStart = await memory()
await readUntil(first)
const afterFirst = await memory()
await readUntil(reads)
const afterAll = await memory()
await cluster.close()
answer({ atStart, afterFirst, afterAll })
