// The native load generator: JavaScript starts it and takes its result.
import { bench } from 'rbdkit'
import { answer, job, openImage } from './image.mjs'
import { watchLoop } from './loop-delay.mjs'

const { operation, pattern, blockSize, depth, seconds, operations } = job
const { cluster, image } = await openImage()
const loopDelay = watchLoop()
const result = await bench(image, {
  operation,
  pattern,
  blockSize,
  depth,
  runtime: seconds,
  ...(operations !== undefined && { bytes: operations * blockSize }),
  allowUnallocated: true,
  destructive: operation === 'write',
})
const delay = loopDelay()
await cluster.close()
const { total_ios, iops, lat_ns } = result.jobs[0][operation]
const [p50, p99, p999] = ['50.000000', '99.000000', '99.900000'].map((key) => lat_ns.percentile[key])
const { min, mean, max } = lat_ns
answer({
  operations: total_ios,
  seconds: total_ios / iops,
  latency: { min, mean, p50, p99, p999, max },
  loopDelay: delay,
})
