// rbdkit's copy() in a process of its own: what the copy took, beside what the process took.
import { Cluster, copy } from 'rbdkit'
import { answer, job } from './image.mjs'
import { watchLoop } from './loop-delay.mjs'

const clusters = new Map()

async function connect(confFile) {
  if (!clusters.has(confFile)) clusters.set(confFile, await Cluster.connect({ confFile }))
  return clusters.get(confFile)
}

/** `{ file }`, or `{ conf, pool, image }` with the ioctx that copy() wants. */
async function open({ conf, pool, ...end }) {
  if (end.file !== undefined) return end
  return { ...end, ioctx: await (await connect(conf)).openIoCtx(pool) }
}

const cpuSeconds = () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  return (userCPUTime + systemCPUTime) / 1e6
}

const source = await open(job.from)
const destination = await open(job.to)
const idleRss = process.memoryUsage.rss()
const cpuBefore = cpuSeconds()
const loopDelay = watchLoop()
const result = await copy(source, destination)
const delay = loopDelay()
const copyCpuSeconds = cpuSeconds() - cpuBefore
for (const cluster of clusters.values()) await cluster.close()
answer({
  copySeconds: result.seconds,
  copyCpuSeconds,
  grownRss: process.resourceUsage().maxRSS * 1024 - idleRss,
  loopDelay: delay,
})
