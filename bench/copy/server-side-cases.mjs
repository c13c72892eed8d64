// Image to image on the OSDs: what the client is spared. Its network can be limited, and its bytes counted:
//
//   bench/limited-network.sh 1gbit node bench/main.mjs copy-server-side
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compareCopies } from './compare.mjs'
import { diskBytes, importImage, makeFile, removeImage } from './data.mjs'
import { always, faster } from './goals.mjs'
import { bulk } from './metrics.mjs'
import { compareEnds, makeWorkspace } from './workspace.mjs'

const GiB = 2 ** 30
const source = fileURLToPath(new URL('client-address.c', import.meta.url))

/** The classes of limited-network.sh, each with what was sent; none in another network. */
function countClient() {
  try {
    const text = execFileSync('tc', ['-s', 'class', 'show', 'dev', 'lo'], { encoding: 'utf8' })
    return [...text.matchAll(/class htb 1:[23]0 .*\n Sent (\d+) bytes/g)].map((match) => Number(match[1]))
  } catch {
    return []
  }
}

function buildPreload(directory) {
  const library = join(directory, 'client-address.so')
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'])
  return library
}

export const serverSides = [
  {
    name: 'copy-server-side',
    title: 'image to image on the OSDs, dense',
    store: 'bluestore',
    clusters: 1,
    sides: ['rbd', 'ordinary', 'rbdkit'],
    metrics: [...bulk, 'clientMiB'],
    goals: [...faster(['rbd', 'ordinary'], 1), ...always],

    async run([{ confFile: conf, pool }], options) {
      const dense = options.quick ? GiB / 16 : options.size * GiB
      const directory = makeWorkspace()
      const image = `${pool}/dense`
      try {
        const file = makeFile(directory, 'dense', dense)
        importImage(conf, file, image)
        const to = { conf, pool, image: 'copied' }
        const limited = countClient().length > 0
        const job = {
          ...{ action: 'copy', from: { conf, pool, image: 'dense' }, to, bytes: dense },
          ...{ options: { serverSide: 'require' }, report: join(directory, 'report.json') },
          ...(limited && {
            env: { LD_PRELOAD: buildPreload(directory) },
            countClient: () => countClient().reduce((sum, bytes) => sum + bytes, 0),
          }),
          verify: () => compareEnds({ file }, to),
          discard: () => removeImage(conf, `${pool}/copied`),
        }
        const description = { size: diskBytes('dense', dense), data: dense }
        return { image: description, ...(await compareCopies(this, job, options)) }
      } finally {
        rmSync(directory, { recursive: true })
        removeImage(conf, image)
      }
    },
  },
]
