import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { endProcesses, findProcesses, identify, isRunning, signalProcess } from '../../lib/dev/processes.js'

const directory = mkdtempSync('/tmp/rk-proc-')
t.teardown(() => rmSync(directory, { recursive: true }))

async function start(id: string | undefined, program: string, ...args: string[]): Promise<ChildProcess> {
  const env = id === undefined ? process.env : { ...process.env, RBDKIT_DEV_ID: id }
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child, 'spawn')
  return child
}

// ignores SIGTERM; says when it does
const stubborn = join(directory, 'stubborn.sh')
writeFileSync(stubborn, 'trap "" TERM\necho ready\nwhile :; do sleep 0.05; done\n')

t.test('only what has both the id and the directory is ours', async (t) => {
  const file = join(directory, 'x')
  const ours = await start('one', 'tail', '-F', file)
  const otherId = await start('two', 'tail', '-F', file)
  const noId = await start(undefined, 'tail', '-F', file)
  const otherDirectory = await start('one', 'tail', '-F', '/tmp/rk-elsewhere')
  const longerName = await start('one', 'tail', '-F', `${directory}-2/x`)
  t.same(
    findProcesses('one', directory).map((found) => found.pid),
    [ours.pid],
  )
  t.same(await endProcesses('one', directory, 2000), [])
  t.equal(ours.signalCode ?? 'SIGTERM', 'SIGTERM')
  for (const child of [otherId, noId, otherDirectory, longerName]) {
    t.ok(identify(child.pid ?? 0), 'untouched')
    child.kill('SIGKILL')
  }
})

t.test('what ignores SIGTERM is killed after the grace time', async (t) => {
  const child = await start('grace', 'sh', stubborn)
  if (child.stdout !== null) await once(child.stdout, 'data')
  const began = Date.now()
  t.same(await endProcesses('grace', directory, 300), [])
  t.ok(Date.now() - began >= 300, 'not before')
  t.equal(identify(child.pid ?? 0), undefined)
})

t.test('a recycled pid is another process', async (t) => {
  const child = await start(undefined, 'sleep', '60')
  const now = identify(child.pid ?? 0)
  if (now === undefined) throw new Error('not started')
  const earlier = { pid: now.pid, startTime: `${now.startTime}1` }
  t.notOk(isRunning(earlier))
  signalProcess(earlier, 'SIGKILL')
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.ok(isRunning(now), 'no signal was sent')
  signalProcess(now, 'SIGKILL')
  await once(child, 'exit')
  t.notOk(isRunning(now))
})
