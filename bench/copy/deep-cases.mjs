// Images with their snapshots: what a deep copy takes where there is much to look at and little to move.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { compareCopies } from './compare.mjs'
import { always, faster } from './goals.mjs'
import { little } from './metrics.mjs'
import { makeWorkspace } from './workspace.mjs'

const MiB = 2 ** 20
const GiB = 2 ** 30

function rbd({ conf }, ...args) {
  return execFileSync('rbd', ['-c', conf, ...args], { encoding: 'utf8', stdio: 'pipe' })
}

const specOf = ({ pool, image }) => `${pool}/${image}`

/** Random writes of 64 KiB, `bytes` of them. */
function write(image, bytes) {
  const pattern = [
    '--io-type',
    'write',
    '--io-pattern',
    'rand',
    '--io-size',
    '64K',
    '--io-total',
    String(bytes),
  ]
  execFileSync('rbd', ['-c', image.conf, 'bench', ...pattern, specOf(image)], { stdio: 'pipe' })
}

function snapshotsOf(image) {
  const list = rbd(image, 'snap', 'ls', '--format', 'json', specOf(image))
  return JSON.parse(list).map(({ name, size }) => ({ name, size }))
}

/** Of all bytes, at a snapshot if one is given. */
function digestOf(image, snapshot) {
  const spec = snapshot === undefined ? specOf(image) : `${specOf(image)}@${snapshot}`
  const script = 'rbd -c "$1" export --no-progress "$2" - | sha256sum'
  return execFileSync('bash', ['-o', 'pipefail', '-ec', script, 'bash', image.conf, spec], { stdio: 'pipe' })
}

/** `digests`: the source's, by snapshot, as far as they are known. */
function verifySnapshots(from, to, compared, digests) {
  const wanted = snapshotsOf(from)
  if (JSON.stringify(snapshotsOf(to)) !== JSON.stringify(wanted)) throw new Error('the snapshots differ')
  if (!compared) return
  // Some of them: each is a reading of all.
  const some = [wanted.at(0)?.name, wanted.at(wanted.length / 2)?.name, undefined]
  for (const name of some) {
    // The source stays as it is, so it is read once.
    if (!digests.has(name)) digests.set(name, digestOf(from, name))
    if (!digests.get(name).equals(digestOf(to, name))) throw new Error(`${name ?? 'the head'} differs`)
  }
}

function remove(image) {
  rbd(image, 'snap', 'purge', specOf(image))
  rbd(image, 'rm', specOf(image))
}

function deepCase(name, title, { size, snapshots, first, each, goals }) {
  return {
    name: `copy-deep-${name}`,
    title,
    store: 'bluestore',
    clusters: 1,
    sides: ['rbd', 'rbdkit'],
    metrics: little,
    goals: [...goals, ...always],

    async run([{ confFile: conf, pool }], options) {
      const directory = makeWorkspace()
      const from = { conf, pool, image: 'source' }
      const to = { conf, pool, image: 'copied' }
      const part = options.quick ? 1 / 16 : 1
      rbd(from, 'create', '--size', `${size}B`, specOf(from))
      try {
        if (first > 0) write(from, first * part)
        for (let i = 0; i < snapshots; i++) {
          if (i > 0 && each > 0) write(from, each * part)
          rbd(from, 'snap', 'create', `${specOf(from)}@s${i}`)
        }
        const digests = new Map()
        const data = (first + each * (snapshots - 1)) * part
        const job = {
          ...{ action: 'deepCopy', from, to, bytes: data, report: join(directory, 'report.json') },
          verify: () => verifySnapshots(from, to, data > 0, digests),
          discard: () => remove(to),
        }
        return { image: { size, data }, ...(await compareCopies(this, job, options)) }
      } finally {
        remove(from)
        rmSync(directory, { recursive: true })
      }
    },
  }
}

export const deepCopies = [
  deepCase('sparse', 'image with a snapshot, deep, 2 TiB without data', {
    ...{ size: 2048 * GiB, snapshots: 1, first: 0, each: 0 },
    goals: faster(['rbd'], 1),
  }),
  deepCase('snapshots', 'image with ten snapshots, deep, 8 GiB with 64 MiB changed in each', {
    ...{ size: 8 * GiB, snapshots: 10, first: GiB, each: 64 * MiB },
    goals: faster(['rbd'], 1.5),
  }),
]
