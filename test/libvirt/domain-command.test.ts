/** `rbdkit domain` as its users run it, on libvirt's test driver and on a real guest; and the console's terminal. */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Duplex, PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Connection } from 'rbdkit/libvirt'
import t from 'tap'
import { joinConsole, type Keyboard } from '../../lib/cli/runs/console.js'
import { randomName } from '../helpers/cluster.js'
import { echoDomain } from '../helpers/echo-guest.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { root } from '../helpers/package.js'

const exec = promisify(execFile)
const program = join(root, 'dist', 'cli', 'main.js')

interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** Each run is a process of its own, and so has a test driver of its own, with one guest `test` that runs. */
async function rbdkit(...args: string[]): Promise<Ended> {
  const env = { ...process.env, LIBVIRT_DEFAULT_URI: 'test:///default' }
  try {
    return { code: 0, ...(await exec(process.execPath, [program, 'domain', ...args], { env })) }
  } catch (error) {
    const { code, stdout, stderr } = error as Ended
    return { code, stdout, stderr }
  }
}

t.test('ls, info, xml', async (t) => {
  const list = await rbdkit('ls', '--json')
  t.match(JSON.parse(list.stdout), [{ name: 'test', id: 1, state: 'running' }])
  t.match(
    (await rbdkit('ls', '--all', '--connect', 'test:///default')).stdout,
    /^NAME +ID +STATE +UUID\ntest +1 +running +/,
  )
  const info = await rbdkit('info', 'test', '--format', 'json')
  t.match(JSON.parse(info.stdout), {
    name: 'test',
    state: 'running',
    vcpus: 2,
    persistent: true,
    disks: [{ target: 'vda', kind: 'file', source: '/guest/diskimage1' }],
  })
  t.match((await rbdkit('info', 'test')).stdout, /state +running/)
  t.match((await rbdkit('xml', 'test')).stdout, /^<domain type='test' id='1'>\n {2}<name>test<\/name>/)
  t.match((await rbdkit('xml', 'test', '--inactive')).stdout, /^<domain type='test'>/)
})

t.test('a guest that shuts down', async (t) => {
  t.match(JSON.parse((await rbdkit('stop', 'test', '--json')).stdout), { stopped: 'test', forced: false })
})

t.test('start, console and stop of a real guest', { timeout: 90_000 }, async (t) => {
  const { uri } = await sharedHypervisor()
  const connection = await Connection.open(uri)
  const name = randomName('vm')
  const domain = await connection.defineDomain(echoDomain(name, t.testdir({})))
  t.teardown(async () => {
    await domain.destroy().catch(() => {})
    await domain.undefine()
    await connection.close()
  })
  const stateOf = async (): Promise<string> => (await domain.state()).state
  const real = (command: string, ...args: string[]): Promise<Ended> =>
    rbdkit(command, name, '--connect', uri, ...args)
  const started = await real('start', '--json')
  t.strictSame(JSON.parse(started.stdout), { started: name, id: await domain.id() })
  t.equal(await stateOf(), 'running')
  t.match(await real('start'), { code: 1, stderr: /already running/ })

  const child = spawn(process.execPath, [program, 'domain', 'console', name, '--connect', uri], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  t.teardown(() => child.kill('SIGKILL'))
  let heard = ''
  child.stdout.on('data', (part: Buffer) => {
    heard += part.toString('latin1')
  })
  const until = Date.now() + 60_000
  while (!heard.includes('HELLO') && Date.now() < until) {
    child.stdin.write('hello')
    await sleep(200)
  }
  t.match(heard, /HELLO/, 'what is typed comes to the guest, and what it says comes back')
  child.stdin.write('\u001d')
  t.same(await ended, [0, null])
  t.equal(await stateOf(), 'running', 'who leaves the console leaves the guest as it is')

  const refused = await real('stop', '--timeout', '1', '--json')
  t.match(JSON.parse(refused.stdout), { error: { code: 'ETIMEDOUT' } }, 'a guest that does not listen')
  t.equal(await stateOf(), 'running')
  const stopped = await real('stop', '--force', '--json')
  t.strictSame(JSON.parse(stopped.stdout), { stopped: name, forced: true })
  t.equal(await stateOf(), 'shutoff')
})

t.test('what goes wrong', async (t) => {
  const missing = await rbdkit('info', 'nobody', '--json')
  t.equal(missing.code, 1)
  t.match(JSON.parse(missing.stdout), { error: { code: 'VIR_ERR_NO_DOMAIN' } })
  t.match(
    await rbdkit('ls', '--connect', 'test+ext:///default?command=/bin/true'),
    { code: 2 },
    'no programs',
  )
  t.match(await rbdkit('stop', 'test', '--timeout', '0'), { code: 2 })
  t.match(await rbdkit('info'), { code: 2 })
  t.match(await rbdkit('console', 'test'), { code: 1, stderr: /./ }, 'the test driver has no consoles')
})

/** A console that repeats what is typed, and a terminal that notes its modes. */
function pair(): { typed: string[]; console: Duplex; keyboard: PassThrough & Keyboard; modes: boolean[] } {
  const typed: string[] = []
  const console = new Duplex({
    read() {},
    write(data: Buffer, _, done) {
      typed.push(data.toString())
      this.push(data)
      done()
    },
  })
  const modes: boolean[] = []
  const keyboard = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(mode: boolean) {
      modes.push(mode)
      return keyboard
    },
  }) as unknown as PassThrough & Keyboard
  return { typed, console, keyboard, modes }
}

t.test('the terminal is raw, and is put back', async (t) => {
  const { signal } = new AbortController()
  const { typed, console, keyboard, modes } = pair()
  const screen = new PassThrough()
  const joined = joinConsole(console, keyboard, screen, signal)
  t.same(modes, [true])
  keyboard.write('ls\u0003')
  keyboard.write('end\u001dnever')
  await joined
  t.same(typed.join(''), 'ls\u0003end', 'Ctrl-C is typed, and what follows Ctrl-] is not')
  t.match(screen.read()?.toString(), 'ls')
  t.same(modes, [true, false])

  const broken = pair()
  const failing = joinConsole(broken.console, broken.keyboard, new PassThrough(), signal)
  broken.console.destroy(new Error('gone'))
  await t.rejects(failing, { message: 'gone' })
  t.same(broken.modes, [true, false])

  const ended = pair()
  const ending = joinConsole(ended.console, ended.keyboard, new PassThrough(), signal)
  ended.console.push(null)
  await ending
  t.same(ended.modes, [true, false], 'the guest is off')

  const aborted = pair()
  const controller = new AbortController()
  const aborting = joinConsole(aborted.console, aborted.keyboard, new PassThrough(), controller.signal)
  controller.abort(new Error('a signal'))
  await t.rejects(aborting, { message: 'a signal' })
  t.same(aborted.modes, [true, false])
})
