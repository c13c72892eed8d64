/** Connections to a real libvirtd that is killed or stopped under them, and to one that never answers. */

import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalHypervisor } from 'rbdkit/dev'
import { Connection } from 'rbdkit/libvirt'
import t from 'tap'
import { randomName } from '../helpers/cluster.js'

/** The pid of a hypervisor's libvirtd: its own pid file has the number in its namespace. */
function libvirtdPid(hypervisor: LocalHypervisor): number {
  const pid = readdirSync('/proc').find((entry) => {
    try {
      const program = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0')[0] ?? ''
      const mounts = () => readFileSync(`/proc/${entry}/mountinfo`, 'utf8')
      return basename(program) === 'libvirtd' && mounts().includes(basename(hypervisor.directory))
    } catch {
      return false
    }
  })
  if (pid === undefined) throw new Error('libvirtd is not there')
  return Number(pid)
}

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
