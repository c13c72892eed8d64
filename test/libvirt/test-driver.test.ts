/** The whole interface on libvirt's built-in test driver, which needs no daemon. */

import { Connection, type LibvirtError, LibvirtObject } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'

async function openTest(t: Test): Promise<Connection> {
  const connection = await Connection.open('test:///default')
  t.teardown(() => connection.close())
  return connection
}

const domainXml = (name: string, rest = '') =>
  `<domain type='test'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>2</vcpu><os><type>hvm</type></os>${rest}</domain>`
const poolXml = (name: string) =>
  `<pool type='dir'><name>${name}</name><target><path>/nowhere/${name}</path></target></pool>`
const volumeXml = (name: string, bytes: number) =>
  `<volume><name>${name}</name><capacity>${bytes}</capacity><target><format type='raw'/></target></volume>`

t.test('connection', async (t) => {
  const connection = await openTest(t)
  t.match(await connection.version(), /^\d+\.\d+\.\d+$/)
  t.match(await connection.libVersion(), /^\d+\.\d+\.\d+$/)
  t.equal(await connection.uri(), 'test:///default')
  t.equal(await connection.type(), 'TEST')
  t.ok((await connection.hostname()).length > 0)
  t.equal(await connection.isAlive(), true)
})

t.test('domains: define, list, start, state, stop, undefine', async (t) => {
  const connection = await openTest(t)
  const vm = await connection.defineDomain(domainXml('vm-ü'))
  t.equal(vm.name, 'vm-ü')
  t.match(vm.uuid, /^[0-9a-f-]{36}$/)
  t.ok(vm instanceof LibvirtObject)
  t.equal(await vm.isActive(), false)
  t.equal(await vm.isPersistent(), true)
  t.equal(await vm.id(), undefined)
  t.match(await vm.state(), { state: 'shutoff' })
  t.strictSame(
    (await connection.listDomains({ inactive: true })).map((d) => d.name),
    ['vm-ü'],
  )
  t.strictSame(
    (await connection.listDomains({ active: true })).map((d) => d.name),
    ['test'],
  )
  t.strictSame(
    (await connection.listDomains({ inactive: false })).map((d) => d.name),
    ['test'],
  )
  t.equal((await connection.listDomains()).length, 2)

  await vm.create()
  t.equal(await vm.isActive(), true)
  t.ok(Number(await vm.id()) > 0, 'the id of the run, not of the time of the definition')
  t.strictSame(await vm.state(), { state: 'running', reason: 'booted' })
  const info = await vm.info()
  t.match(info, { state: 'running', maxMemory: 64 * 1024 * 1024, memory: 64 * 1024 * 1024, vcpus: 2 })
  t.type(info.cpuTimeNs, 'bigint')
  t.match(await vm.xml(), /<name>vm-ü<\/name>/)
  t.match(await vm.xml({ inactive: true, secure: true }), /<domain type='test'>/)
  await t.rejects(vm.create(), { code: 'VIR_ERR_INTERNAL_ERROR', object: 'vm-ü', syscall: 'virDomainCreate' })

  const again = await connection.domainByUuid(vm.uuid)
  t.equal(again.name, vm.name)
  t.equal((await connection.domainByName('vm-ü')).uuid, vm.uuid)

  await vm.reboot()
  const waiting = vm.waitForState('shutoff', { timeoutMs: 10_000 })
  await vm.shutdown()
  t.strictSame(await waiting, { state: 'shutoff', reason: 'shutdown' })
  await vm.create()
  await vm.destroy()
  t.strictSame(await vm.state(), { state: 'shutoff', reason: 'destroyed' })
  await vm.undefine()
  await t.rejects(vm.state(), { code: 'VIR_ERR_NO_DOMAIN' })
  await t.rejects(vm.waitForState('running'), { code: 'VIR_ERR_NO_DOMAIN' })
  t.match(await vm.waitForState('shutoff'), { state: 'shutoff' }, 'a domain that is gone is shut off')
})

