/** Every call of the topics of libvirt's connections and domains with an object that it must refuse. */

import {
  AdminClient,
  AdminConnection,
  AdminServer,
  type Connection,
  type Domain,
  DomainCheckpoint,
  DomainSnapshot,
  type Interface,
  type Network,
  NetworkPort,
  type NodeDevice,
  NWFilter,
  NWFilterBinding,
  Secret,
  type StoragePool,
  type StorageVolume,
} from 'rbdkit/libvirt'

interface Things {
  virt: Connection
  vm: Domain
  network: Network
  iface: Interface
  device: NodeDevice
  pool: StoragePool
  volume: StorageVolume
}

type Call = () => unknown

/** Of what the test driver has none of, the method itself: it looks at its arguments first. */
// biome-ignore lint/suspicious/noExplicitAny: methods of many classes
const on = (target: object, method: any, ...args: unknown[]): unknown => method.call(target, ...args)

const x = '<x/>'

/** By place, as test/helpers/public-options.ts names them. */
export function libvirtOptions(things: Things, bad: Record<string, never>): Record<string, Call> {
  const { virt, vm, network, iface, device, pool, volume } = things
  const { host } = virt
  return {
    'Connection#createDomain: options': () => virt.createDomain(x, bad),
    'Connection#defineDomain: options': () => virt.defineDomain(x, bad),
    'Connection#domainStats: options': () => virt.domainStats(['state'], bad),
    'Connection#domainEvents: options': () => virt.domainEvents('lifecycle', bad),
    'Connection#events: options': () => virt.events('domain', 'lifecycle', bad),
    'Connection#qemuMonitorEvents: options': () => virt.qemuMonitorEvents(bad),
    'Connection#connected: options': () => virt.connected(bad),
    'ConnectionEvents#close: options': () => virt.close(bad),
    'ConnectionEvents#connected: options': () => virt.connected(bad),
    'ReconnectingConnection#close: options': () => virt.close(bad),
    'ReconnectingConnection#connected: options': () => virt.connected(bad),
    ...ofAdmin(vm, bad),
    'Connection#close: options': () => virt.close(bad),
    'ConnectionEvents#domainEvents: options': () => virt.domainEvents('lifecycle', bad),
    'ConnectionEvents#events: options': () => virt.events('network', 'lifecycle', bad),
    'ConnectionEvents#qemuMonitorEvents: options': () => virt.qemuMonitorEvents(bad),
    'Domain#close: options': () => vm.close(bad),
    ...ofDomain('Domain', vm, bad),
    ...ofStreams('Domain', vm, bad),
    ...ofDomain('DomainIo', vm, bad),
    ...ofStreams('DomainIo', vm, bad),
    ...ofState('DomainIo', vm, bad),
    ...ofDomain('DomainLifecycle', vm, bad),
    ...ofState('DomainLifecycle', vm, bad),
    'Domain#detachDeviceAlias: options': () => vm.detachDeviceAlias('a', bad),
    'Domain#messages: options': () => vm.messages(bad),
    'Domain#metadata: options': () => vm.metadata('title', bad),
    'Domain#qemuAgentCommand: options': () => vm.qemuAgentCommand('guest-ping', bad),
    'Domain#setMetadata: options': () => vm.setMetadata('title', 'x', bad),
    'Domain#updateDevice: options': () => vm.updateDevice(x, bad),
    'Domain#detachDisk: options': () => vm.detachDisk('vda', bad),
    'Network#events: options': () => network.events('lifecycle', bad),
    'NodeDevice#events: options': () => device.events('lifecycle', bad),
    'Secret#events: options': () => on(vm, Secret.prototype.events, 'lifecycle', bad),
    'StoragePool#events: options': () => pool.events('refresh', bad),
    'StorageVolume#download: options': () => volume.download(bad),
    'StorageVolume#upload: options': () => volume.upload(bad),
    'StorageVolume#uploadFile: options': () => volume.uploadFile('/x', bad),
    'Domain#migrate: options': () => vm.migrate(virt, bad),
    'DomainBackups#begin: options': () => vm.backups.begin(x, bad),
    'DomainBlockJobs#commit: options': () => vm.blockJobs.commit('vda', bad),
    'DomainBlockJobs#copy: options': () => vm.blockJobs.copy('vda', bad as never),
    'DomainBlockJobs#pull: options': () => vm.blockJobs.pull('vda', bad),
    'DomainCheckpoint#children: options': () => on(vm, DomainCheckpoint.prototype.children, bad),
    'DomainCheckpoint#close: options': () => on(vm, DomainCheckpoint.prototype.close, bad),
    'DomainCheckpoint#delete: options': () => on(vm, DomainCheckpoint.prototype.delete, bad),
    'DomainCheckpoint#xml: options': () => on(vm, DomainCheckpoint.prototype.xml, bad),
    'DomainCheckpoints#create: options': () => vm.checkpoints.create(x, bad),
    'DomainCheckpoints#list: options': () => vm.checkpoints.list(bad),
    'DomainCpus#count: options': () => vm.cpus.count(bad),
    'DomainCpus#emulatorPinning: options': () => vm.cpus.emulatorPinning(bad),
    'DomainCpus#pin: options': () => vm.cpus.pin(0, [0], bad),
    'DomainCpus#pinEmulator: options': () => vm.cpus.pinEmulator([0], bad),
    'DomainCpus#pinning: options': () => vm.cpus.pinning(bad),
    'DomainCpus#setCount: options': () => vm.cpus.setCount(1, bad),
    'DomainCpus#setEnabled: options': () => vm.cpus.setEnabled([0], true, bad),
    'DomainGraphics#open: options': () => vm.graphics.open(0, bad),
    'DomainGuest#fsFreeze: options': () => vm.guest.fsFreeze(bad),
    'DomainGuest#fsThaw: options': () => vm.guest.fsThaw(bad),
    'DomainGuest#fsTrim: options': () => vm.guest.fsTrim(bad),
    'DomainGuest#whileFrozen: options': () => vm.guest.whileFrozen(async () => {}, bad),
    'DomainGuest#hostname: options': () => vm.guest.hostname(bad),
    'DomainGuest#info: options': () => vm.guest.info(bad),
    'DomainGuest#interfaceAddresses: options': () => vm.guest.interfaceAddresses(bad),
    'DomainGuest#setAuthorizedSshKeys: options': () => vm.guest.setAuthorizedSshKeys('root', [], bad),
    'DomainGuest#setUserPassword: options': () => vm.guest.setUserPassword('root', 'x', bad),
    'DomainInput#sendKeys: options': () => vm.input.sendKeys([1], bad),
    'DomainIoThreads#add: options': () => vm.ioThreads.add(1, bad),
    'DomainIoThreads#delete: options': () => vm.ioThreads.delete(1, bad),
    'DomainIoThreads#list: options': () => vm.ioThreads.list(bad),
    'DomainIoThreads#pin: options': () => vm.ioThreads.pin(1, [0], bad),
    'DomainIoThreads#setParameters: options': () => vm.ioThreads.setParameters(1, {}, bad),
    'DomainIoThreads#setParameters: parameters': () => vm.ioThreads.setParameters(1, bad),
    'DomainJob#abort: options': () => vm.job.abort(bad),
    'DomainJob#statistics: options': () => vm.job.statistics(bad),
    'DomainMigration#maxSpeed: options': () => vm.migration.maxSpeed(bad),
    'DomainMigration#setMaxSpeed: options': () => vm.migration.setMaxSpeed(1, bad),
    'DomainMemory#peek: options': () => vm.memory.peek(0, 1, bad),
    'DomainMemory#set: options': () => vm.memory.set(1024, bad),
    'DomainSaved#define: options': () => vm.saved.define(x, bad),
    'DomainSaved#xml: options': () => vm.saved.xml(bad),
    'DomainSnapshot#children: options': () => on(vm, DomainSnapshot.prototype.children, bad),
    'DomainSnapshot#close: options': () => on(vm, DomainSnapshot.prototype.close, bad),
    'DomainSnapshot#delete: options': () => on(vm, DomainSnapshot.prototype.delete, bad),
    'DomainSnapshot#revert: options': () => on(vm, DomainSnapshot.prototype.revert, bad),
    'DomainSnapshot#xml: options': () => on(vm, DomainSnapshot.prototype.xml, bad),
    'DomainSnapshots#create: options': () => vm.snapshots.create(x, bad),
    'DomainSnapshots#list: options': () => vm.snapshots.list(bad),
    'DomainStatistics#setMemoryPeriod: options': () => vm.statistics.setMemoryPeriod(1, bad),
    ...ofTuning(vm, bad),
    'Host#allocPages: options': () => host.allocPages([], bad),
    'Host#baselineCpu: options': () => host.baselineCpu([], bad),
    'Host#baselineCpu: options.hypervisor': () => host.baselineCpu([], { hypervisor: bad }),
    'Host#cellsFreeMemory: options': () => host.cellsFreeMemory(bad),
    'Host#compareCpu: options': () => host.compareCpu(x, bad),
    'Host#compareCpu: options.hypervisor': () => host.compareCpu(x, { hypervisor: bad }),
    'Host#cpuStats: options': () => host.cpuStats(bad),
    'Host#domainCapabilities: options': () => host.domainCapabilities(bad),
    'Host#freePages: options': () => host.freePages([4096], bad),
    'Host#maxVcpus: options': () => host.maxVcpus(bad),
    'Host#memoryStats: options': () => host.memoryStats(bad),
    'Host#setMemoryParameters: parameters': () => host.setMemoryParameters(bad),
    'Host#allocPages: pages': () => host.allocPages([bad as never]),
    'Interface#close: options': () => iface.close(bad),
    'Interface#xml: options': () => iface.xml(bad),
    'Interfaces#define: options': () => virt.interfaces.define(x, bad),
    'Interfaces#list: options': () => virt.interfaces.list(bad),
    'NWFilter#close: options': () => on(vm, NWFilter.prototype.close, bad),
    'NWFilterBinding#close: options': () => on(vm, NWFilterBinding.prototype.close, bad),
    'NWFilters#createBinding: options': () => virt.nwfilters.createBinding(x, bad),
    'NWFilters#define: options': () => virt.nwfilters.define(x, bad),
    'Network#close: options': () => network.close(bad),
    'Network#createPort: options': () => network.createPort(x, bad),
    'Network#dhcpLeases: options': () => network.dhcpLeases(bad),
    'Network#metadata: options': () => network.metadata('title', bad),
    'Network#setMetadata: options': () => network.setMetadata('title', 'x', bad),
    'Network#update: options': () => network.update('modify', 'bridge', x, bad),
    'Network#xml: options': () => network.xml(bad),
    'NetworkPort#close: options': () => on(vm, NetworkPort.prototype.close, bad),
    'NetworkPort#setParameters: parameters': () => on(vm, NetworkPort.prototype.setParameters, bad),
    'Networks#create: options': () => virt.networks.create(x, bad),
    'Networks#define: options': () => virt.networks.define(x, bad),
    'Networks#list: options': () => virt.networks.list(bad),
    'NodeDevice#close: options': () => device.close(bad),
    'NodeDevice#detach: options': () => device.detach(bad),
    'NodeDevice#update: options': () => device.update(x, bad),
    'NodeDevices#create: options': () => virt.nodeDevices.create(x, bad),
    'NodeDevices#define: options': () => virt.nodeDevices.define(x, bad),
    'NodeDevices#list: options': () => virt.nodeDevices.list(bad),
    'SaveImages#define: options': () => virt.saveImages.define('/x', x, bad),
    'SaveImages#restore: options': () => virt.saveImages.restore('/x', bad),
    'SaveImages#xml: options': () => virt.saveImages.xml('/x', bad),
    'Storage#createPool: options': () => virt.storage.createPool(x, bad),
    'Storage#findSources: options': () => virt.storage.findSources('logical', bad),
    'StoragePool#build: options': () => pool.build(bad),
    'StoragePool#cloneVolume: options': () => pool.cloneVolume(x, volume, bad),
    'StoragePool#create: options': () => pool.create(bad),
    'StoragePool#createVolume: options': () => pool.createVolume(x, bad),
    'StoragePool#delete: options': () => pool.delete(bad),
    'StoragePool#xml: options': () => pool.xml(bad),
    'StorageVolume#delete: options': () => volume.delete(bad),
    'StorageVolume#info: options': () => volume.info(bad),
    'StorageVolume#wipe: options': () => volume.wipe(bad),
  }
}

