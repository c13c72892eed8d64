#!/usr/bin/env node
// What one promise per 4 KiB random read costs, beside fio's rbd engine on the same image.
//
//   node bench/random-read.mjs [--pairs 5] [--seconds 5] [--depth 32]
//
// The image is unallocated, its object map is loaded and the cache is off, so librbd answers without the network:
// what is measured is the way in and out of librbd. Both sides hold the exclusive lock, without which librbd does not
// load the object map; fio takes it only with rbd_clone_copy_on_read. CPU is the whole process's on both sides,
// start-up included. The runs alternate (ABBA); ratios are pair by pair, their median is what counts. fio's own
// runs against each other are the noise floor.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Cluster, Image, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    depth: { type: 'string', default: '32' },
    child: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const depth = Number(values.depth)
const blockSize = 4096
const pool = 'bench'
const imageName = 'unallocated'

/** The side under test: runs in a process of its own. */
async function child() {
  const cluster = await Cluster.connect({ options: { rbd_cache: false } })
  const ioctx = await cluster.openIoCtx(pool)
  const image = await Image.open(ioctx, imageName)
  await image.acquireLock('exclusive')
  const blocks = (await image.size()) / blockSize
  let reads = 0
  let running = true
  const reader = async () => {
    const buffer = Buffer.alloc(blockSize)
    while (running) {
      await image.read({ buffer, position: Math.floor(Math.random() * blocks) * blockSize })
      reads++
    }
  }
  const start = performance.now()
  setTimeout(() => {
    running = false
  }, seconds * 1000)
  await Promise.all(Array.from({ length: depth }, reader))
  const elapsed = (performance.now() - start) / 1000
  await cluster.close()
  process.stdout.write(JSON.stringify({ reads, iops: reads / elapsed }))
}

/** Runs a command, both cores allowed; the shell's `time` gives the whole process's CPU seconds. */
function timed(command, env) {
  const run = spawnSync(
    'bash',
    ['-c', `TIMEFORMAT='cpu %U %S'; time taskset -c 0,1 "$@"`, 'bash', ...command],
    {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  )
  const cpu = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(run.stderr)
  if (run.status !== 0 || cpu === null) throw new Error(`${command[0]} failed: ${run.stderr}${run.stdout}`)
  return { output: run.stdout, cpuSeconds: Number(cpu[1]) + Number(cpu[2]) }
}

function runFio(conf) {
  const { output, cpuSeconds } = timed(
    ['fio', '--name=read', '--ioengine=rbd', '--clientname=admin', `--pool=${pool}`, `--rbdname=${imageName}`]
      .concat([
        '--rw=randread',
        `--bs=${blockSize}`,
        `--iodepth=${depth}`,
        '--time_based',
        `--runtime=${seconds}`,
      ])
      .concat(['--output-format=json']),
    { CEPH_CONF: conf, CEPH_ARGS: '--rbd_clone_copy_on_read=true --rbd_cache=false' },
  )
  const { read } = JSON.parse(output.slice(output.indexOf('{'))).jobs[0]
  return { iops: read.iops, cpu: (cpuSeconds / read.total_ios) * 1e6 }
}

function runRbdkit(conf) {
  const self = fileURLToPath(import.meta.url)
  const { output, cpuSeconds } = timed(
    [process.execPath, self, '--child', '--seconds', String(seconds), '--depth', String(depth)],
    { CEPH_CONF: conf },
  )
  const { reads, iops } = JSON.parse(output)
  return { iops, cpu: (cpuSeconds / reads) * 1e6 }
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

const range = (list, digits) =>
  `${median(list).toFixed(digits)} (${Math.min(...list).toFixed(digits)} to ${Math.max(...list).toFixed(digits)})`

async function main() {
  const local = await LocalCluster.start({ objectstore: 'memstore' })
  try {
    const cluster = await Cluster.connect({ confFile: local.confFile })
    await cluster.pools.create(pool)
    const ioctx = await cluster.openIoCtx(pool)
    await poolInit(ioctx)
    await Image.create(ioctx, imageName, { size: 2 ** 30 })
    await cluster.close()
    const sides = { fio: [], rbdkit: [] }
    const pairs = Number(values.pairs)
    for (let i = 0; i < pairs; i++) {
      const order = i % 2 === 0 ? ['fio', 'rbdkit'] : ['rbdkit', 'fio']
      for (const side of order) {
        const result = side === 'fio' ? runFio(local.confFile) : runRbdkit(local.confFile)
        sides[side].push(result)
        console.log(
          `${side.padEnd(7)}${Math.round(result.iops).toString().padStart(9)} IOPS ${result.cpu.toFixed(2).padStart(7)} us CPU a read`,
        )
      }
    }
    const ratio = (key) => sides.rbdkit.map((run, i) => run[key] / sides.fio[i][key])
    const noise = (key) => sides.fio.slice(1).map((run, i) => run[key] / sides.fio[i][key])
    console.log(
      `\n4 KiB random reads of an unallocated image, depth ${depth}, ${pairs} pairs of ${seconds} s, median (range)`,
    )
    console.log(`rbdkit / fio: IOPS ${range(ratio('iops'), 2)}, CPU a read ${range(ratio('cpu'), 2)}`)
    if (pairs > 1)
      console.log(`fio / fio:    IOPS ${range(noise('iops'), 2)}, CPU a read ${range(noise('cpu'), 2)}`)
  } finally {
    await local.close()
  }
}

await (values.child ? child() : main())
