/** Events of every sort of object, on libvirt's test driver: of all or of one, by any number of subscriptions. */

import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, type Events } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { randomName } from '../helpers/cluster.js'

const domainXml = (name: string) =>
  `<domain type='test'><name>${name}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`

async function openTest(t: Test): Promise<Connection> {
  const connection = await Connection.open('test:///default')
  t.teardown(() => connection.close())
  return connection
}

async function take<E>(events: Events<E>, count: number): Promise<E[]> {
  const taken: E[] = []
  while (taken.length < count) {
    const { done, value } = await events.next()
    if (done) break
    taken.push(value)
  }
  return taken
}

t.test('two subscriptions of one kind', async (t) => {
  const connection = await openTest(t)
  const [one, two] = await Promise.all([
    connection.events('domain', 'lifecycle'),
    connection.domainEvents('lifecycle'),
  ])
  const vm = await connection.defineDomain(domainXml(randomName('vm')))
  for (const events of [one, two])
    t.match(await events.next(), { value: { domain: { uuid: vm.uuid }, event: 'defined' } })
  await one.close()
  await vm.create()
  t.match(await two.next(), { value: { event: 'started', detail: 'booted' } }, 'the other one goes on')
  await two.close()
  const third = await connection.events('domain', 'lifecycle')
  await vm.destroy()
  t.match(await third.next(), { value: { event: 'stopped', detail: 'destroyed' } }, 'registered anew')
})

t.test("one domain's events", async (t) => {
  const connection = await openTest(t)
  const [one, two] = await Promise.all([
    connection.defineDomain(domainXml(randomName('vm'))),
    connection.defineDomain(domainXml(randomName('vm'))),
  ])
  const all = await connection.events('domain', 'lifecycle')
  const own = await two.events('lifecycle')
  await one.create()
  await two.create()
  t.match(await take(all, 2), [{ domain: { uuid: one.uuid } }, { domain: { uuid: two.uuid } }])
  t.match(await own.next(), { value: { domain: { name: two.name, uuid: two.uuid }, event: 'started' } })
  const waiting = own.next()
  await two.close()
  t.strictSame(await waiting, { done: true, value: undefined }, 'they end with its handle')
  await t.rejects(two.events('lifecycle'), { code: 'EBADF' })
  await one.destroy()
  t.match(await all.next(), { value: { event: 'stopped' } })
})

t.test('networks', async (t) => {
  const connection = await openTest(t)
  const events = await connection.events('network', 'lifecycle')
  const name = randomName('net')
  const network = await connection.networks.define(
    `<network><name>${name}</name><bridge name='${name.slice(0, 12)}'/></network>`,
  )
  const whose = { name, uuid: network.uuid }
  // libvirt tells a little later: whoever subscribes meanwhile hears it, too.
  t.strictSame(await take(events, 1), [{ network: whose, event: 'defined' }])
  const own = await network.events('lifecycle')
  await network.create()
  await network.destroy()
  await network.undefine()
  t.strictSame(await take(events, 3), [
    { network: whose, event: 'started' },
    { network: whose, event: 'stopped' },
    { network: whose, event: 'undefined' },
  ])
  t.match(await take(own, 2), [{ event: 'started' }, { event: 'stopped' }])
})

t.test('storage pools', async (t) => {
  const connection = await openTest(t)
  const life = await connection.events('storage-pool', 'lifecycle')
  const name = randomName('pool')
  const pool = await connection.defineStoragePool(
    `<pool type='dir'><name>${name}</name><target><path>/${name}</path></target></pool>`,
  )
  const refreshed = await pool.events('refresh')
  await pool.create()
  await pool.refresh()
  await pool.destroy()
  await pool.undefine()
  const whose = { name, uuid: pool.uuid }
  t.strictSame(await take(life, 4), [
    { pool: whose, event: 'defined' },
    { pool: whose, event: 'started' },
    { pool: whose, event: 'stopped' },
    { pool: whose, event: 'undefined' },
  ])
  t.strictSame(await refreshed.next(), { done: false, value: { pool: whose } })
})

t.test('what this host or its library does not have', async (t) => {
  const connection = await openTest(t)
  const [major = 0, minor = 0] = (await connection.libVersion()).split('.').map(Number)
  const version = major * 1000 + minor
  if (version < 11_002) {
    await t.rejects(connection.events('domain', 'nic-mac-change'), {
      code: 'ENOSYS',
      syscall: 'virConnectDomainEventRegisterAny',
      message: /older than libvirt 11\.2\.0/,
    })
  }
  if (version < 9008)
    await t.rejects(connection.events('network', 'metadata-change'), { code: 'ENOSYS', message: /9\.8\.0/ })
  await t.rejects(connection.events('domain', 'boot' as never), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /'lifecycle'/,
  })
  await t.rejects(connection.events('guest' as never, 'lifecycle' as never), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /'storage-pool'/,
  })
  await t.rejects(connection.qemuMonitorEvents(), { code: 'VIR_ERR_NO_SUPPORT' })
  await t.rejects(connection.events('domain', 'reboot', { signal: AbortSignal.abort() }), {
    name: 'AbortError',
  })
})

t.test('a state is waited for without asking again and again', async (t) => {
  const connection = await openTest(t)
  const vm = await connection.defineDomain(domainXml(randomName('vm')))
  const took: number[] = []
  for (let i = 0; i < 20; i++) {
    const began = performance.now()
    const waiting = vm.waitForState('running', { timeoutMs: 10_000 })
    await vm.create()
    await waiting
    took.push(performance.now() - began)
    const stopped = vm.waitForState('shutoff')
    await vm.destroy()
    t.strictSame(await stopped, { state: 'shutoff', reason: 'destroyed' })
  }
  // The middle one: a busy machine may hold up a few. Whoever asks again and again does so four times a second at most.
  const middle = took.sort((a, b) => a - b)[10] ?? Number.POSITIVE_INFINITY
  t.ok(middle < 200, `told at once, after ${middle} ms`)
  const waiting = t.rejects(vm.waitForState('running'), { code: 'EBADF' })
  await sleep(50)
  await vm.close()
  await waiting
})

t.test('many subscriptions, opened and closed at once', async (t) => {
  const connection = await openTest(t)
  const vm = await connection.defineDomain(domainXml(randomName('vm')))
  for (let round = 0; round < 20; round++) {
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 2 ? vm.events('lifecycle') : connection.events('domain', 'lifecycle'),
      ),
    )
    await vm.create()
    await vm.destroy()
    const told = await Promise.all(all.map((events) => take(events, 2)))
    for (const events of told) t.match(events, [{ event: 'started' }, { event: 'stopped' }])
    await Promise.all(all.map((events) => events.close()))
  }
})