function ofDomain(title: string, vm: Domain, bad: Record<string, never>): Record<string, Call> {
  return {
    [`${title}#coreDump: options`]: () => vm.coreDump('/x', bad),
    [`${title}#create: options`]: () => vm.create(bad),
    [`${title}#reboot: options`]: () => vm.reboot(bad),
    [`${title}#save: options`]: () => vm.save('/x', bad),
    [`${title}#shutdown: options`]: () => vm.shutdown(bad),
  }
}

function ofState(title: string, vm: Domain, bad: Record<string, never>): Record<string, Call> {
  return {
    [`${title}#close: options`]: () => vm.close(bad),
    [`${title}#destroy: options`]: () => vm.destroy(bad),
    [`${title}#undefine: options`]: () => vm.undefine(bad),
    [`${title}#waitForState: options`]: () => vm.waitForState('running', bad),
  }
}

function ofStreams(title: string, vm: Domain, bad: Record<string, never>): Record<string, Call> {
  return {
    [`${title}#events: options`]: () => vm.events('lifecycle', bad),
    [`${title}#openChannel: options`]: () => vm.openChannel(bad),
    [`${title}#openConsole: options`]: () => vm.openConsole(bad),
    [`${title}#qemuMonitorEvents: options`]: () => vm.qemuMonitorEvents(bad),
    [`${title}#screenshot: options`]: () => vm.screenshot(bad),
  }
}

