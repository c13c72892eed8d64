// A pool of a thousand images, listed: by rbd, which opens each, and by rbdkit's inventory.
import { copyFileSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Cluster, Image } from 'rbdkit'
import { shell } from '../copy/commands.mjs'
import { compareCopies } from '../copy/compare.mjs'
import { makeWorkspace } from '../copy/workspace.mjs'

const MiB = 2 ** 20
const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Of ten images one is a clone, and three have two snapshots; each has data in some objects. */
async function makeImages({ confFile, pool }, count) {
  const cluster = await Cluster.connect({ confFile })
  await cluster.pools.create(`${pool}-many`)
  const ioctx = await cluster.openIoCtx(`${pool}-many`)
  const options = { size: 1024 * MiB }
  const write = (image, at) => image.write(Buffer.alloc(65_536, 1), { position: at * 4 * MiB })
  await Image.create(ioctx, 'golden', options)
  const golden = await Image.open(ioctx, 'golden')
  await write(golden, 0)
  await golden.snapshots.create('base')
  await golden.snapshots.protect('base')
  let next = 1
  const lane = async () => {
    for (let n = next++; n < count; n = next++) {
      const name = `image-${String(n).padStart(6, '0')}`
      if (n % 10 === 0) await Image.clone(ioctx, { image: 'golden', snapshot: 'base' }, ioctx, name)
      else await Image.create(ioctx, name, options)
      const image = await Image.open(ioctx, name)
      await write(image, n % 256)
      for (const snapshot of n % 10 > 0 && n % 10 < 4 ? ['first', 'second'] : []) {
        await image.snapshots.create(snapshot)
        await write(image, (n + snapshot.length) % 256)
      }
      await image.close()
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  await cluster.close()
  return `${pool}-many`
}

async function removePool({ confFile }, pool) {
  const cluster = await Cluster.connect({ confFile })
  await cluster.pools.delete(pool)
  await cluster.close()
}

/** What both tell: names, sizes and, of `du`, what is used. A file has one document, or one a line. */
function figures(file) {
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split(/\n(?=[[{])/)
    .map((text) => JSON.parse(text))
    .flatMap((told) => told.images ?? told)
  return JSON.stringify(
    rows
      .map((row) => [row.image ?? row.name, row.snapshot, row.size ?? row.provisioned_size, row.used_size])
      .sort(),
  )
}

const into =
  (...command) =>
  (out) =>
    shell('out="$1"; shift; "$@" > "$out"', out, ...command)

/**
 * `rbd du` (16.2.15) was seen to end by an exception of its own, so it is asked for one image after the other, as a script
 * would.
 */
const duOfEach = (pool, conf) => (out) =>
  shell(
    'rbd ls -p "$2" -c "$3" | while read -r image; do rbd du -p "$2" -c "$3" --format json "$image"; echo; done > "$1"',
    out,
    pool,
    conf,
  )

function inventoryCase(name, words, images, title) {
  return {
    name: `inventory-${name}`,
    title,
    store: 'bluestore',
    clusters: 1,
    sides: ['rbd', 'rbdkit'],
    metrics: ['seconds', 'cpu', 'maxRss'],
    goals: [
      { metric: 'seconds', against: ['rbd'], atLeast: 8 },
      { metric: 'cpu', against: ['rbd'], atMost: 0.25 },
    ],

    async run([target], options) {
      const count = options.quick ? 50 : images
      const directory = makeWorkspace()
      const pool = await makeImages(target, count)
      try {
        const out = join(directory, 'out.json')
        const first = join(directory, 'rbd.json')
        const where = ['-p', pool, '-c', target.confFile, '--format', 'json']
        const job = {
          commands: {
            rbd: (words[0] === 'du' ? duOfEach(pool, target.confFile) : into('rbd', ...words, ...where))(out),
            rbdkit: into(process.execPath, program, ...words, ...where)(out),
          },
          verify(side) {
            if (side === 'rbd') copyFileSync(out, first)
            else if (figures(out) !== figures(first)) throw new Error('they do not tell the same')
          },
          discard: () => rmSync(out),
        }
        return { image: { images: count }, ...(await compareCopies(this, job, options)) }
      } finally {
        rmSync(directory, { recursive: true })
        await removePool(target, pool)
      }
    },
  }
}

export const inventories = [
  inventoryCase(
    'ls',
    ['ls', '-l'],
    1000,
    'a thousand images listed with sizes, snapshots, parents and locks',
  ),
  inventoryCase('du', ['du'], 200, 'what two hundred images and their snapshots take'),
]