t.test('a transient domain goes with its run', async (t) => {
  const connection = await openTest(t)
  const vm = await connection.createDomain(domainXml('passing'))
  t.equal(await vm.isPersistent(), false)
  await vm.destroy()
  await t.rejects(connection.domainByName('passing'), {
    name: 'LibvirtError',
    code: 'VIR_ERR_NO_DOMAIN',
    errno: 42,
    level: 'error',
    domain: 'VIR_FROM_TEST',
    syscall: 'virDomainLookupByName',
    uri: 'test:///default',
    object: 'passing',
    message: /passing/,
  })
})

t.test('waitForState ends by its time and by its signal', async (t) => {
  const connection = await openTest(t)
  const vm = await connection.domainByName('test')
  const start = performance.now()
  await t.rejects(vm.waitForState('shutoff', { timeoutMs: 400 }), {
    code: 'ETIMEDOUT',
    object: 'test',
    message: /not 'shutoff' but 'running'/,
  })
  t.ok(performance.now() - start >= 390)
  const reason = new Error('enough')
  const controller = new AbortController()
  const waiting = vm.waitForState('shutoff', { signal: controller.signal })
  controller.abort(reason)
  await t.rejects(waiting, reason)
  await t.rejects(vm.waitForState('shutoff', { signal: controller.signal }), reason)
  t.match(await vm.waitForState('running', { timeoutMs: 0 }), { state: 'running' })
})

t.test('storage pools and volumes', async (t) => {
  const connection = await openTest(t)
  const pool = await connection.defineStoragePool(poolXml('images'))
  t.equal(pool.name, 'images')
  t.equal(await pool.isActive(), false)
  await t.rejects(pool.listVolumes(), { code: 'VIR_ERR_OPERATION_INVALID', object: 'images' })
  await pool.build()
  await pool.create()
  t.equal(await pool.isActive(), true)
  await pool.refresh()
  t.equal(await pool.autostart(), false)
  await pool.setAutostart(true)
  t.equal(await pool.autostart(), true)
  const info = await pool.info()
  t.equal(info.state, 'running')
  t.equal(info.capacity, info.allocation + info.available)
  t.match(await pool.xml(), /<pool type='dir'>/)
  t.equal((await connection.storagePoolByUuid(pool.uuid)).name, 'images')
  t.equal((await connection.storagePoolByName('images')).uuid, pool.uuid)
  t.strictSame((await connection.listStoragePools()).map((p) => p.name).sort(), ['default-pool', 'images'])
  t.strictSame(await connection.listStoragePools({ inactive: true }), [])

  const volume = await pool.createVolume(volumeXml('disk', 1 << 20))
  t.equal(volume.name, 'disk')
  t.equal(await volume.path(), '/nowhere/images/disk')
  t.equal(volume.key, '/nowhere/images/disk')
  t.match(await volume.info(), { type: 'file', capacity: 1 << 20 })
  t.match(await volume.xml(), /<volume/)
  await t.rejects(pool.createVolume(volumeXml('disk', 1 << 20)), { code: 'VIR_ERR_OPERATION_FAILED' })
  const clone = await pool.cloneVolume(volumeXml('copy', 1 << 20), volume)
  t.strictSame((await pool.listVolumes()).map((v) => v.name).sort(), ['copy', 'disk'])
  await clone.delete()
  await t.rejects(pool.volumeByName('copy'), { code: 'VIR_ERR_NO_STORAGE_VOL', object: 'copy' })

  const other = await openTest(t)
  const foreign = await (await other.storagePoolByName('default-pool')).createVolume(volumeXml('far', 4096))
  await t.rejects(pool.cloneVolume(volumeXml('copy', 4096), foreign), { code: 'ERR_INVALID_ARG_VALUE' })
  await foreign.delete()
  const closed = await pool.volumeByName('disk')
  await closed.close()
  await t.rejects(pool.cloneVolume(volumeXml('copy', 4096), closed), { code: 'EBADF' })

  await pool.destroy()
  await pool.undefine()
  await t.rejects(connection.storagePoolByName('images'), {
    code: 'VIR_ERR_NO_STORAGE_POOL',
    object: 'images',
  })
})

