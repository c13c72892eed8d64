/** Connections to a real libvirtd that is killed or stopped under them, and to one that never answers. */

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { LocalHypervisor } from 'rbdkit/dev'
import { Connection } from 'rbdkit/libvirt'
import t from 'tap'
import { answered } from '../helpers/answered.js'
import { randomName } from '../helpers/cluster.js'
import { libvirtdPid } from '../helpers/hypervisor.js'
import { root } from '../helpers/package.js'

const fast = { keepAliveInterval: 1, keepAliveCount: 1 }

t.test('a daemon that is killed fails what is under way and what comes after', async (t) => {
  const hypervisor = await LocalHypervisor.start()
  t.teardown(() => hypervisor.close())
  const connection = await Connection.open(hypervisor.uri)
  t.teardown(() => connection.close())
  t.equal(await connection.type(), 'QEMU')
  const pid = libvirtdPid(hypervisor)
  process.kill(pid, 'SIGSTOP') // so that the calls are under way for sure
  const calls = Array.from({ length: 6 }, () => connection.hostname())
  const ended = Promise.allSettled(calls)
  setTimeout(() => process.kill(pid, 'SIGKILL'), 200)
  for (const result of await ended) {
    t.match(result, { status: 'rejected', reason: { name: 'LibvirtError', domain: 'VIR_FROM_RPC' } })
  }
  t.equal(await connection.isAlive(), false)
  await t.rejects(connection.hostname(), { name: 'LibvirtError', code: 'VIR_ERR_INTERNAL_ERROR' })
  await connection.close()
})

t.test('whoever waits for events hears that the daemon is gone', async (t) => {
  const hypervisor = await LocalHypervisor.start()
  t.teardown(() => hypervisor.close())
  const connection = await Connection.open(hypervisor.uri)
  t.teardown(() => connection.close())
  const vm = await connection.defineDomain(
    "<domain type='qemu'><name>vm</name><memory unit='MiB'>32</memory><os><type>hvm</type></os></domain>",
  )
  const [events, ended] = await Promise.all([
    connection.events('domain', 'lifecycle'),
    connection.events('connection', 'close'),
  ])
  // It asks for the state, listens, and asks once more: what it waits for then is an event.
  const listens = answered(vm, 'state', 2)
  const waiting = Promise.allSettled([events.next(), vm.waitForState('running'), ended.next()])
  await Promise.race([listens, waiting])
  process.kill(libvirtdPid(hypervisor), 'SIGKILL')
  const gone = { code: 'ECONNRESET', uri: hypervisor.uri, message: /eof|error/ }
  t.match(await waiting, [
    { status: 'rejected', reason: { ...gone, object: 'lifecycle' } },
    { status: 'rejected', reason: gone },
    { status: 'fulfilled', value: { done: false, value: { reason: /eof|error/ } } },
  ])
  t.equal(events.closed, true)
  await t.rejects(connection.events('domain', 'reboot'), { name: 'LibvirtError' })
  const late = await connection.events('connection', 'close')
  t.match(await late.next(), { value: { reason: 'error' } }, 'told also to who asks afterwards')
})

t.test('a daemon that is stopped fails every call after the keepalive time, close() ends too', async (t) => {
  const hypervisor = await LocalHypervisor.start()
  t.teardown(() => hypervisor.close())
  const [one, two, idle] = await Promise.all([
    Connection.open(hypervisor.uri, fast),
    Connection.open(hypervisor.uri, fast),
    Connection.open(hypervisor.uri, fast),
  ])
  const other = await Connection.open('test:///default')
  t.teardown(() => other.close())
  const pid = libvirtdPid(hypervisor)
  process.kill(pid, 'SIGSTOP')
  const start = performance.now()
  // More calls than threads: the waiting ones end as well.
  const calls = Promise.allSettled(Array.from({ length: 9 }, () => one.hostname()))
  const closing = two.close()
  t.equal(await other.type(), 'TEST', 'another connection is not delayed')
  t.ok(performance.now() - start < 1000)
  for (const result of await calls) {
    t.match(result, { status: 'rejected', reason: { name: 'LibvirtError', domain: 'VIR_FROM_RPC' } })
  }
  await closing
  t.ok(performance.now() - start < 15_000, 'not for ever')
  t.equal(await one.isAlive(), false)
  // Each connection has keepalive timers of its own: this one's may end a little later than those of the calls.
  while ((await idle.isAlive()) && performance.now() - start < 15_000) await sleep(50)
  t.equal(await idle.isAlive(), false, 'found out without a call')
  await Promise.all([one.close(), idle.close()])
  process.kill(pid, 'SIGCONT')
  const again = await Connection.open(hypervisor.uri, fast)
  t.equal(await again.type(), 'QEMU')
  await again.close()
})

/** A program of its own, so that the threads it counts are those of one connection. */
const thousand = `
  import { readdirSync, readFileSync } from 'node:fs'
  import { Connection } from 'rbdkit/libvirt'
  const connection = await Connection.open(process.argv[1])
  const nameOf = (task) => {
    try {
      return readFileSync('/proc/self/task/' + task + '/comm', 'utf8').trim()
    } catch {
      return '' // it has ended
    }
  }
  let threads = 0
  const timer = setInterval(() => {
    const names = readdirSync('/proc/self/task').map(nameOf)
    threads = Math.max(threads, names.filter((name) => /^rbdkit-(libvirt|vir-long)$/.test(name)).length)
  }, 5)
  const names = await Promise.all(
    Array.from({ length: 1000 }, (_, index) =>
      index % 2 === 0 ? connection.hostname() : connection.listSecrets().then(() => connection.hostname()),
    ),
  )
  clearInterval(timer)
  await connection.close()
  console.log(JSON.stringify({ answers: names.length, names: [...new Set(names)], threads }))
`

t.test('a thousand calls at once on one connection', async (t) => {
  const hypervisor = await LocalHypervisor.start()
  t.teardown(() => hypervisor.close())
  const args = ['--input-type=module', '-e', thousand, hypervisor.uri]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root })
  const { threads, answers, names } = JSON.parse(stdout)
  t.equal(answers, 1000)
  t.equal(names.length, 1, 'each has its answer')
  t.ok(threads >= 1 && threads <= 8, `${threads} threads`)
})

t.test('opening a connection to a daemon that never answers', async (t) => {
  const path = join(tmpdir(), `${randomName('rbdkit-mute')}.sock`)
  const sockets: import('node:net').Socket[] = []
  const server = createServer((socket) => sockets.push(socket.on('error', () => {})))
  server.listen(path)
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const uri = `qemu+unix:///system?socket=${path}`
  const start = performance.now()
  await t.rejects(Connection.open(uri, { connectTimeoutMs: 300 }), {
    name: 'LibvirtError',
    code: 'ETIMEDOUT',
    uri,
  })
  const reason = new Error('enough')
  const controller = new AbortController()
  const opening = Connection.open(uri, { signal: controller.signal })
  setTimeout(() => controller.abort(reason), 100)
  await t.rejects(opening, reason)
  await Promise.all(
    Array.from({ length: 8 }, () =>
      t.rejects(Connection.open(uri, { connectTimeoutMs: 100 }), { code: 'ETIMEDOUT' }),
    ),
  )
  t.ok(performance.now() - start < 5000)
})
