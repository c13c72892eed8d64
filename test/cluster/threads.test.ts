/** How many threads a cluster handle has: docs/decisions/0007. In a process of its own, where no other handle has any. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { sharedCluster } from '../helpers/cluster.js'

const exec = promisify(execFile)

const program = `
import { readdirSync, readFileSync } from 'node:fs'
import { Cluster } from 'rbdkit'
const [confFile, keyring, options] = process.argv.slice(1)
const cluster = await Cluster.connect({ confFile, keyring, options: JSON.parse(options) })
const names = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim())
console.log(names.filter((name) => name === 'io_context_pool').length)
await cluster.close()
`

async function threads(options: object): Promise<number> {
  const { confFile, keyring } = await sharedCluster()
  const args = [
    '-c',
    '0',
    process.execPath,
    '--input-type=module',
    '-e',
    program,
    confFile,
    keyring,
    JSON.stringify(options),
  ]
  const { stdout } = await exec('taskset', args, { timeout: 60_000 })
  return Number(stdout)
}

t.test('one librados thread on one processor, what is asked for else', async (t) => {
  t.equal(await threads({}), 1)
  t.equal(await threads({ librados_thread_count: 3 }), 3)
  t.equal(await threads({ librados_thread_count: 2 }), 2, 'the default too, when it is asked for')
})