t.test('wrong arguments are refused before libvirt sees them', async (t) => {
  const connection = await openTest(t)
  const vm = await connection.domainByName('test')
  const pool = await connection.storagePoolByName('default-pool')
  const bad = (value: unknown) => value as never
  const type = { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' }
  const value = { code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError' }
  for (const wrong of [1, null, undefined, {}, Buffer.from('x')]) {
    await t.rejects(connection.defineDomain(bad(wrong)), type)
    await t.rejects(connection.domainByName(bad(wrong)), type)
  }
  await t.rejects(Connection.open(bad(7)), type)
  await t.rejects(Connection.open(''), value)
  await t.rejects(Connection.open('test:///default\0x'), value)
  await t.rejects(Connection.open('test:///default', { connectTimeoutMs: 0 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(Connection.open('test:///default', { keepAliveCount: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(Connection.open('test:///default', { readOnly: bad('yes') }), type)
  await t.rejects(Connection.open('test:///default', { signal: bad({}) }), type)
  await t.rejects(connection.defineDomain(`${domainXml('x')}\0<more/>`), value)
  await t.rejects(connection.domainByName('te\0st'), value)
  await t.rejects(connection.secretByUsage(bad('rbd'), 'x'), value)
  await t.rejects(connection.listDomains({ active: false, inactive: false }), value)
  await t.rejects(connection.listDomains({ active: bad(1) }), type)
  await t.rejects(vm.waitForState(bad('off')), value)
  await t.rejects(vm.waitForState('running', { timeoutMs: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(vm.attachDevice(bad({}), {}), type)
  await t.rejects(vm.attachDevice('<disk/>', { live: bad(1) }), type)
  await t.rejects(vm.destroy({ graceful: bad(1) }), type)
  await t.rejects(vm.qemuMonitorCommand(bad(undefined)), type)
  await t.rejects(vm.qemuMonitorCommand(bad({ execute: 1 })), type)
  await t.rejects(vm.qemuMonitorCommand(''), value)
  await t.rejects(pool.setAutostart(bad('yes')), type)
  await t.rejects(pool.cloneVolume('<volume/>', bad(pool)), type)
  const volume = await pool.createVolume(volumeXml('v', 4096))
  t.teardown(() => volume.delete())
  await t.rejects(volume.resize(-1), { code: 'ERR_OUT_OF_RANGE', name: 'RangeError' })
  await t.rejects(volume.resize(2n ** 64n), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(volume.resize(bad('1G')), type)
})

t.test('libvirt refuses with its own codes', async (t) => {
  const connection = await openTest(t)
  await t.rejects(connection.domainByUuid('not-a-uuid'), { code: 'VIR_ERR_INVALID_ARG', errno: 8 })
  await t.rejects(connection.defineDomain('<domain/>'), {
    code: 'VIR_ERR_NO_NAME',
    domain: 'VIR_FROM_DOMAIN',
  })
  await t.rejects(connection.defineStoragePool('<pool type="no-such"><name>x</name></pool>'), {
    name: 'LibvirtError',
    code: 'VIR_ERR_XML_ERROR',
    domain: 'VIR_FROM_XML',
  })
  await t.rejects(connection.listSecrets(), {
    code: 'VIR_ERR_NO_SUPPORT',
    syscall: 'virConnectListAllSecrets',
  })
  const vm = await connection.domainByName('test')
  await t.rejects(vm.qemuMonitorCommand('query-block'), {
    code: 'VIR_ERR_NO_SUPPORT',
    syscall: 'virDomainQemuMonitorCommand',
    object: 'test',
  })
})

t.test('a malformed document is not quoted in the error: it may hold a password', async (t) => {
  const connection = await openTest(t)
  const xml = "<domain type='test'><devices><graphics type='vnc' passwd='hunter2'></devices></domain>"
  const error = await connection.defineDomain(xml).then(
    () => t.fail('it was taken'),
    (reason: LibvirtError) => reason,
  )
  t.match(error, { name: 'LibvirtError', code: 'VIR_ERR_XML_DETAIL', message: /mismatch/ })
  t.notMatch(JSON.stringify([String(error), error, error instanceof Error && error.stack]), /hunter2/)
})

t.test('a read-only connection changes nothing', async (t) => {
  const connection = await Connection.open('test:///default', { readOnly: true })
  t.teardown(() => connection.close())
  const vm = await connection.domainByName('test')
  t.match(await vm.state(), { state: 'running' })
  const changes: (() => Promise<unknown>)[] = [
    () => vm.destroy(),
    () => vm.xml({ secure: true }),
    () => connection.defineDomain(domainXml('x')),
    () => connection.defineStoragePool(poolXml('x')),
  ]
  for (const change of changes) {
    await t.rejects(change, { code: 'VIR_ERR_OPERATION_DENIED' })
  }
})

t.test('after close() everything answers EBADF', async (t) => {
  const connection = await Connection.open('test:///default')
  const vm = await connection.domainByName('test')
  const pool = await connection.storagePoolByName('default-pool')
  const volume = await pool.createVolume(volumeXml('v', 4096))
  const inFlight = [vm.state(), connection.hostname(), volume.info(), connection.listDomains()]
  const first = connection.close()
  t.equal(connection.close(), first, 'idempotent')
  await t.resolves(Promise.all(inFlight), 'what was in flight ends well')
  await first
  t.ok(vm.closed && pool.closed && volume.closed, 'children are closed with it')
  const closed = { name: 'LibvirtError', code: 'EBADF', errno: -9, domain: 'VIR_FROM_NONE' }
  await t.rejects(connection.version(), { ...closed, message: /the connection is closed/ })
  await t.rejects(connection.listDomains(), closed)
  await t.rejects(vm.state(), { ...closed, object: 'test', syscall: 'virDomainGetState' })
  await t.rejects(pool.info(), { ...closed, message: /the storage pool is closed/ })
  await t.rejects(volume.info(), closed)
  await vm.close()
  await connection[Symbol.asyncDispose]()
})

t.test('a closed object leaves the connection and its siblings alone', async (t) => {
  const connection = await openTest(t)
  const one = await connection.domainByName('test')
  const two = await connection.domainByName('test')
  await one.close()
  await t.rejects(one.state(), { code: 'EBADF' })
  t.match(await two.state(), { state: 'running' })
})

t.test('five hundred calls at once, and more objects than anybody closes', async (t) => {
  const connection = await openTest(t)
  const lists = await Promise.all(Array.from({ length: 500 }, () => connection.listDomains()))
  t.ok(lists.every((list) => list.length === 1 && list[0]?.name === 'test'))
})

t.test('no connection', async (t) => {
  await t.rejects(Connection.open('qemu+unix:///system?socket=/nonexistent/socket'), {
    name: 'LibvirtError',
    code: 'VIR_ERR_SYSTEM_ERROR',
    syscall: 'virConnectOpen',
    domain: 'VIR_FROM_RPC',
  })
  await t.rejects(Connection.open('qemu+unix:///system?socket=/nonexistent/socket', { readOnly: true }), {
    code: 'VIR_ERR_SYSTEM_ERROR',
    syscall: 'virConnectOpenReadOnly',
  })
  await t.rejects(Connection.open('qemu+nosuch:///system'), { code: 'ERR_INVALID_ARG_VALUE' })
  const given = 'qemu+unix://joe:hunter2@host/system?socket=/nonexistent/socket'
  const error = await Connection.open(given).catch((reason: LibvirtError) => reason)
  t.match(error, { name: 'LibvirtError', uri: given.replace(':hunter2', '') })
  await t.rejects(Connection.open('test:///default', { signal: AbortSignal.abort(new Error('no')) }), {
    message: 'no',
  })
})
