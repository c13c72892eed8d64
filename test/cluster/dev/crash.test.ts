import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalCluster } from 'rbdkit/dev'
import t, { type Test } from 'tap'

const tmp = mkdtempSync('/tmp/rk-crash-')
process.env.TMPDIR = tmp
t.teardown(() => rmSync(tmp, { recursive: true, force: true }))

/** Pids of processes whose command line and environment match. */
function pidsWith(cmdline: string, environ = ''): number[] {
  const read = (file: string) => {
    try {
      return readFileSync(file, 'utf8')
    } catch {
      return ''
    }
  }
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => read(`/proc/${entry}/cmdline`).includes(cmdline))
    .filter((entry) => read(`/proc/${entry}/environ`).includes(environ))
    .map(Number)
}

/** A process that starts a cluster, prints its directory and then does what `end` says. */
async function owner(t: Test, end: string): Promise<{ child: ChildProcess; directory: string }> {
  const program = `
    import { LocalCluster } from 'rbdkit/dev'
    const cluster = await LocalCluster.start({ objectstore: 'memstore' })
    console.log(cluster.directory)
    ${end}
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const directory = line.toString().trim()
  t.ok(directory.startsWith(tmp), directory)
  return { child, directory }
}

async function gone(t: Test, directory: string): Promise<void> {
  const began = Date.now()
  while (Date.now() - began < 10_000 && (existsSync(directory) || pidsWith(`${directory}/`).length > 0)) {
    await sleep(20)
  }
  t.same(pidsWith(`${directory}/`), [], 'no process')
  t.notOk(existsSync(directory), 'no directory')
  t.comment(`gone after ${Date.now() - began} ms`)
}

const endings = {
  'SIGKILL of the owner': "process.kill(process.pid, 'SIGKILL')",
  'SIGINT without a handler': "process.kill(process.pid, 'SIGINT')",
  'SIGTERM without a handler': "process.kill(process.pid, 'SIGTERM')",
  'process.exit()': 'process.exit(0)',
  'an uncaught throw': "setTimeout(() => { throw new Error('x') })",
  'a script that ends without close()': '',
}

for (const [name, end] of Object.entries(endings)) {
  t.test(name, async (t) => {
    const { child, directory } = await owner(t, end)
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    await gone(t, directory)
  })
}

t.test('the next start clears what owner and watchdog left, and nothing else', async (t) => {
  const { child, directory } = await owner(t, 'setInterval(() => {}, 1000)')
  const daemons = pidsWith(`${directory}/`)
  t.equal(daemons.length, 3)
  // names the directory as a user's editor would, but was not started by us
  const unrelated = spawn('tail', ['-F', `${directory}/log/mon.a.log`], { stdio: 'ignore' })
  t.teardown(() => unrelated.kill('SIGKILL'))
  const watchdogs = pidsWith(`watchdog.js\0${child.pid}`)
  t.equal(watchdogs.length, 1)
  for (const pid of watchdogs) process.kill(pid, 'SIGKILL')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await sleep(300)
  t.same(
    pidsWith(`${directory}/`).filter((pid) => pid !== unrelated.pid),
    daemons,
    'they still run',
  )
  const cluster = await LocalCluster.start({ objectstore: 'memstore' })
  t.teardown(() => cluster.close())
  t.same(pidsWith(`${directory}/`), [unrelated.pid], 'only the unrelated process is left')
  t.notOk(existsSync(directory))
})

t.test('the watchdog ends with the last cluster', async (t) => {
  await (await LocalCluster.start({ objectstore: 'memstore' })).close()
  const began = Date.now()
  while (pidsWith(`watchdog.js\0${process.pid}`).length > 0 && Date.now() - began < 5000) await sleep(20)
  t.same(pidsWith(`watchdog.js\0${process.pid}`), [])
})
