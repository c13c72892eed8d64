/** The host, its networks, interfaces and devices on libvirt's test driver, whose host is always the same. */

import { Connection, Interface, Network, NodeDevice } from 'rbdkit/libvirt'
import t, { type Test } from 'tap'
import { libvirtHas } from '../helpers/releases.js'

async function openTest(t: Test): Promise<Connection> {
  const connection = await Connection.open('test:///default')
  t.teardown(() => connection.close())
  return connection
}

t.test('the host', async (t) => {
  const connection = await openTest(t)
  const { host } = connection
  t.strictSame(await host.info(), {
    model: 'i686',
    memory: 3 * 2 ** 30,
    cpus: 16,
    mhz: 1400,
    nodes: 2,
    sockets: 2,
    cores: 2,
    threads: 2,
  })
  t.match(await host.capabilities(), /<arch>i686<\/arch>/)
  t.match(await host.sysinfo(), /<sysinfo type='smbios'>/)
  t.equal(await host.maxVcpus(), 32)
  t.equal(await host.maxVcpus({ type: 'test' }), 32)
  const models = await host.cpuModels('x86_64')
  t.ok(models.includes('qemu64') && models.includes('Haswell'))
  await t.rejects(host.cpuModels('vax'), { name: 'LibvirtError', syscall: 'virConnectGetCPUModelNames' })
  const cpu = (model: string) => `<cpu><arch>x86_64</arch><model>${model}</model></cpu>`
  t.match(await host.baselineCpu([cpu('Haswell'), cpu('Nehalem')]), /<model[^>]*>Nehalem<\/model>/)
  t.match(await host.baselineCpu([cpu('Nehalem')], { expandFeatures: true }), /<feature [^>]*name='sse4/)
  t.strictSame(await host.cpuMap(), { cpus: 8, online: [0, 2, 4] })
  const stats = await host.cpuStats()
  const version = await connection.libVersion()
  const guest = libvirtHas(version, '12.8.0') ? ['guest'] : []
  t.match(Object.keys(stats).sort(), [...guest, 'idle', 'iowait', 'kernel', 'user'])
  t.ok(Number(stats.user) > 0)
  t.ok((await host.freeMemory()) > 0)
  t.equal((await host.cellsFreeMemory({ count: 2 })).length, 2)
  t.equal((await host.cellsFreeMemory({ first: 1 })).length, 1)
  t.strictSame(await host.securityModel(), { model: 'testSecurity', doi: '' })
  // What the test driver has not: the C function is the right one.
  for (const [call, syscall] of [
    [() => host.storagePoolCapabilities(), 'virConnectGetStoragePoolCapabilities'],
    [() => host.compareCpu(cpu('qemu64')), 'virConnectCompareCPU'],
    [() => host.compareCpu(cpu('qemu64'), { hypervisor: {} }), 'virConnectCompareHypervisorCPU'],
    [() => host.baselineCpu([cpu('qemu64')], { hypervisor: {} }), 'virConnectBaselineHypervisorCPU'],
    [() => host.memoryStats(), 'virNodeGetMemoryStats'],
    [() => host.allocPages([{ size: 2 ** 21, count: 1 }]), 'virNodeAllocPages'],
    [() => host.memoryParameters(), 'virNodeGetMemoryParameters'],
    [() => host.setMemoryParameters({ shmPagesToScan: 1 }), 'virNodeSetMemoryParameters'],
    [() => host.sevInfo(), 'virNodeGetSEVInfo'],
  ] as [call: () => Promise<unknown>, syscall: string][]) {
    await t.rejects(call(), { code: 'VIR_ERR_NO_SUPPORT', syscall })
  }
  const capabilities = host.domainCapabilities({ arch: 'x86_64' })
  if (libvirtHas(version, '11.3.0')) t.match(await capabilities, /<domain>test<\/domain>/)
  else
    await t.rejects(capabilities, { code: 'VIR_ERR_NO_SUPPORT', syscall: 'virConnectGetDomainCapabilities' })
  const bad = (value: unknown) => value as never
  await t.rejects(host.freePages([1000]), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(host.freePages(bad(4096)), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(host.suspend(bad('bed'), 60), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(host.compareCpu('<cpu/>', bad({ strict: true })), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(host.domainCapabilities(bad({ architecture: 'x' })), { code: 'ERR_INVALID_ARG_VALUE' })
})

const networkXml = (name: string) =>
  `<network><name>${name}</name><bridge name='${name}br'/><ip address='10.99.0.1' netmask='255.255.255.0'><dhcp><range start='10.99.0.2' end='10.99.0.99'/></dhcp></ip></network>`

t.test('networks', async (t) => {
  const { networks } = await openTest(t)
  t.strictSame(
    (await networks.list()).map((network) => network.name),
    ['default'],
  )
  const lab = await networks.define(networkXml('lab'))
  t.ok(lab instanceof Network)
  t.match(lab.uuid, /^[0-9a-f-]{36}$/)
  t.equal(await lab.isActive(), false)
  t.equal(await lab.isPersistent(), true)
  t.strictSame(
    (await networks.list({ inactive: true })).map((network) => network.name),
    ['lab'],
  )
  await lab.create()
  t.equal(await lab.isActive(), true)
  t.strictSame((await networks.list({ active: true })).map((network) => network.name).sort(), [
    'default',
    'lab',
  ])
  await t.rejects(lab.create(), {
    code: 'VIR_ERR_OPERATION_INVALID',
    object: 'lab',
    syscall: 'virNetworkCreate',
  })
  t.equal(await lab.bridgeName(), 'labbr')
  t.equal(await lab.autostart(), false)
  await lab.setAutostart(true)
  t.equal(await lab.autostart(), true)
  t.equal((await networks.byUuid(lab.uuid)).name, 'lab')
  t.equal((await networks.byName('lab')).uuid, lab.uuid)

  const host = "<host mac='52:54:00:00:00:01' name='one' ip='10.99.0.10'/>"
  await lab.update('add-last', 'ip-dhcp-host', host, { live: true })
  t.match(await lab.xml(), /10\.99\.0\.10/)
  await lab.update('delete', 'ip-dhcp-host', host, { live: true, parentIndex: 0 })
  t.notMatch(await lab.xml(), /10\.99\.0\.10/)
  await t.rejects(lab.update('drop' as never, 'ip-dhcp-host', host), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(lab.setAutostart('yes' as never), { code: 'ERR_INVALID_ARG_TYPE' })
  for (const call of [
    () => lab.dhcpLeases(),
    () => lab.dhcpLeases({ mac: '52:54:00:00:00:01' }),
    () => lab.listPorts(),
  ] as (() => Promise<unknown>)[])
    await t.rejects(call(), { code: 'VIR_ERR_NO_SUPPORT', object: 'lab' })
  await t.rejects(lab.createPort('<networkport/>'), {
    name: 'LibvirtError',
    syscall: 'virNetworkPortCreateXML',
  })
  await t.rejects(lab.portByUuid(lab.uuid), {
    name: 'LibvirtError',
    syscall: 'virNetworkPortLookupByUUIDString',
  })

  await lab.destroy()
  t.equal(await lab.isActive(), false)
  await lab.undefine()
  await t.rejects(networks.byName('lab'), { code: 'VIR_ERR_NO_NETWORK', object: 'lab' })
  const passing = await networks.create(networkXml('passing'))
  t.equal(await passing.isPersistent(), false)
  await passing.destroy()
  await t.rejects(passing.isActive(), { code: 'VIR_ERR_NO_NETWORK' })
})

t.test('functions that are newer than this libvirt say since when there are', async (t) => {
  const connection = await openTest(t)
  const version = (await connection.libVersion()).split('.').map(Number)
  const before = (major: number, minor: number) =>
    (version[0] ?? 0) < major || (version[0] === major && (version[1] ?? 0) < minor)
  const network = await connection.networks.byName('default')
  const domain = await connection.domainByName('test')
  for (const [call, since, older] of [
    [() => network.setMetadata('title', 'x'), '9.7.0', before(9, 7)],
    [() => network.metadata('title'), '9.7.0', before(9, 7)],
    [() => domain.autostartOnce(), '11.2.0', before(11, 2)],
    [() => domain.setAutostartOnce(true), '11.2.0', before(11, 2)],
    [() => domain.tuning.setThrottleGroup('slow', { totalIopsSec: 1 }), '11.2.0', before(11, 2)],
    [() => domain.tuning.deleteThrottleGroup('slow'), '11.2.0', before(11, 2)],
    [() => domain.graphics.reload(), '10.2.0', before(10, 2)],
    [() => domain.announceInterface(), '12.5.0', before(12, 5)],
  ] as [call: () => Promise<unknown>, since: string, older: boolean][]) {
    const error = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (older) t.match(error, { code: 'ENOSYS', message: new RegExp(`older than libvirt ${since}`) })
    else t.not((error as { code?: string } | undefined)?.code, 'ENOSYS')
  }
})

t.test('interfaces of the host', async (t) => {
  const { interfaces } = await openTest(t)
  const [eth1] = await interfaces.list()
  t.ok(eth1 instanceof Interface)
  t.match(eth1, { name: 'eth1', mac: 'aa:bb:cc:dd:ee:ff' })
  t.equal(await eth1?.isActive(), true)
  t.equal((await interfaces.byMac('aa:bb:cc:dd:ee:ff')).name, 'eth1')
  await t.rejects(interfaces.byMac('00:00:00:00:00:00'), { code: 'VIR_ERR_NO_INTERFACE' })

  await interfaces.changeBegin()
  const xml =
    "<interface type='ethernet' name='eth9'><start mode='none'/><mac address='aa:bb:cc:dd:ee:01'/></interface>"
  const added = await interfaces.define(xml)
  t.equal(await added.isActive(), false)
  await added.create()
  t.equal(await added.isActive(), true)
  t.match(await added.xml(), /name='eth9'/)
  await added.destroy()
  t.strictSame(
    (await interfaces.list({ inactive: true })).map(({ name }) => name),
    ['eth9'],
  )
  await interfaces.changeRollback()
  await t.rejects(interfaces.byName('eth9'), { code: 'VIR_ERR_NO_INTERFACE', object: 'eth9' })
  await interfaces.changeBegin()
  await interfaces.define(xml)
  await interfaces.changeCommit()
  const kept = await interfaces.byName('eth9')
  await kept.undefine()
  await t.rejects(kept.isActive(), { code: 'VIR_ERR_NO_INTERFACE' })
  await t.rejects(interfaces.changeCommit(), { code: 'VIR_ERR_OPERATION_INVALID' })
})

t.test('devices of the host', async (t) => {
  const connection = await openTest(t)
  const { nodeDevices } = connection
  const all = await nodeDevices.list()
  t.ok(all.length >= 4 && all.every((device) => device instanceof NodeDevice))
  const hosts = await nodeDevices.list({ capabilities: ['fc_host'] })
  t.ok(hosts.length > 0 && hosts.length < all.length)
  t.strictSame(
    (await nodeDevices.list({ capabilities: ['system'] })).map(({ name }) => name),
    ['computer'],
  )
  const computer = await nodeDevices.byName('computer')
  t.equal(await computer.parent(), undefined)
  t.match(await computer.xml(), /<name>computer<\/name>/)
  const scsi = await nodeDevices.byName('scsi_host1')
  t.equal(await scsi.parent(), 'computer')
  t.strictSame((await scsi.capabilities()).sort(), ['scsi_host'])
  const made = await nodeDevices.create(
    "<device><parent>scsi_host1</parent><capability type='scsi_host'><capability type='fc_host'><wwnn>2100001b32a9da4e</wwnn><wwpn>2101001b32a90002</wwpn></capability></capability></device>",
  )
  t.equal(await made.parent(), 'scsi_host1')
  await made.destroy()
  await t.rejects(made.xml(), { code: 'VIR_ERR_NO_NODE_DEVICE' })
  await t.rejects(nodeDevices.byName('nothing'), { code: 'VIR_ERR_NO_NODE_DEVICE', object: 'nothing' })
  await t.rejects(nodeDevices.list({ capabilities: ['gpu' as never] }), { code: 'ERR_INVALID_ARG_VALUE' })
  for (const [call, syscall] of [
    [() => scsi.autostart(), 'virNodeDeviceGetAutostart'],
    [() => scsi.setAutostart(true), 'virNodeDeviceSetAutostart'],
    [() => scsi.create(), 'virNodeDeviceCreate'],
    [() => scsi.undefine(), 'virNodeDeviceUndefine'],
    [() => scsi.detach(), 'virNodeDeviceDetachFlags'],
    [() => scsi.reAttach(), 'virNodeDeviceReAttach'],
    [() => scsi.reset(), 'virNodeDeviceReset'],
    [() => nodeDevices.define('<device/>'), 'virNodeDeviceDefineXML'],
    [
      () => nodeDevices.scsiHostByWwn('2100001b32a9da4e', '2101001b32a9da4e'),
      'virNodeDeviceLookupSCSIHostByWWN',
    ],
  ] as [call: () => Promise<unknown>, syscall: string][]) {
    await t.rejects(call(), { name: 'LibvirtError', syscall })
  }
  for (const [call, syscall] of [
    [() => scsi.isActive(), 'virNodeDeviceIsActive'],
    [() => scsi.isPersistent(), 'virNodeDeviceIsPersistent'],
  ] as const) {
    if (libvirtHas(await connection.libVersion(), '11.3.0')) t.equal(await call(), true, syscall)
    else await t.rejects(call(), { name: 'LibvirtError', syscall })
  }
})

t.test('storage by what it is, and not by its name', async (t) => {
  const connection = await openTest(t)
  const { storage } = connection
  const passing = await storage.createPool(
    "<pool type='dir'><name>passing</name><target><path>/nowhere/passing</path></target></pool>",
  )
  t.equal(await passing.isPersistent(), false)
  t.equal(await passing.isActive(), true)
  await passing.createVolume('<volume><name>disk</name><capacity>4096</capacity></volume>')
  const volume = await storage.volumeByPath('/nowhere/passing/disk')
  t.match({ name: volume.name, pool: volume.pool.name }, { name: 'disk', pool: 'passing' })
  t.equal((await storage.volumeByKey(volume.key)).pool.uuid, passing.uuid)
  t.equal((await volume.info()).capacity, 4096)
  await t.rejects(storage.volumeByKey('/nowhere/passing/none'), { code: 'VIR_ERR_NO_STORAGE_VOL' })
  t.match(await storage.findSources('logical'), /<sources>/)
  await t.rejects(storage.findSources('zfs'), {
    name: 'LibvirtError',
    syscall: 'virConnectFindStoragePoolSources',
  })
  await passing.destroy()
  await t.rejects(passing.isActive(), { code: 'VIR_ERR_NO_STORAGE_POOL' })
  t.equal(await connection.isSecure(), true)
  t.equal(await connection.isEncrypted(), false)
  await t.rejects(connection.nativeConfig.fromXml('qemu-argv', '<domain/>'), {
    name: 'LibvirtError',
    syscall: 'virConnectDomainXMLToNative',
  })
})

t.test('network filters, which the test driver has none of', async (t) => {
  const { nwfilters } = await openTest(t)
  for (const [call, syscall] of [
    [() => nwfilters.list(), 'virConnectListAllNWFilters'],
    [() => nwfilters.byName('x'), 'virNWFilterLookupByName'],
    [() => nwfilters.byUuid('d54df46f-1ab5-4a22-8618-4560ef5fac2c'), 'virNWFilterLookupByUUIDString'],
    [() => nwfilters.define("<filter name='x'/>"), 'virNWFilterDefineXMLFlags'],
    [() => nwfilters.listBindings(), 'virConnectListAllNWFilterBindings'],
    [() => nwfilters.bindingByPortDev('vnet0'), 'virNWFilterBindingLookupByPortDev'],
    [() => nwfilters.createBinding('<filterbinding/>'), 'virNWFilterBindingCreateXML'],
  ] as [call: () => Promise<unknown>, syscall: string][]) {
    await t.rejects(call(), { code: 'VIR_ERR_NO_SUPPORT', syscall })
  }
})
