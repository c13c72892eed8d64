/** Connections that are opened again when their libvirtd was restarted, stopped, or never comes back. */

import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Connection, type Domain, type Events, type Resumed } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { answered } from '../helpers/answered.js'
import { randomName } from '../helpers/cluster.js'
import { echoDomain } from '../helpers/echo-guest.js'
import { RestartableHypervisor } from '../helpers/restartable.js'
import { until } from '../helpers/until.js'

t.setTimeout(300_000)

/** Keepalive that finds out soon, and short waits. */
const soon = {
  keepAliveInterval: 1,
  keepAliveCount: 1,
  reconnect: { minDelayMs: 50, maxDelayMs: 200 },
}

async function openSoon(t: Test, uri: string, reconnect = soon.reconnect): Promise<Connection> {
  const connection = await Connection.open(uri, { ...soon, reconnect })
  t.teardown(() => connection.close())
  return connection
}

async function startGuest(t: Test, connection: Connection): Promise<Domain> {
  const directory = mkdtempSync(join(tmpdir(), 'rbdkit-guest-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const domain = await connection.defineDomain(echoDomain(randomName('vm'), directory))
  await domain.create()
  return domain
}

async function take<E>(events: Events<E>): Promise<E> {
  const { done, value } = await events.next()
  if (done) throw new Error('the stream has ended')
  return value
}

/** Reads events until this one. */
async function untilTold(events: Events<{ event: string } | Resumed>, event: string): Promise<void> {
  for (;;) {
    const told = await take(events)
    if (isGap(told)) throw new Error('a gap')
    if (told.event === event) return
  }
}

const isGap = (told: object): told is Resumed => 'reconnected' in told

t.test('a libvirtd that is restarted while events are read', async (t) => {
  const hypervisor = await RestartableHypervisor.start(t)
  const connection = await openSoon(t, hypervisor.uri)
  const vm = await startGuest(t, connection)
  const id = await vm.id()
  const other = await connection.defineDomain(
    `<domain type='qemu'><name>other</name><memory unit='MiB'>32</memory><os><type>hvm</type></os></domain>`,
  )
  const resumed = await connection.events('domain', 'lifecycle', { resume: true })
  const plain = await connection.events('domain', 'lifecycle')
  const ends = await connection.events('connection', 'close', { resume: true })
  hypervisor.kill('SIGSTOP') // so that a call is under way
  const underWay = connection.hostname().then(
    () => undefined,
    (error) => error,
  )
  hypervisor.kill()
  t.match(await underWay, { name: 'LibvirtError', domain: 'VIR_FROM_RPC' }, 'a call under way fails')
  await t.rejects(plain.next(), { code: 'ECONNRESET' }, 'a stream without resume ends')
  t.match(await take(ends), { reason: /eof|error/ })
  t.equal(await connection.isAlive(), false)
  await t.rejects(connection.hostname(), { code: 'ENOTCONN', message: /nothing was sent/ })
  await t.rejects(vm.state(), { code: 'ENOTCONN', object: undefined })
  await t.rejects(connection.events('domain', 'reboot'), { code: 'ENOTCONN' })
  await hypervisor.startAgain()
  await connection.connected()

  const gap = await take(resumed)
  if (!isGap(gap)) return t.fail('an event came before the gap')
  t.match(gap.reconnected, { reason: /eof|error/, awayMs: Number, attempts: Number })
  t.strictSame(
    gap.reconnected.domains.map(({ domain, state }) => [domain.name, domain.uuid, state]).sort(),
    [
      [vm.name, vm.uuid, 'running'],
      ['other', other.uuid, 'shutoff'],
    ].sort(),
  )
  t.match(await take(ends), { reconnected: { attempts: Number } })
  t.equal(await vm.id(), id, 'the same domain, by the same object, has run on')
  t.match(await other.xml(), /<name>other</)
  await vm.suspend()
  t.match(await take(resumed), { domain: { name: vm.name }, event: 'suspended' }, 'events go on')
  await vm.destroy()
  await untilTold(resumed, 'stopped')
  const again = await vm.events('lifecycle')
  await vm.undefine()
  t.match(await take(again), { event: 'undefined' })
  await t.rejects(vm.state(), { code: 'VIR_ERR_NO_DOMAIN' })
})

t.test('what others did while we were away is in the state, not in the events', async (t) => {
  const hypervisor = await RestartableHypervisor.start(t)
  // By a name that is there only when the others have done their work.
  const socket = join(hypervisor.directory, 'libvirt-sock')
  const ours = join(hypervisor.directory, 'ours')
  symlinkSync(socket, ours)
  const connection = await openSoon(t, `qemu:///system?socket=${ours}`)
  const vm = await startGuest(t, connection)
  const gone = await startGuest(t, connection)
  await vm.destroy()
  const events = await connection.events('domain', 'lifecycle', { resume: true })
  rmSync(ours)
  await hypervisor.restart()
  const other = await Connection.open(hypervisor.uri)
  t.teardown(() => other.close())
  await (await other.domainByUuid(vm.uuid)).create()
  const lost = await other.domainByUuid(gone.uuid)
  await lost.destroy()
  await lost.undefine()
  t.equal(await connection.isAlive(), false, 'it is away still')
  symlinkSync(socket, ours)
  const gap = await take(events)
  t.match(gap, { reconnected: { domains: [{ domain: { uuid: vm.uuid }, state: 'running' }] } })
  if (isGap(gap)) t.equal(gap.reconnected.domains.length, 1)
  t.match(await vm.state(), { state: 'running' })
  await t.rejects(gone.state(), { code: 'VIR_ERR_NO_DOMAIN' }, 'one that has gone meanwhile')
  await vm.suspend()
  t.match(await take(events), { event: 'suspended' }, 'no event of what was done meanwhile')
})

t.test('what waits for a state goes on waiting', async (t) => {
  const hypervisor = await RestartableHypervisor.start(t)
  const connection = await openSoon(t, hypervisor.uri)
  const vm = await startGuest(t, connection)
  const listens = answered(vm, 'state', 2)
  const waiting = vm.waitForState('paused')
  await listens
  await hypervisor.restart()
  await connection.connected()
  const other = await Connection.open(hypervisor.uri)
  t.teardown(() => other.close())
  await (await other.domainByUuid(vm.uuid)).suspend()
  t.match(await waiting, { state: 'paused' })
  // One that nobody ends ends with its time, also while the daemon is away.
  const asked = answered(vm, 'state', 2)
  const late = vm.waitForState('shutoff', { timeoutMs: 5000 })
  const ended = t.rejects(late, { code: 'ETIMEDOUT', message: /not 'shutoff' but 'paused'/ })
  await asked
  hypervisor.kill()
  await ended
})

t.test('a libvirtd that is stopped is found out by keepalive', async (t) => {
  const hypervisor = await RestartableHypervisor.start(t)
  const connection = await openSoon(t, hypervisor.uri)
  const events = await connection.events('connection', 'close', { resume: true })
  hypervisor.kill('SIGSTOP')
  t.match(await take(events), { reason: 'keepalive' })
  await t.rejects(connection.connected({ signal: AbortSignal.timeout(300) }), { name: 'TimeoutError' })
  hypervisor.kill('SIGCONT')
  t.match(await take(events), { reconnected: { reason: 'keepalive' } })
  t.equal(await connection.type(), 'QEMU')
})

t.test('a libvirtd that never comes back is given up', async (t) => {
  const hypervisor = await RestartableHypervisor.start(t)
  const connection = await Connection.open(hypervisor.uri, {
    reconnect: { ...soon.reconnect, giveUpAfterMs: 1000 },
  })
  t.teardown(() => connection.close())
  const events = await connection.events('domain', 'lifecycle', { resume: true })
  const vm = await connection.defineDomain(
    `<domain type='qemu'><name>vm</name><memory unit='MiB'>32</memory><os><type>hvm</type></os></domain>`,
  )
  await take(events)
  const listens = answered(vm, 'state', 2)
  const waiting = Promise.allSettled([vm.waitForState('running'), events.next()])
  await listens
  hypervisor.kill()
  const gaveUp = {
    name: 'LibvirtError',
    code: 'ETIMEDOUT',
    message: /has not come back within 1 s/,
    cause: { name: 'LibvirtError' },
  }
  for (const result of await waiting) t.match(result, { status: 'rejected', reason: gaveUp })
  await t.rejects(connection.connected(), gaveUp)
  await t.rejects(connection.hostname(), { code: 'ENOTCONN' })
  t.equal(events.closed, true)
})

t.test('close() ends the waiting at once', async (t) => {
  const hypervisor = await RestartableHypervisor.start(t)
  const connection = await openSoon(t, hypervisor.uri, { minDelayMs: 600_000, maxDelayMs: 600_000 })
  const events = await connection.events('connection', 'close', { resume: true })
  hypervisor.kill()
  await take(events)
  const waiting = Promise.allSettled([connection.connected(), events.next()])
  await connection.close()
  t.match(await waiting, [
    { status: 'rejected', reason: { code: 'EBADF' } },
    { status: 'fulfilled', value: { done: true } },
  ])
  await t.rejects(connection.connected(), { code: 'EBADF' })
})

t.test('a connection without reconnect stays dead', async (t) => {
  const hypervisor = await RestartableHypervisor.start(t)
  const connection = await Connection.open(hypervisor.uri)
  t.teardown(() => connection.close())
  await connection.connected()
  await t.rejects(connection.events('domain', 'lifecycle', { resume: true }), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /reconnect/,
  })
  await hypervisor.restart()
  await until(async () => !(await connection.isAlive()))
  await t.rejects(connection.connected(), { code: 'ENOTCONN', message: /reconnect: true/ })
})

t.test('a worker that ends while its connection waits', async (t) => {
  const hypervisor = await RestartableHypervisor.start(t)
  const program = `
    const { parentPort, workerData } = require('node:worker_threads')
    import('rbdkit/libvirt').then(async ({ Connection }) => {
      const reconnect = { minDelayMs: 600_000, maxDelayMs: 600_000 }
      const connection = await Connection.open(workerData, { reconnect })
      const events = await connection.events('connection', 'close', { resume: true })
      parentPort.postMessage('ready')
      for await (const event of events) parentPort.postMessage(event.reason)
    })`
  const worker = new Worker(program, { eval: true, workerData: hypervisor.uri })
  await once(worker, 'message')
  const told = once(worker, 'message')
  hypervisor.kill()
  await told
  t.equal(await worker.terminate(), 1)
})

/** This process's descriptors, and its threads of libvirt's. */
function held(): { descriptors: number; threads: number } {
  const threads = readdirSync('/proc/self/task').filter((task) => {
    try {
      return /^rbdkit-(libvirt|vir)/.test(readFileSync(`/proc/self/task/${task}/comm`, 'utf8'))
    } catch {
      return false // it has ended
    }
  })
  return { descriptors: readdirSync('/proc/self/fd').length, threads: threads.length }
}

t.test('twenty restarts leave nothing behind', async (t) => {
  const hypervisor = await RestartableHypervisor.start(t)
  const connection = await openSoon(t, hypervisor.uri)
  const vm = await connection.defineDomain(
    `<domain type='qemu'><name>vm</name><memory unit='MiB'>32</memory><os><type>hvm</type></os></domain>`,
  )
  const events = await connection.events('domain', 'lifecycle', { resume: true })
  let before = held()
  for (let round = 0; round < 21; round++) {
    await hypervisor.restart()
    t.match(await take(events), { reconnected: { domains: [{ domain: { uuid: vm.uuid } }] } })
    t.match(await vm.state(), { state: 'shutoff' })
    if (round === 0) before = held() // with all threads that the first one has started
  }
  // Those of a connection that has gone end after ten idle seconds.
  await until(() => held().threads <= before.threads && held().descriptors <= before.descriptors)
  t.match(await vm.state(), { state: 'shutoff' })
})
