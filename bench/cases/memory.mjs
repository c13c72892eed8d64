// A million reads leave the heap and the process where they were after the first hundred thousand.
import { fileURLToPath } from 'node:url'
import { peers } from '../peers/index.mjs'
import { timed } from '../process.mjs'

const program = fileURLToPath(new URL('../children/memory.mjs', import.meta.url))
const MiB = 2 ** 20

export const memory = {
  name: 'memory',
  title: '1 000 000 reads of 4 KiB through promises, a new buffer each, depth 32: memory',
  store: 'memstore',
  image: 'unallocated',
  first: 100_000,
  reads: 1_000_000,
  quick: { first: 10_000, reads: 100_000 },

  async run(target, { quick }) {
    const { first, reads } = quick ? this.quick : this
    const job = { pool: target.pool, image: target.image, blockSize: 4096, depth: 32, first, reads }
    // V8's young generation grows by itself with what a program allocates, whoever allocates it: kept small, so that
    // what is left to see is ours.
    const flags = ['--expose-gc', '--max-semi-space-size=1']
    const { stdout } = await timed([process.execPath, ...flags, program, JSON.stringify(job)], {
      env: { CEPH_CONF: target.confFile },
      limitSeconds: 600,
    })
    const points = JSON.parse(stdout.trim().split('\n').at(-1))
    console.log(
      `  heap ${(points.afterFirst.heapUsed / MiB).toFixed(1)} MiB after ${first} reads, ${(points.afterAll.heapUsed / MiB).toFixed(1)} MiB after ${reads}`,
    )
    const { name, label } = peers.get('rbdkit-promises')
    return { kind: 'memory', side: name, label, first, reads, points }
  },
}
