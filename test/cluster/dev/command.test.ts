import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const program = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
const tmp = mkdtempSync('/tmp/rk-cmd-')
const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: tmp, NODE_OPTIONS: '' }
t.teardown(() => rmSync(tmp, { recursive: true, force: true }))

interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function collect(child: ChildProcess): Promise<Result> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (data: Buffer) => {
    stdout += data.toString()
  })
  child.stderr?.on('data', (data: Buffer) => {
    stderr += data.toString()
  })
  return once(child, 'close').then(() => ({ status: child.exitCode, stdout, stderr }))
}

function rbdkit(...args: string[]): Promise<Result> {
  return collect(spawn(process.execPath, [program, 'dev', ...args], { env }))
}

/** What is in the temporary directory besides the registry. */
const leftovers = () => readdirSync(tmp).filter((entry) => !entry.startsWith('rbdkit-dev-'))

t.test('nothing is up', async (t) => {
  t.match(await rbdkit('status'), { status: 3, stdout: 'Nothing is up.\n' })
  t.match(await rbdkit('status', '--json'), { status: 3, stdout: '[]\n' })
  t.match(await rbdkit('env'), { status: 3, stdout: '', stderr: /not up/ })
  t.match(await rbdkit('down'), { status: 3, stderr: /not up/ })
  t.match(await rbdkit('up', '--osds', '0'), { status: 2, stderr: /from 1 to 16/ })
  t.match(await rbdkit('up', '--name', '../x'), { status: 2, stderr: /letters/ })
  t.same(leftovers(), [])
})

t.test('up outlives its command; status, env and down find it', async (t) => {
  t.teardown(() => rbdkit('down', '--name', 'trial'))
  const up = await rbdkit('up', '--name', 'trial', '--objectstore', 'memstore')
  t.match(up, { status: 0, stdout: /Up in [\d.]+ s\. Use it with: eval "\$\(rbdkit dev env --name trial\)"/ })
  t.comment(up.stdout.trim())
  t.match(await rbdkit('status'), { status: 0, stdout: /trial +cluster +running/ })
  const script = `eval "$(${process.execPath} ${program} dev env --name trial)" && ceph health`
  t.match(await collect(spawn('sh', ['-c', script], { env })), { status: 0, stdout: /HEALTH_OK/ })
  t.match(await rbdkit('up', '--name', 'trial'), { status: 1, stderr: /up already/ })

  const rows = JSON.parse((await rbdkit('status', '--json')).stdout) as {
    pids: number[]
    directory: string
  }[]
  const [row] = rows
  t.equal(rows.length, 1)
  t.equal(row?.pids.length, 3)
  if (row?.pids[0] !== undefined) process.kill(row.pids[0], 'SIGKILL')
  await sleep(100)
  t.match(await rbdkit('status', '--name', 'trial'), { status: 3, stdout: /degraded/ })

  t.match(await rbdkit('down', '--name', 'trial'), { status: 0, stdout: /Removed cluster 'trial'/ })
  t.notOk(existsSync(row?.directory ?? '/'))
  const { stdout: running } = await collect(execFile('ps', ['-eo', 'args']))
  t.notMatch(running, `${row?.directory}/`, 'no process is left')
  t.equal((await rbdkit('status')).status, 3)
  t.same(leftovers(), [])
})

t.test('Ctrl-C in the middle of up leaves nothing', async (t) => {
  for (const [signal, delay, status] of [
    ['SIGINT', 300, 130],
    ['SIGTERM', 1000, 143],
  ] as const) {
    const child = spawn(process.execPath, [program, 'dev', 'up', '--osds', '2'], { env })
    const result = collect(child)
    while (leftovers().length === 0) await sleep(10)
    await sleep(delay)
    child.kill(signal)
    t.match(await result, { status, stderr: /cancelled, nothing is left/ })
    t.same(leftovers(), [])
    const { stdout } = await collect(execFile('ps', ['-eo', 'args']))
    t.notMatch(stdout, `${tmp}/rbdkit-`)
  }
})
