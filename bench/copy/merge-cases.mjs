// Diffs without a cluster: two that follow each other become one.
import { execFileSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { compareCopies } from './compare.mjs'
import { importImage, makeFile, removeFile } from './data.mjs'
import { always, faster } from './goals.mjs'
import { bulk } from './metrics.mjs'
import { makeWorkspace } from './workspace.mjs'

const GiB = 2 ** 30
const image = 'bench/changing'

/** Diffs of an image: all of it at its first snapshot, and what random writes changed up to the second. */
function makeDiffs(conf, directory, dense) {
  const rbd = (...args) => execFileSync('rbd', ['-c', conf, ...args], { stdio: 'pipe' })
  const diffs = ['first', 'second'].map((name) => join(directory, `${name}.diff`))
  const file = makeFile(directory, 'dense', dense)
  importImage(conf, file, image)
  removeFile(file)
  try {
    rbd('snap', 'create', '--no-progress', `${image}@first`)
    rbd('export-diff', '--no-progress', `${image}@first`, diffs[0])
    const writes = ['--io-type', 'write', '--io-pattern', 'rand', '--io-size', '64K']
    rbd('bench', image, ...writes, '--io-total', String(dense / 4))
    rbd('snap', 'create', '--no-progress', `${image}@second`)
    rbd('export-diff', '--no-progress', '--from-snap', 'first', `${image}@second`, diffs[1])
  } finally {
    rbd('snap', 'purge', '--no-progress', image)
    rbd('rm', '--no-progress', image)
  }
  return diffs
}

function mergeCase(name, title, { action, atLeast, pipe }) {
  return {
    name: `copy-${name}`,
    title,
    store: 'bluestore',
    clusters: 1,
    sides: ['rbd', 'rbdkit'],
    metrics: bulk,
    goals: [...faster(['rbd'], atLeast), ...always],

    async run([{ confFile }], options) {
      const dense = (options.quick ? GiB / 16 : options.size * GiB) / 2
      const directory = makeWorkspace()
      try {
        const diffs = makeDiffs(confFile, directory, dense)
        const right = join(directory, 'right.diff')
        execFileSync('rbd', ['merge-diff', '--no-progress', ...diffs, right], { stdio: 'pipe' })
        const bytes = diffs.reduce((sum, file) => sum + statSync(file).size, 0)
        const to = { file: join(directory, 'merged.diff') }
        const job = {
          ...{ action, diffs, to, bytes, report: join(directory, 'report.json') },
          pipe: pipe && { before: `cat ${diffs[0]} |`, after: `| cat > ${to.file}; sync ${to.file}` },
          verify: () => execFileSync('cmp', [right, to.file], { stdio: 'pipe' }),
          discard: () => removeFile(to.file),
        }
        return { image: { size: dense, data: bytes }, ...(await compareCopies(this, job, options)) }
      } finally {
        rmSync(directory, { recursive: true })
      }
    },
  }
}

export const merges = [
  mergeCase('merge-diff', 'two diffs merged, files', { action: 'mergeDiffs', atLeast: 1 }),
  mergeCase('merge-diff-pipes', 'two diffs merged, from and to a pipe', {
    action: 'mergePipes',
    atLeast: 1.5,
    pipe: true,
  }),
]
