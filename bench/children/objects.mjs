// Operations on objects, one promise each: `depth` loops, each awaiting its own.
import { Cluster } from 'rbdkit'
import { Histogram } from './histogram.mjs'
import { answer, job } from './image.mjs'
import { watchLoop } from './loop-delay.mjs'

const { pool, operation, blockSize, depth, seconds, objects, operations = Number.POSITIVE_INFINITY } = job
const cluster = await Cluster.connect()
const ioctx = await cluster.openIoCtx(pool)
const latency = new Histogram()
let running = true
const object = () => `object-${Math.floor(Math.random() * objects)}`
const range = { position: 0, length: blockSize }
const operate =
  operation === 'read'
    ? () => ioctx.readObject(object(), range)
    : (bytes) => ioctx.writeObject(object(), bytes, 0)

async function loop() {
  const bytes = Buffer.alloc(blockSize, 'x')
  while (running) {
    const begin = performance.now()
    await operate(bytes)
    latency.add((performance.now() - begin) * 1e6)
    if (latency.count >= operations) running = false
  }
}

const loopDelay = watchLoop()
const start = performance.now()
const timer = setTimeout(() => {
  running = false
}, seconds * 1000)
// V8 compiles what runs often, in the first seconds.
let warmFrom
const warmTimer = setTimeout(() => {
  warmFrom = { operations: latency.count, cpu: process.cpuUsage() }
}, seconds * 500)
await Promise.all(Array.from({ length: Math.min(depth, operations) }, loop))
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
