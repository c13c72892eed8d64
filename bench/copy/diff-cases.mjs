// Diffs of an image: written, and applied to an empty one.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { compareCopies } from './compare.mjs'
import { importImage, makeFile, removeFile, removeImage } from './data.mjs'
import { always, faster } from './goals.mjs'
import { bulk } from './metrics.mjs'
import { compareEnds, makeWorkspace } from './workspace.mjs'

const GiB = 2 ** 30

const rbd = (conf, ...args) => execFileSync('rbd', ['-c', conf, ...args], { stdio: 'pipe' })

/** A place that has an image `source` of the file, with a snapshot, and its diff. */
function prepare(conf, pool, directory, file) {
  const source = { conf, pool, image: 'source', snapshot: 'first' }
  importImage(conf, file, `${pool}/source`)
  rbd(conf, 'snap', 'create', '--no-progress', `${pool}/source@first`)
  const diff = join(directory, 'right.diff')
  rbd(conf, 'export-diff', '--no-progress', `${pool}/source@first`, diff)
  return { source, diff }
}

function removeSource(conf, pool) {
  rbd(conf, 'snap', 'purge', '--no-progress', `${pool}/source`)
  removeImage(conf, `${pool}/source`)
}

/** An empty image of the name. */
const makeEmpty = ({ conf, pool, image }, size) =>
  rbd(conf, 'create', '--size', `${size}B`, `${pool}/${image}`)

function removeWithSnapshot({ conf, pool, image }) {
  rbd(conf, 'snap', 'purge', '--no-progress', `${pool}/${image}`)
  removeImage(conf, `${pool}/${image}`)
}

/** Whether a diff makes an empty image that which it is of. */
function verifyDiff(place, file, diff, size) {
  const image = { ...place, image: 'checked' }
  makeEmpty(image, size)
  try {
    rbd(place.conf, 'import-diff', '--no-progress', diff, `${place.pool}/checked`)
    compareEnds({ file }, image)
  } finally {
    removeWithSnapshot(image)
  }
}

function exporting({ source, file, size, directory, pipe }) {
  const to = { file: join(directory, 'written.diff') }
  return {
    ...{ action: pipe ? 'exportDiffPipe' : 'exportDiff', from: source, to },
    pipe: pipe ? { before: '', after: `| cat > ${to.file}; sync ${to.file}` } : undefined,
    verify: (side) =>
      side === 'floor' ? compareEnds({ file }, to) : verifyDiff(source, file, to.file, size),
    discard: () => removeFile(to.file),
  }
}

function importing({ source, diff, file, size, pipe }) {
  const to = { conf: source.conf, pool: source.pool, image: 'copied' }
  return {
    ...{ action: pipe ? 'importDiffPipe' : 'importDiff', from: { file: diff }, data: file, to },
    pipe: pipe ? { before: `cat ${diff} |`, after: '' } : undefined,
    prepare: () => makeEmpty(to, size),
    verify: () => compareEnds({ file }, to),
    discard: () => removeWithSnapshot(to),
  }
}

function diffCase(name, title, { makeJob, pipe = false }) {
  return {
    name: `copy-${name}`,
    title,
    store: 'bluestore',
    clusters: 1,
    sides: ['rbd', 'floor', 'rbdkit'],
    metrics: bulk,
    goals: [...faster(['rbd'], pipe ? 1.5 : 1), ...always],

    async run([{ confFile, pool }], options) {
      const size = options.quick ? GiB / 16 : options.size * GiB
      const directory = makeWorkspace()
      try {
        const file = makeFile(directory, 'dense', size)
        const ends = prepare(confFile, pool, directory, file)
        try {
          const report = join(directory, 'report.json')
          const job = { ...makeJob({ ...ends, file, size, directory, pipe }), bytes: size, report }
          return { image: { size, data: size }, ...(await compareCopies(this, job, options)) }
        } finally {
          removeSource(confFile, pool)
        }
      } finally {
        rmSync(directory, { recursive: true })
      }
    },
  }
}

export const diffs = [
  diffCase('export-diff', 'image to diff, file', { makeJob: exporting }),
  diffCase('export-diff-pipe', 'image to diff, into a pipe', { makeJob: exporting, pipe: true }),
  diffCase('import-diff', 'diff to image, file', { makeJob: importing }),
  diffCase('import-diff-pipe', 'diff to image, from a pipe', { makeJob: importing, pipe: true }),
]
