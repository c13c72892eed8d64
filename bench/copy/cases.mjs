// Copies, each beside the tools that do the same.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { compareCopies } from './compare.mjs'
import { dataBytes, diskBytes, importImage, makeFile, makeQcow2, removeFile, removeImage } from './data.mjs'
import { always, cheaper, faster } from './goals.mjs'
import { bulk, little } from './metrics.mjs'
import { compareEnds, makeWorkspace } from './workspace.mjs'

const GiB = 2 ** 30
const all = ['rbd', 'qemu-img', 'floor', 'rbdkit']
const peers = ['rbd', 'qemu-img']
const cpuGiB = ['copyCpuGiB', 'cpuGiB']

/** Removes what a copy made. */
function discard({ file, conf, pool, image }) {
  if (file !== undefined) removeFile(file)
  else removeImage(conf, `${pool}/${image}`)
}

const ends = {
  file: (directory) => ({ file: join(directory, 'copied.raw') }),
  image: (_, { confFile: conf, pool }) => ({ conf, pool, image: 'copied' }),
  other: (_, __, { confFile: conf, pool }) => ({ conf, pool, image: 'copied' }),
}

/**
 * `from` is `file`, `qcow2` (with `compression`) or `image`; `to` is `file` or `image` as well, or `other`, an image of a second cluster, or `same`, the file that the
 * image was made of.
 */
function copyCase(name, title, { action = 'copy', kind, from, compression, to, ...more }) {
  return {
    name: `copy-${name}`,
    title,
    store: 'bluestore',
    clusters: to === 'other' ? 2 : 1,
    sides: all,
    metrics: kind === 'sparse' ? little : bulk,
    ...more,
    goals: [...more.goals, ...always],

    async run([target, second], options) {
      const dense = options.quick ? GiB / 16 : options.size * GiB
      const directory = makeWorkspace()
      const { confFile: conf, pool } = target
      let image
      try {
        const file = makeFile(directory, kind, dense)
        if (from === 'image') {
          image = `${pool}/${kind}`
          importImage(conf, file, image)
        }
        const sources = {
          file: () => ({ file }),
          qcow2: () => ({ file: makeQcow2(file, compression), format: 'qcow2' }),
          image: () => ({ conf, pool, image: kind }),
        }
        const source = sources[from]()
        const destination = to === 'same' ? { file } : ends[to](directory, target, second)
        const bytes = dataBytes(kind, dense)
        const job = {
          ...{ action, from: source, to: destination, bytes, report: join(directory, 'report.json') },
          ...(from === 'qcow2' ? { data: file } : {}),
          verify: () => compareEnds({ file }, destination),
          discard: () => to !== 'same' && discard(destination),
        }
        const description = { size: diskBytes(kind, dense), data: bytes }
        return { image: description, ...(await compareCopies(this, job, options)) }
      } finally {
        rmSync(directory, { recursive: true })
        if (image !== undefined) removeImage(conf, image)
      }
    },
  }
}

const sparse = '20 GiB with 64 MiB of data'
const mixed = 'every other 4 KiB zero'

export const copies = [
  copyCase('import-dense', 'file to image, dense', {
    kind: 'dense',
    from: 'file',
    to: 'image',
    goals: [
      ...faster(peers, 1.1, { either: 'speed or CPU' }),
      ...cheaper(peers, 0.85, cpuGiB, { either: 'speed or CPU' }),
    ],
  }),
  copyCase('import-sparse', `file to image, ${sparse}`, {
    kind: 'sparse',
    from: 'file',
    to: 'image',
    goals: [...faster(['rbd'], 10), ...faster(['qemu-img'], 0.83)],
  }),
  copyCase('import-mixed', `file to image, ${mixed}`, {
    kind: 'mixed',
    from: 'file',
    to: 'image',
    goals: faster(peers, 1.5),
  }),
  copyCase('export-dense', 'image to file, dense', {
    kind: 'dense',
    from: 'image',
    to: 'file',
    goals: [...faster(['rbd'], 2), ...faster(['qemu-img'], 1)],
  }),
  copyCase('export-sparse', `image to file, ${sparse}`, {
    kind: 'sparse',
    from: 'image',
    to: 'file',
    goals: [...faster(['rbd'], 10), ...faster(['qemu-img'], 0.83)],
  }),
  copyCase('cp-dense', 'image to image, dense', {
    kind: 'dense',
    from: 'image',
    to: 'image',
    goals: [...faster(['rbd'], 1.1), ...cheaper(['rbd'], 1, cpuGiB)],
  }),
  copyCase('cp-sparse', `image to image, ${sparse}`, {
    kind: 'sparse',
    from: 'image',
    to: 'image',
    goals: faster(['rbd'], 1.5),
  }),
  copyCase('clusters-dense', 'image to image of another cluster, dense', {
    kind: 'dense',
    from: 'image',
    to: 'other',
    sides: ['rbd', 'floor', 'rbdkit'],
    goals: faster(['rbd'], 1.3),
  }),
  ...[undefined, 'zlib', 'zstd'].map((compression) =>
    copyCase(`qcow2-${compression ?? 'none'}`, `qcow2 to image, ${compression ?? 'not compressed'}`, {
      kind: 'halved',
      from: 'qcow2',
      compression,
      to: 'image',
      // It knows nothing of compression.
      sides: ['qemu-img', ...(compression === undefined ? ['floor'] : []), 'rbdkit'],
      goals: faster(['qemu-img'], 1.3),
    }),
  ),
  copyCase('compare-dense', 'image beside file, dense, equal', {
    action: 'compare',
    kind: 'dense',
    from: 'image',
    to: 'same',
    sides: ['rbd', 'qemu-img', 'rbdkit'],
    goals: faster(peers, 1),
  }),
]
