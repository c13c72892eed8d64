// One promise an operation: `depth` loops, each awaiting its own.
import { randomFillSync } from 'node:crypto'
import { Histogram } from './histogram.mjs'
import { answer, job, openImage } from './image.mjs'
import { watchLoop } from './loop-delay.mjs'

const { operation, pattern, blockSize, depth, seconds, operations = Number.POSITIVE_INFINITY } = job
const { cluster, image } = await openImage()
const blocks = (await image.size()) / blockSize
const latency = new Histogram()
let running = true
let next = 0

const position =
  pattern === 'random'
    ? () => Math.floor(Math.random() * blocks) * blockSize
    : () => (next++ % blocks) * blockSize

async function reader(buffer) {
  while (running) {
    const begin = performance.now()
    await image.read({ buffer, position: position() })
    latency.add((performance.now() - begin) * 1e6)
    if (latency.count >= operations) running = false
  }
}

async function writer(buffer) {
  while (running) {
    const begin = performance.now()
    await image.write(buffer, { position: position() })
    latency.add((performance.now() - begin) * 1e6)
    if (latency.count >= operations) running = false
  }
}

// All of them even for one operation: start-up is measured that way, and it has them.
const buffers = Array.from({ length: depth }, () => randomFillSync(Buffer.alloc(blockSize)))
const loops = buffers.slice(0, operations)
const loopDelay = watchLoop()
const start = performance.now()
const timer = setTimeout(() => {
  running = false
}, seconds * 1000)
// V8 compiles what runs often, and does so in the first seconds: 0.2 to 0.3 s of CPU, once in a process's life.
let warmFrom
const warmTimer = setTimeout(() => {
  warmFrom = { operations: latency.count, cpu: process.cpuUsage() }
}, seconds * 500)
await Promise.all(loops.map(operation === 'read' ? reader : writer))
const elapsed = (performance.now() - start) / 1000
clearTimeout(timer)
clearTimeout(warmTimer)
const { user, system } = process.cpuUsage(warmFrom?.cpu)
const warm = warmFrom && {
  operations: latency.count - warmFrom.operations,
  cpuSeconds: (user + system) / 1e6,
}
const delay = loopDelay()
await cluster.close()
answer({ operations: latency.count, seconds: elapsed, latency: latency.summary(), loopDelay: delay, warm })
