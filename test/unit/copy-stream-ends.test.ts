/** A thread or a process that ends in the middle of a stream never makes it look whole. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { cleanupCopies } from 'rbdkit'
import t from 'tap'
import { plainNode } from '../helpers/child.js'

const index = new URL('../../dist/index.js', import.meta.url).href

/** A program that copies a stream which never ends, and then does `then`. */
const program = (to: string, then: string) => `
  import { PassThrough } from 'node:stream'
  import { copy } from ${JSON.stringify(index)}
  const stream = new PassThrough()
  const job = copy(stream, { file: ${JSON.stringify(to)} })
  job.catch(() => {})
  for (let i = 0; i < 20; i++) stream.write(Buffer.alloc(1 << 20, 'x'))
  setTimeout(() => { ${then} }, 150)
`

t.test('a worker that is terminated leaves nothing', async (t) => {
  const directory = t.testdir()
  const source = program(join(directory, 'to'), '')
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { execArgv: [] })
  while (readdirSync(directory).length === 0) await sleep(5)
  await sleep(50)
  await worker.terminate()
  t.same(readdirSync(directory), [])
})

for (const [how, then] of [
  ['process.exit()', 'process.exit(3)'],
  ['an uncaught error', 'throw new Error("x")'],
  ['SIGKILL', 'process.kill(process.pid, "SIGKILL")'],
] as const) {
  t.test(`${how} in the middle of a stream publishes nothing`, async (t) => {
    const directory = t.testdir()
    const to = join(directory, 'to')
    const [command, args] = plainNode(['--input-type=module', '-e', program(to, then)])
    const child = spawn(command, args, { stdio: 'ignore', cwd: new URL('.', pathToFileURL(to)) })
    await once(child, 'close')
    t.notOk(existsSync(to))
    await cleanupCopies({ directory })
    t.same(readdirSync(directory), [], 'and what is left can be cleaned up')
  })
}
