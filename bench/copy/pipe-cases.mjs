// From a pipe to an image: nothing can be skipped or read ahead of, so that what counts is how much is in flight.
import { appendFileSync, copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { compareCopies } from './compare.mjs'
import { dataBytes, diskBytes, makeFile, removeImage } from './data.mjs'
import { always, faster } from './goals.mjs'
import { bulk } from './metrics.mjs'
import { compareEnds, makeWorkspace } from './workspace.mjs'

const GiB = 2 ** 30

/** What each client waits before it looks at a message of an OSD: up to twice `milliseconds`, evenly spread. */
const delay = (milliseconds) => `
[client]
ms_inject_delay_type = osd
ms_inject_delay_probability = 1
ms_inject_delay_max = ${(2 * milliseconds) / 1000}
`

function pipeCase(name, title, { atLeast, milliseconds }) {
  return {
    name: `copy-${name}`,
    title,
    store: 'bluestore',
    clusters: 1,
    sides: ['rbd', 'floor', 'rbdkit'],
    metrics: bulk,
    goals: [...faster(['rbd'], atLeast), ...always],

    async run([{ confFile, pool }], options) {
      const dense = (options.quick ? GiB / 16 : options.size * GiB) / (milliseconds ? 4 : 1)
      const directory = makeWorkspace()
      try {
        const file = makeFile(directory, 'dense', dense)
        const conf = join(directory, 'ceph.conf')
        copyFileSync(confFile, conf)
        if (milliseconds) appendFileSync(conf, delay(milliseconds))
        const to = { conf, pool, image: 'copied' }
        const bytes = dataBytes('dense', dense)
        const job = {
          ...{ action: 'copyPipe', from: { file }, to, bytes, report: join(directory, 'report.json') },
          pipe: { before: `cat ${file} |`, after: '' },
          verify: () => compareEnds({ file }, { ...to, conf: confFile }),
          discard: () => removeImage(confFile, `${pool}/copied`),
        }
        const image = { size: diskBytes('dense', dense), data: bytes }
        return { image, ...(await compareCopies(this, job, options)) }
      } finally {
        rmSync(directory, { recursive: true })
      }
    },
  }
}

export const pipes = [
  pipeCase('pipe', 'pipe to image, dense', { atLeast: 1.3 }),
  pipeCase('pipe-delay', 'pipe to image, dense, answers of OSDs 5 ms late', { atLeast: 2, milliseconds: 5 }),
]
