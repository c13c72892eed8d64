// rbdkit's side of a copy, in a process of its own: what the copy took, beside what the process took. Says it in the
// file `report` of the job, for standard output may be a pipe of the copy's.
import { writeFileSync } from 'node:fs'
import { Cluster, compare, copy, exportDiff, importDiff, mergeDiffs } from 'rbdkit'
import { job } from './image.mjs'
import { watchLoop } from './loop-delay.mjs'

const clusters = new Map()

/** As the command connects: diffs are applied to an image that the copy may not tell anything (decision 0011). */
const options = { rbd_cache: false, rbd_disable_zero_copy_writes: false }

async function connect(confFile) {
  if (!clusters.has(confFile)) {
    const more = job.action.startsWith('importDiff') ? { options } : {}
    clusters.set(confFile, await Cluster.connect({ confFile, ...more }))
  }
  return clusters.get(confFile)
}

/** `{ file }`, or `{ conf, pool, image }` with the ioctx that copy() wants. */
async function open({ conf, pool, ...end }) {
  if (end.file !== undefined) return end
  return { ...end, ioctx: await (await connect(conf)).openIoCtx(pool) }
}

const stdin = { fd: 0 }
const stdout = { fd: 1 }

/** From the ends to what is measured: everything before is the user's. */
const actions = {
  copy: (from, to, options) => () => copy(from, to, options),
  deepCopy: (from, to) => () => copy(from, to, { deep: true }),
  copyPipe: (_, to) => () => copy(stdin, to),
  compare: (from, to) => () => compare(from, to),
  exportDiff: (from, to) => () => exportDiff(from, to),
  exportDiffPipe: (from) => () => exportDiff(from, stdout),
  importDiff: (from, to) => () => importDiff(from, to),
  importDiffPipe: (_, to) => () => importDiff(stdin, to),
  mergeDiffs:
    ([first, second], to) =>
    () =>
      mergeDiffs([{ file: first }, { file: second }], to),
  mergePipes:
    ([, second]) =>
    () =>
      mergeDiffs([stdin, { file: second }], stdout),
}

const prepare = async ({ action, from, to, diffs, options }) =>
  actions[action](diffs ?? (await open(from)), await open(to), options)

const cpuSeconds = () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  return (userCPUTime + systemCPUTime) / 1e6
}

const act = await prepare(job)
const idleRss = process.memoryUsage.rss()
const cpuBefore = cpuSeconds()
const loopDelay = watchLoop()
const begin = performance.now()
const result = await act()
const copySeconds = (performance.now() - begin) / 1000
const delay = loopDelay()
const copyCpuSeconds = cpuSeconds() - cpuBefore
if (result.equal === false) throw new Error('they differ')
for (const cluster of clusters.values()) await cluster.close()
const grownRss = process.resourceUsage().maxRSS * 1024 - idleRss
writeFileSync(job.report, JSON.stringify({ copySeconds, copyCpuSeconds, grownRss, loopDelay: delay }))
