/** A real libvirtd's host, networks, filters and directories: what the test driver has not. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { Connection } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { randomName } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'

async function open(t: Test): Promise<Connection> {
  const connection = await Connection.open((await sharedHypervisor()).uri)
  t.teardown(() => connection.close())
  return connection
}

t.test('the host as the system itself has it', async (t) => {
  const { host } = await open(t)
  const info = await host.info()
  t.equal(info.model, 'x86_64')
  const online = readFileSync('/sys/devices/system/cpu/online', 'utf8').trim()
  const { cpus, online: numbers } = await host.cpuMap()
  t.equal(info.cpus, numbers.length)
  t.ok(cpus >= numbers.length)
  t.equal(numbers[0], Number(/^\d+/.exec(online)?.[0]))
  t.equal((await host.memoryStats()).total, totalmem())
  t.ok(Number((await host.memoryStats()).free) < totalmem())
  t.ok(Number((await host.cpuStats()).idle) > Number((await host.cpuStats({ cpu: 0 })).idle))
  await t.rejects(host.cpuStats({ cpu: 4711 }), { code: 'VIR_ERR_INVALID_ARG' })
  t.equal((await host.cellsFreeMemory()).length, 1)
  t.ok((await host.freeMemory()) > 2 ** 20)
  const [[pages = 0] = []] = await host.freePages([4096])
  t.ok(pages * 4096 > 2 ** 20)
  await t.rejects(host.freePages([3 * 1024]), { name: 'LibvirtError', syscall: 'virNodeGetFreePages' })
  t.match(await host.memoryParameters(), { shmPagesToScan: Number, shmSleepMillisecs: Number })
  t.match(await host.securityModel(), { model: String, doi: String })
})

t.test('what guests can have there', async (t) => {
  const { host } = await open(t)
  t.match(await host.domainCapabilities({ virtType: 'qemu' }), /<domain>qemu<\/domain>/)
  t.match(
    await host.domainCapabilities({ virtType: 'qemu', arch: 'x86_64', machine: 'q35' }),
    /<machine>pc-q35/,
  )
  await t.rejects(host.domainCapabilities({ virtType: 'xen' }), { name: 'LibvirtError' })
  t.match(await host.storagePoolCapabilities(), /<pool type='rbd' supported='yes'>/)
  t.match(await host.capabilities(), /<arch name='x86_64'>/)
  const cpu = (model: string) => `<cpu mode='custom' match='exact'><model>${model}</model></cpu>`
  t.equal(await host.compareCpu(cpu('qemu64'), { hypervisor: { virtType: 'qemu' } }), 'superset')
  t.equal(await host.compareCpu('<cpu><arch>ppc64</arch><model>POWER9</model></cpu>'), 'incompatible')
  await t.rejects(
    host.compareCpu('<cpu><arch>ppc64</arch><model>POWER9</model></cpu>', { failIncompatible: true }),
    { code: 'VIR_ERR_CPU_INCOMPATIBLE' },
  )
  t.match(
    await host.baselineCpu([cpu('qemu64'), cpu('qemu64')], { hypervisor: { virtType: 'qemu' } }),
    /<model fallback='forbid'>qemu64</,
  )
})

t.test('a network with ports', async (t) => {
  const { networks } = await open(t)
  const name = randomName('net')
  const network = await networks.define(
    `<network><name>${name}</name><forward mode='bridge'/><bridge name='${name}'/></network>`,
    { validate: true },
  )
  t.teardown(async () => {
    await network.destroy().catch(() => {})
    await network.undefine().catch(() => {})
  })
  await t.rejects(networks.define('<network><name>x</name><color/></network>', { validate: true }), {
    code: 'VIR_ERR_XML_INVALID_SCHEMA',
  })
  await network.create()
  t.strictSame(await network.dhcpLeases(), [])
  t.strictSame(await network.listPorts(), [])
  const owner = '6c0a2b54-4d4a-4d9a-9b6b-0b8f43a7a4a1'
  const port = await network.createPort(
    `<networkport><uuid>8e7a4b9c-5f0b-4d5e-8f3a-2a5d1a9b7c11</uuid><owner><name>${name}</name><uuid>${owner}</uuid></owner><mac address='52:54:00:7b:35:93'/></networkport>`,
  )
  t.match(await port.xml(), /52:54:00:7b:35:93/)
  t.strictSame(
    (await network.listPorts()).map(({ uuid }) => uuid),
    [port.uuid],
  )
  t.match(await (await network.portByUuid(port.uuid)).xml(), new RegExp(owner))
  t.strictSame(await port.parameters(), {})
  await port.setParameters({ inboundAverage: 100 })
  t.equal((await port.parameters()).inboundAverage, 100)
  await port.delete()
  t.strictSame(await network.listPorts(), [])
  await t.rejects(port.xml(), { code: 'VIR_ERR_NO_NETWORK_PORT', object: port.uuid })
  await t.rejects(network.portByUuid(port.uuid), { code: 'VIR_ERR_NO_NETWORK_PORT', object: port.uuid })
  t.match(await network.xml({ inactive: true }), /<forward mode='bridge'\/>/)
})

t.test('network filters', async (t) => {
  const { nwfilters } = await open(t)
  const name = randomName('filter')
  const rule = (action: string) =>
    `<filter name='${name}' chain='root'><rule action='${action}' direction='out' priority='500'><tcp dstportstart='25'/></rule></filter>`
  const filter = await nwfilters.define(rule('drop'))
  t.teardown(() => filter.undefine().catch(() => {}))
  t.ok((await nwfilters.list()).some((one) => one.name === name))
  t.match(await filter.xml(), /action='drop'/)
  t.equal((await nwfilters.byUuid(filter.uuid)).name, name)
  await nwfilters.define(rule('accept').replace("'root'>", `'root'><uuid>${filter.uuid}</uuid>`))
  t.match(await (await nwfilters.byName(name)).xml(), /action='accept'/)
  t.ok(Array.isArray(await nwfilters.listBindings()))
  await t.rejects(nwfilters.bindingByPortDev('vnet4711'), {
    code: 'VIR_ERR_NO_NWFILTER_BINDING',
    object: 'vnet4711',
  })
  await filter.undefine()
  await t.rejects(filter.xml(), { code: 'VIR_ERR_NO_NWFILTER' })
  await t.rejects(nwfilters.byName(name), { code: 'VIR_ERR_NO_NWFILTER', object: name })
})

t.test('interfaces and devices', async (t) => {
  const { interfaces, nodeDevices } = await open(t)
  for (const one of await interfaces.list()) {
    const state = readFileSync(`/sys/class/net/${one.name}/operstate`, 'utf8').trim()
    t.equal(await one.isActive(), state === 'up', one.name)
  }
  const lo = await interfaces.byName('lo')
  t.match(await lo.xml(), /<interface type='ethernet' name='lo'>/)
  await t.rejects(lo.destroy(), { name: 'LibvirtError', syscall: 'virInterfaceDestroy' })
  const computer = await nodeDevices.byName('computer')
  t.equal(await computer.parent(), undefined)
  t.equal(await computer.isActive(), true)
  t.equal(await computer.isPersistent(), true)
  const nets = await nodeDevices.list({ capabilities: ['net'] })
  const loopback = nets.find(({ name }) => name.startsWith('net_lo_'))
  t.match(await loopback?.capabilities(), ['net'])
  t.equal(await loopback?.parent(), 'computer')
  t.strictSame(await nodeDevices.list({ inactive: true }), [])
})

t.test('a directory as a storage pool', async (t) => {
  const connection = await open(t)
  const directory = mkdtempSync(join(tmpdir(), 'rbdkit-pool-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const [name, path] = [randomName('pool'), join(directory, 'pool')]
  const pool = await connection.defineStoragePool(
    `<pool type='dir'><name>${name}</name><target><path>${path}</path></target></pool>`,
  )
  await t.rejects(pool.create(), { name: 'LibvirtError' })
  await pool.create({ build: true })
  t.teardown(async () => {
    await pool.destroy().catch(() => {})
    await pool.undefine().catch(() => {})
  })
  t.ok(existsSync(path))
  t.equal(await pool.isPersistent(), true)
  t.equal((await connection.storage.poolByTargetPath(path)).name, name)
  await t.rejects(connection.storage.poolByTargetPath('/nowhere/else'), {
    code: 'VIR_ERR_NO_STORAGE_POOL',
    object: '/nowhere/else',
  })
  t.match(await pool.xml({ inactive: true }), new RegExp(`<name>${name}<`))
  const volume = await pool.createVolume(
    "<volume><name>disk</name><capacity>1048576</capacity><target><format type='qcow2'/></target></volume>",
    { preallocMetadata: true },
  )
  t.match(await volume.info(), { capacity: 1048576, type: 'file' })
  t.match(await volume.info({ physical: true }), { capacity: 1048576, allocation: Number })
  await volume.resize(2 ** 21, { delta: true })
  t.equal((await volume.info()).capacity, 1048576 + 2 ** 21)
  const raw = await pool.createVolume(
    "<volume><name>raw</name><capacity>4096</capacity><target><format type='raw'/></target></volume>",
  )
  writeFileSync(await raw.path(), Buffer.alloc(4096, 7))
  await raw.wipe()
  t.ok(readFileSync(await raw.path()).equals(Buffer.alloc(4096)))
  await t.rejects(raw.wipe({ algorithm: 'trim' }), { code: 'VIR_ERR_ARGUMENT_UNSUPPORTED', object: 'raw' })
  await t.rejects(raw.wipe({ algorithm: 'fire' as never }), { code: 'ERR_INVALID_ARG_VALUE' })
  await raw.delete()
  await volume.delete()
  await pool.destroy()
  await pool.delete()
  t.notOk(existsSync(path), 'the directory is gone')
})