/** Nothing of libvirt-admin can be opened beside a connection: its methods, and no object of theirs. */
function ofAdmin(vm: Domain, bad: Record<string, never>): Record<string, Call> {
  const client = AdminClient.prototype
  const server = AdminServer.prototype
  const admin = AdminConnection.prototype
  const calls = (title: string, prototype: object, methods: Record<string, unknown[]>): [string, Call][] =>
    Object.entries(methods).map(([name, args]) => [
      `${title}#${name}: options`,
      () => on(vm, prototype[name as never], ...args, bad),
    ])
  return {
    'AdminConnection.open: options': () => AdminConnection.open('libvirtd:///system', bad),
    'AdminServer#setClientLimits: limits': () => on(vm, server.setClientLimits, bad),
    'AdminServer#setThreadPool: parameters': () => on(vm, server.setThreadPool, bad),
    ...Object.fromEntries([
      ...calls('AdminClient', client, { close: [], disconnect: [], info: [] }),
      ...calls('AdminConnection', admin, {
        close: [],
        closeEvents: [],
        isAlive: [],
        libVersion: [],
        loggingFilters: [],
        loggingOutputs: [],
        serverByName: ['libvirtd'],
        servers: [],
        setDaemonTimeout: [1000],
        setLoggingFilters: [''],
        setLoggingOutputs: [''],
        uri: [],
      }),
      ...calls('AdminServer', server, {
        clientById: [1n],
        clientLimits: [],
        clients: [],
        close: [],
        setClientLimits: [{}],
        setThreadPool: [{}],
        threadPool: [],
        updateTlsFiles: [],
      }),
    ]),
  }
}

