// The names of a pool's objects, and the keys of one object's omap: by rados, and by loops over rbdkit's listings.
import { copyFileSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Cluster } from 'rbdkit'
import { shell } from '../copy/commands.mjs'
import { compareCopies } from '../copy/compare.mjs'
import { makeWorkspace } from '../copy/workspace.mjs'

const child = fileURLToPath(new URL('../children/listing.mjs', import.meta.url))
/** How many operations make the objects at a time, and how many keys one of them sets. */
const lanes = 128
const keysAtOnce = 2000

const nameOf = (prefix, n) => `${prefix}.${String(n).padStart(9, '0')}`

async function makeObjects(ioctx, count) {
  let next = 0
  const lane = async () => {
    for (let n = next++; n < count; n = next++) await ioctx.writeFull(nameOf('object', n), Buffer.alloc(0))
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

async function makeKeys(ioctx, count) {
  const value = Buffer.from('a value of some bytes')
  for (let n = 0; n < count; n += keysAtOnce) {
    const keys = Array.from({ length: Math.min(keysAtOnce, count - n) }, (_, i) => nameOf('key', n + i))
    await ioctx.omap.set('index', new Map(keys.map((key) => [key, value])))
  }
}

/** Objects are listed in no order. */
const sorted = (file) => readFileSync(file, 'utf8').trim().split('\n').sort().join('\n')

function listingCase({ what, make, peer, most, title, goals }) {
  return {
    name: `listing-${what}`,
    title,
    store: 'bluestore',
    clusters: 1,
    sides: ['rados', 'rbdkit'],
    metrics: ['seconds', 'cpu', 'maxRss'],
    goals,

    async run([target], options) {
      const count = options.quick ? most / 100 : most
      const directory = makeWorkspace()
      const pool = `${target.pool}-listing`
      const cluster = await Cluster.connect({ confFile: target.confFile })
      try {
        await cluster.pools.create(pool)
        const ioctx = await cluster.openIoCtx(pool)
        await make(ioctx, count)
        const out = join(directory, 'out')
        const first = join(directory, 'rados')
        const into = (...command) => shell('out="$1"; shift; "$@" > "$out"', out, ...command)
        const job = {
          commands: {
            rados: into('rados', '-c', target.confFile, '-p', pool, ...peer),
            rbdkit: into(process.execPath, child, target.confFile, pool, what),
          },
          verify(side) {
            if (side === 'rados') copyFileSync(out, first)
            else if (sorted(out) !== sorted(first)) throw new Error('they do not tell the same')
          },
          discard: () => rmSync(out),
        }
        return { image: { amount: `${count} ${what}` }, ...(await compareCopies(this, job, options)) }
      } finally {
        rmSync(directory, { recursive: true })
        await cluster.pools.delete(pool)
        await cluster.close()
      }
    },
  }
}

export const listings = [
  listingCase({
    what: 'objects',
    make: makeObjects,
    peer: ['ls'],
    most: 1_000_000,
    title: 'the names of a million objects',
    goals: [{ metric: 'seconds', against: ['rados'], atLeast: 2 }],
  }),
  listingCase({
    what: 'keys',
    make: makeKeys,
    peer: ['listomapkeys', 'index'],
    most: 1_000_000,
    title: 'the keys of an omap of a million',
    goals: [],
  }),
]
