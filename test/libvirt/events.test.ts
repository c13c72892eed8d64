/** Events of domains, on libvirt's test driver: in order, none missed, and an end for whoever waits. */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Connection, type Domain, type DomainEvents } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { randomName } from '../helpers/cluster.js'

const domainXml = (name: string) =>
  `<domain type='test'><name>${name}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`

async function openTest(t: Test): Promise<Connection> {
  const connection = await Connection.open('test:///default')
  t.teardown(() => connection.close())
  return connection
}

async function take<E>(events: AsyncIterator<E>, count: number): Promise<E[]> {
  const taken: E[] = []
  while (taken.length < count) {
    const { done, value } = await events.next()
    if (done) break
    taken.push(value)
  }
  return taken
}

async function startAndStop(domain: Domain, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await domain.create()
    await domain.destroy()
  }
}

t.test("a domain's life", async (t) => {
  const connection = await openTest(t)
  const events = await connection.domainEvents('lifecycle')
  const name = randomName('vm')
  const vm = await connection.defineDomain(domainXml(name))
  await startAndStop(vm, 1)
  await vm.undefine()
  const domain = { name, uuid: vm.uuid }
  t.strictSame(await take(events, 4), [
    { domain, event: 'defined', detail: 'added' },
    { domain, event: 'started', detail: 'booted' },
    { domain, event: 'stopped', detail: 'destroyed' },
    { domain, event: 'undefined', detail: 'removed' },
  ])
})

t.test('a loop that is left closes the events', async (t) => {
  const connection = await openTest(t)
  const vm = await connection.defineDomain(domainXml(randomName('vm')))
  const events = await connection.domainEvents('lifecycle')
  const started = startAndStop(vm, 1)
  for await (const { event } of events) if (event === 'stopped') break
  t.equal(events.closed, true)
  t.strictSame(await events.next(), { done: true, value: undefined })
  await started
})

t.test('whoever waits hears of the end', async (t) => {
  const waits = (events: DomainEvents<'lifecycle'>) => Promise.all([events.next(), events.next()])
  const end = { done: true, value: undefined }
  const connection = await openTest(t)
  const closed = await connection.domainEvents('lifecycle')
  const waiting = waits(closed)
  await closed.close()
  t.strictSame(await waiting, [end, end])
  const other = waits(
    await connection.domainEvents('reboot').then(() => connection.domainEvents('lifecycle')),
  )
  await connection.close()
  t.strictSame(await other, [end, end])
  await t.rejects(connection.domainEvents('lifecycle'), { code: 'EBADF' })
})

t.test('several readers of one stream get one event each', async (t) => {
  const connection = await openTest(t)
  const events = await connection.domainEvents('lifecycle')
  const both = Promise.all([events.next(), events.next()])
  await connection.defineDomain(domainXml(randomName('vm')))
  const vm = await connection.defineDomain(domainXml(randomName('vm')))
  const names = (await both).map(({ value }) => value?.domain.name)
  t.equal(new Set(names).size, 2, names.join())
  t.ok(names.includes(vm.name))
})

t.test('a reader that falls behind is told', { timeout: 120_000 }, async (t) => {
  const connection = await openTest(t)
  const vm = await connection.defineDomain(domainXml(randomName('vm')))
  const events = await connection.domainEvents('lifecycle')
  // Another connection, whose reader keeps up, tells when so many have come.
  const prompt = await (await openTest(t)).domainEvents('lifecycle')
  await Promise.all([startAndStop(vm, 5100), take(prompt, 10_200)])
  let read = 0
  await t.rejects(
    async () => {
      for await (const _ of events) read++
    },
    { code: 'ENOBUFS', message: /read too slowly/ },
  )
  t.equal(read, 10_000)
  t.equal(events.closed, true)
})

t.test('an event that does not exist', async (t) => {
  const connection = await openTest(t)
  const kind = 'no-such-event' as 'lifecycle'
  await t.rejects(connection.domainEvents(kind), { code: 'ERR_INVALID_ARG_VALUE', message: /'lifecycle'/ })
})

t.test('a worker that ends with its events open', async (t) => {
  const connection = await openTest(t)
  const program = `
    const { parentPort } = require('node:worker_threads')
    import('rbdkit/libvirt').then(async ({ Connection }) => {
      const connection = await Connection.open('test:///default')
      const events = await connection.domainEvents('lifecycle')
      parentPort.postMessage('ready')
      for await (const event of events) parentPort.postMessage(event.event)
    })`
  const worker = new Worker(program, { eval: true })
  await once(worker, 'message')
  await startAndStop(await connection.defineDomain(domainXml(randomName('vm'))), 10)
  t.equal(await worker.terminate(), 1)
  // libvirt frees what the events held, and goes on.
  const events = await connection.domainEvents('lifecycle')
  await startAndStop(await connection.defineDomain(domainXml(randomName('vm'))), 1)
  t.equal((await take(events, 3)).length, 3)
})