function ofTuning({ tuning }: Domain, bad: Record<string, never>): Record<string, Call> {
  return {
    'DomainTuning#blockIo: options': () => tuning.blockIo('vda', bad),
    'DomainTuning#memory: options': () => tuning.memory(bad),
    'DomainTuning#setBlockIo: limits': () => tuning.setBlockIo('vda', bad),
    'DomainTuning#setBlockIo: options': () => tuning.setBlockIo('vda', {}, bad),
    'DomainTuning#setMemory: options': () => tuning.setMemory({}, bad),
    'DomainTuning#setMemory: parameters': () => tuning.setMemory(bad),
    'DomainTuning#blkio: options': () => tuning.blkio(bad),
    'DomainTuning#deleteThrottleGroup: options': () => tuning.deleteThrottleGroup('g', bad),
    'DomainTuning#interface: options': () => tuning.interface('a', bad),
    'DomainTuning#numa: options': () => tuning.numa(bad),
    'DomainTuning#perfEvents: options': () => tuning.perfEvents(bad),
    'DomainTuning#scheduler: options': () => tuning.scheduler(bad),
    'DomainTuning#setBlkio: options': () => tuning.setBlkio({}, bad),
    'DomainTuning#setBlkio: parameters': () => tuning.setBlkio(bad),
    'DomainTuning#setInterface: options': () => tuning.setInterface('a', {}, bad),
    'DomainTuning#setInterface: parameters': () => tuning.setInterface('a', bad),
    'DomainTuning#setLifecycleAction: options': () => tuning.setLifecycleAction('crash', 'destroy', bad),
    'DomainTuning#setNuma: options': () => tuning.setNuma({}, bad),
    'DomainTuning#setNuma: parameters': () => tuning.setNuma(bad),
    'DomainTuning#setPerfEvents: options': () => tuning.setPerfEvents({}, bad),
    'DomainTuning#setPerfEvents: parameters': () => tuning.setPerfEvents(bad),
    'DomainTuning#setScheduler: options': () => tuning.setScheduler({}, bad),
    'DomainTuning#setScheduler: parameters': () => tuning.setScheduler(bad),
    'DomainTuning#setThrottleGroup: limits': () => tuning.setThrottleGroup('g', bad),
    'DomainTuning#setThrottleGroup: options': () => tuning.setThrottleGroup('g', {}, bad),
  }
}
