/** Whatever takes options refuses those that it does not know, by name: they would have asked for something else. */

import { Readable } from 'node:stream'
import {
  applyDiff,
  BenchWorker,
  BufferPool,
  bench,
  benchWorkers,
  Cluster,
  cleanupCopies,
  cloneTree,
  compare,
  copy,
  diffExtents,
  exportDiff,
  exportImage,
  flattenTree,
  Group,
  Image,
  importDiff,
  importImage,
  inspectDiff,
  inventory,
  Migration,
  Mirror,
  MirrorSnapshotSchedules,
  mergeDiffs,
  namespaceCreate,
  namespaceExists,
  namespaceList,
  namespaceRemove,
  PoolConfig,
  PoolMetadata,
  poolInit,
  poolStats,
  ReadOp,
  removeTree,
  Tasks,
  Trash,
  TrashPurgeSchedules,
  WriteOp,
} from 'rbdkit'
import { LocalCluster, LocalHypervisor } from 'rbdkit/dev'
import { Connection, Secret, xml } from 'rbdkit/libvirt'
import { cloudInitDisk, diagnose, prepareLibvirt, removeLibvirt, rotateLibvirtKey } from 'rbdkit/provision'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { imageOptions } from '../../helpers/image-options.js'
import { libvirtOptions } from '../../helpers/libvirt-options.js'
import { machineOptions } from '../../helpers/machine-options.js'
import { publicOptions } from '../../helpers/public-options.js'
import { xmlOptions } from '../../helpers/xml-options.js'
import { mib, openPool } from '../copy/fixture.js'

/** Nothing asks for it, and it is like nothing that there is. */
const odd = 'xyzzyOption'

t.test('every public function that takes options names one that it does not know', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  await image.snapshots.create('one')
  await ioctx.createObject('object')
  const file = image.fileHandle()
  const rest = { quiesce: () => {}, unquiesce: () => {} }
  await using updates = await image.watches.updates()
  await using quiesce = await image.watches.quiesce(rest)
  await using locks = await image.locks.watch()
  const trash = new Trash(ioctx)
  const group = new Group(ioctx, 'group')
  const migration = new Migration(ioctx, 'image')
  const mirror = new Mirror(ioctx)
  const config = new PoolConfig(ioctx)
  const poolMetadata = new PoolMetadata(ioctx)
  const tasks = new Tasks(cluster)
  const purgeSchedules = new TrashPurgeSchedules(cluster)
  const mirrorSchedules = new MirrorSnapshotSchedules(cluster)
  const user = { entity: 'client.none', key: 'AQAAAAAAAAAAAAEAAA==', caps: {} }
  const libvirtUser = { pool: 'p', user: 'u' }
  const raw = { type: 'raw', stream: { type: 'file', path: '/dev/null' } } as const
  await using watch = await ioctx.watch('object', () => {})
  await using log = await cluster.monitorLog()
  await using virt = await Connection.open('test:///default')
  const vm = await virt.domainByName('test')
  await using events = await virt.domainEvents('lifecycle')
  const pool = await virt.storagePoolByName('default-pool')
  const volume = await pool.createVolume(xml.storageVolume({ name: randomName('volume'), capacity: mib }))
  const network = await virt.networks.byName('default')
  const iface = await virt.interfaces.byName('eth1')
  const device = await virt.nodeDevices.byName('computer')

  const bad = { [odd]: 1 } as unknown as Record<string, never>
  const end = { ioctx, image: 'image' }
  const there = { file: '/dev/null', ...bad }
  const here = { ...end, ...bad }
  const data = Buffer.alloc(512)
  const hot = { part: 0.1, share: 0.9, ...bad }

  // With each what is needed besides, so that nothing else is wrong.
  const calls: Record<string, () => unknown> = {
    'Auth#get: options': () => cluster.auth.get('client.none', bad),
    'Auth#getKey: options': () => cluster.auth.getKey('client.none', bad),
    'Auth#getOrCreate: options': () => cluster.auth.getOrCreate('client.none', {}, bad),
    'Auth#import: options': () => cluster.auth.import(user, bad),
    'Auth#import: user': () => cluster.auth.import(bad as never),
    'Auth#list: options': () => cluster.auth.list(bad),
    'Auth#remove: options': () => cluster.auth.remove('client.none', bad),
    'Auth#setCaps: options': () => cluster.auth.setCaps('client.none', {}, bad),
    'Cluster#close: options': () => cluster.close(bad),
    'Cluster#monitors: options': () => cluster.monitors(bad),
    'Cluster#stat: options': () => cluster.stat(bad),
    'Cluster#version: options': () => cluster.version(bad),
    ...imageOptions({ ioctx, image, file, locks, quiesce, updates }, bad),
    ...libvirtOptions({ virt, vm, network, iface, device, pool, volume }, bad),
    ...xmlOptions(bad),
    'Events#close: options': () => events.close(bad),
    'IoCtx#close: options': () => ioctx.close(bad),
    'IoCtx#removeObject: options': () => ioctx.removeObject('object', bad),
    'IoCtx#stat: options': () => ioctx.stat(bad),
    'IoCtx#statObject: options': () => ioctx.statObject('object', bad),
    'IoCtx#writeFull: options': () => ioctx.writeFull('object', data, bad),
    'LibvirtObject#close: options': () => pool.close(bad),
    'Pools#delete: options': () => cluster.pools.delete('none', bad),
    'Pools#list: options': () => cluster.pools.list(bad),
    'Secret#close: options': () => Secret.prototype.close.call(vm, bad),
    'StoragePool#close: options': () => pool.close(bad),
    'StorageVolume#close: options': () => volume.close(bad),
    'Trash#get: options': () => trash.get('id', bad),
    'Trash#list: options': () => trash.list(bad),
    'Trash#move: options': () => trash.move('image', bad),
    'Trash#remove: options': () => trash.remove('id', bad),
    'Trash#restore: options': () => trash.restore('id', 'name', bad),
    'WriteOp#create: options': () => new WriteOp().create(bad),
    'Watch#check: options': () => watch.check(bad),
    'Watch#close: options': () => watch.close(bad),
    'namespaceCreate: options': () => namespaceCreate(ioctx, 'none', bad),
    'namespaceExists: options': () => namespaceExists(ioctx, 'none', bad),
    'inventory: options': () => inventory(ioctx, bad).next(),
    'cloneTree: image': () => cloneTree(ioctx, { id: 'x', ...bad }),
    'cloneTree: options': () => cloneTree(ioctx, 'x', bad),
    'flattenTree: image': () => flattenTree(ioctx, { id: 'x', ...bad }, { maxDepth: 1 }),
    'flattenTree: options': () => flattenTree(ioctx, 'x', { maxDepth: 1, ...bad }),
    'removeTree: image': () => removeTree(ioctx, { id: 'x', ...bad }),
    'removeTree: options': () => removeTree(ioctx, 'x', bad),
    'namespaceList: options': () => namespaceList(ioctx, bad),
    'namespaceRemove: options': () => namespaceRemove(ioctx, 'none', bad),
    'BenchWorker.start: options': () => BenchWorker.start(ioctx, bad),
    'BufferPool#acquire: options': () => new BufferPool({ bufferSize: 4096, count: 1 }).acquire(bad),
    'BufferPool: options': () => new BufferPool({ bufferSize: 4096, count: 1, ...bad }),
    'Cluster#managerCommand: options': () => cluster.managerCommand({ prefix: 'pg stat' }, bad),
    'Cluster#monitorCommand: options': () => cluster.monitorCommand({ prefix: 'status' }, bad),
    'Cluster#openIoCtx: options': () => cluster.openIoCtx(ioctx.pool, bad),
    'Cluster#waitForLatestMap: options': () => cluster.waitForLatestMap(bad),
    'Cluster#setOption: options': () => cluster.setOption('log_file', '/dev/null', bad),
    'Cluster.connect: options': () => Cluster.connect(bad),
    'Connection#listDomains: options': () => virt.listDomains(bad),
    'Connection#listStoragePools: options': () => virt.listStoragePools(bad),
    'Connection.open: options': () => Connection.open('test:///default', bad),
    'Connection.open: options.reconnect': () => Connection.open('test:///default', { reconnect: bad }),
    'Domain#attachDevice: options': () => vm.attachDevice(xml.fileDisk({ path: '/x', target: 'vda' }), bad),
    'Domain#destroy: options': () => vm.destroy(bad),
    'Domain#detachDevice: options': () => vm.detachDevice(xml.fileDisk({ path: '/x', target: 'vda' }), bad),
    'Domain#qemuMonitorCommand: options': () => vm.qemuMonitorCommand('query-status', bad),
    'Domain#undefine: options': () => vm.undefine(bad),
    'Domain#waitForState: options': () => vm.waitForState('running', bad),
    'Domain#xml: options': () => vm.xml(bad),
    'IoCtx#createObject: options': () => ioctx.createObject('new', bad),
    'IoCtx#lockObject: lock': () => ioctx.lockObject('object', { name: 'lock', ...bad }),
    'IoCtx#notify: options': () => ioctx.notify('object', data, bad),
    'IoCtx#operate: options': () => ioctx.operate('object', new WriteOp().remove(), bad),
    'IoCtx#readObject: options': () => ioctx.readObject('object', bad),
    'IoCtx#unlockObject: lock': () => ioctx.unlockObject('object', { name: 'lock', ...bad }),
    'IoCtx#watch: options': () => ioctx.watch('object', () => {}, bad),
    'Applications#enable: options': () => ioctx.applications.enable('a', bad),
    'Applications#getMetadata: options': () => ioctx.applications.getMetadata('a', 'k', bad),
    'Applications#list: options': () => ioctx.applications.list(bad),
    'Applications#metadata: options': () => ioctx.applications.metadata('a', bad),
    'Applications#removeMetadata: options': () => ioctx.applications.removeMetadata('a', 'k', bad),
    'Applications#setMetadata: options': () => ioctx.applications.setMetadata('a', 'k', 'v', bad),
    'Cluster#address: options': () => cluster.address(bad),
    'Cluster#blocklistAdd: options': () => cluster.blocklistAdd('127.0.0.9:0/1', bad),
    'Cluster#minCompatible: options': () => cluster.minCompatible(bad),
    'Cluster#monitorLog: options': () => cluster.monitorLog('info', bad),
    'Cluster#osdCommand: options': () => cluster.osdCommand(0, { prefix: 'version' }, bad),
    'Cluster#pgCommand: options': () => cluster.pgCommand('1.0', { prefix: 'query' }, bad),
    'Cluster#pingMonitor: options': () => cluster.pingMonitor('a', bad),
    'IoCtx#alignment: options': () => ioctx.alignment(bad),
    'IoCtx#appendObject: options': () => ioctx.appendObject('object', data, bad),
    'IoCtx#breakObjectLock: lock': () => ioctx.breakObjectLock('object', { name: 'n', client: 'c', ...bad }),
    'IoCtx#checksumObject: options': () =>
      ioctx.checksumObject('object', { algorithm: 'crc32c', length: 1, ...bad }),
    'IoCtx#compareObject: options': () => ioctx.compareObject('object', data, 0, bad),
    'IoCtx#execObject: options': () => ioctx.execObject('object', 'hello', 'say_hello', data, bad),
    'IoCtx#flush: options': () => ioctx.flush(bad),
    'IoCtx#objectLockers: options': () => ioctx.objectLockers('object', 'lock', bad),
    'IoCtx#objects: options': () => ioctx.objects(bad),
    'IoCtx#poolName: options': () => ioctx.poolName(bad),
    'IoCtx#truncateObject: options': () => ioctx.truncateObject('object', 0, bad),
    'IoCtx#writeObject: options': () => ioctx.writeObject('object', data, 0, bad),
    'IoCtx#writeSameObject: options': () =>
      ioctx.writeSameObject('object', data, { position: 0, length: 512, ...bad }),
    'IoCtx#zeroObject: options': () => ioctx.zeroObject('object', { position: 0, length: 1, ...bad }),
    'MonitorLog#close: options': () => log.close(bad),
    'Omap#clear: options': () => ioctx.omap.clear('object', bad),
    'Omap#entries: options': () => ioctx.omap.entries('object', bad).next(),
    'Omap#get: options': () => ioctx.omap.get('object', [], bad),
    'Omap#keys: options': () => ioctx.omap.keys('object', bad).next(),
    'Omap#remove: options': () => ioctx.omap.remove('object', [], bad),
    'Omap#removeRange: options': () => ioctx.omap.removeRange('object', 'a', 'b', bad),
    'Omap#set: options': () => ioctx.omap.set('object', new Map(), bad),
    'PoolSnapshots#create: options': () => ioctx.snapshots.create('s', bad),
    'PoolSnapshots#id: options': () => ioctx.snapshots.id('s', bad),
    'PoolSnapshots#list: options': () => ioctx.snapshots.list(bad),
    'PoolSnapshots#remove: options': () => ioctx.snapshots.remove('s', bad),
    'PoolSnapshots#rollback: options': () => ioctx.snapshots.rollback('object', 's', bad),
    'Pools#baseTier: options': () => cluster.pools.baseTier(1n, bad),
    'Pools#id: options': () => cluster.pools.id('none', bad),
    'Pools#inconsistentPgs: options': () => cluster.pools.inconsistentPgs(1n, bad),
    'Pools#name: options': () => cluster.pools.name(1n, bad),
    'ReadOp#checksum: options': () => new ReadOp().checksum({ algorithm: 'crc32c', length: 1, ...bad }),
    'ReadOp#omapEntries: range': () => new ReadOp().omapEntries(bad),
    'ReadOp#omapKeys: range': () => new ReadOp().omapKeys(bad),
    'ReadOp#read: options': () => new ReadOp().read({ length: 1, ...bad }),
    'SelfManagedSnapshots#create: options': () => ioctx.selfManagedSnapshots.create(bad),
    'SelfManagedSnapshots#remove: options': () => ioctx.selfManagedSnapshots.remove(1n, bad),
    'SelfManagedSnapshots#rollback: options': () => ioctx.selfManagedSnapshots.rollback('object', 1n, bad),
    'Service#register: options': () => cluster.service.register('s', 'd', {}, bad),
    'Service#updateStatus: options': () => cluster.service.updateStatus({}, bad),
    'WriteOp#allocationHint: hint': () => new WriteOp().allocationHint(bad),
    'WriteOp#writeSame: options': () => new WriteOp().writeSame(data, { position: 0, length: 512, ...bad }),
    'WriteOp#zero: options': () => new WriteOp().zero({ position: 0, length: 1, ...bad }),
    'Xattrs#get: options': () => ioctx.xattrs.get('object', 'x', bad),
    'Xattrs#list: options': () => ioctx.xattrs.list('object', bad),
    'Xattrs#remove: options': () => ioctx.xattrs.remove('object', 'x', bad),
    'Xattrs#set: options': () => ioctx.xattrs.set('object', 'x', data, bad),
    'LocalCluster.start: options': () => LocalCluster.start(bad),
    'LocalHypervisor.start: options': () => LocalHypervisor.start(bad),
    'Pools#create: options': () => cluster.pools.create(randomName('pool'), bad),
    'Secret#setValue: value': () => Secret.prototype.setValue.call(vm, { base64: 'c2VjcmV0', ...bad }),
    'StorageVolume#resize: options': () => volume.resize(2 * mib, bad),
    'applyDiff: diff': () => applyDiff(there, { file: '/dev/null' }),
    'applyDiff: disk': () => applyDiff({ file: '/dev/null' }, there),
    'applyDiff: options': () => applyDiff({ file: '/dev/null' }, { file: '/dev/null' }, bad),
    'bench: options': () => bench(image, bad),
    'bench: options.blockSize': () => bench(image, { blockSize: [{ bytes: 4096, weight: 1, ...bad }] }),
    'bench: options.distribution': () => bench(image, { distribution: { zipf: 1, ...bad } }),
    'bench: options.distribution.hot': () => bench(image, { distribution: { hot } }),
    'benchWorkers: options': () => benchWorkers(ioctx, ['image'], { joinTimeoutMs: 0, ...bad }),
    'benchWorkers: options.blockSize': () =>
      benchWorkers(ioctx, ['image'], { joinTimeoutMs: 0, blockSize: [{ bytes: 4096, weight: 1, ...bad }] }),
    'benchWorkers: options.distribution': () =>
      benchWorkers(ioctx, ['image'], { joinTimeoutMs: 0, distribution: { zipf: 1, ...bad } }),
    'benchWorkers: options.distribution.hot': () =>
      benchWorkers(ioctx, ['image'], { joinTimeoutMs: 0, distribution: { hot } }),
    'cleanupCopies: options': () => cleanupCopies({ ioctx }, bad),
    'cleanupCopies: where': () => cleanupCopies({ ioctx, ...bad }),
    'compare: a': () => compare(here, end),
    'compare: b': () => compare(end, there),
    'compare: options': () => compare(end, end, bad),
    'copy: destination': () => copy(end, { ioctx, image: 'new', ...bad }),
    'copy: options': () => copy(end, { ioctx, image: 'new' }, bad),
    'copy: source': () => copy({ stream: Readable.from([data]), ...bad }, { ioctx, image: 'new' }),
    'diffExtents: diff': () => diffExtents(there).next(),
    'exportDiff: diff': () => exportDiff(end, there),
    'exportDiff: options': () => exportDiff(end, { file: '/dev/null' }, bad),
    'exportDiff: source': () => exportDiff(here, { file: '/dev/null' }),
    'exportImage: options': () => exportImage(end, { file: '/dev/null' }, bad),
    'exportImage: source': () => exportImage(here, { file: '/dev/null' }),
    'exportImage: stream': () => exportImage(end, there),
    'importDiff: diff': () => importDiff(there, end),
    'importDiff: image': () => importDiff({ file: '/dev/null' }, here),
    'importDiff: options': () => importDiff({ file: '/dev/null' }, end, bad),
    'importImage: destination': () => importImage({ file: '/dev/null' }, { ioctx, image: 'new', ...bad }),
    'importImage: options': () => importImage({ file: '/dev/null' }, { ioctx, image: 'new' }, bad),
    'importImage: stream': () => importImage(there, { ioctx, image: 'new' }),
    'inspectDiff: diff': () => inspectDiff(there),
    'inspectDiff: options': () => inspectDiff({ file: '/dev/null' }, bad),
    'mergeDiffs: diffs': () => mergeDiffs([there, there], { file: '/dev/null' }),
    'mergeDiffs: merged': () => mergeDiffs([{ file: '/dev/null' }, { file: '/dev/null' }], there),
    'mergeDiffs: options': () =>
      mergeDiffs([{ file: '/dev/null' }, { file: '/dev/null' }], { file: '/dev/null' }, bad),
    'Group#id: options': () => group.id(bad),
    'Group.create: options': () => Group.create(ioctx, 'new', bad),
    'Group.list: options': () => Group.list(ioctx, bad),
    'Group.remove: options': () => Group.remove(ioctx, 'group', bad),
    'Group.rename: options': () => Group.rename(ioctx, 'group', 'new', bad),
    'GroupImages#add: options': () => group.images.add(ioctx, 'image', bad),
    'GroupImages#list: options': () => group.images.list(bad),
    'GroupImages#remove: options': () => group.images.remove(ioctx, 'image', bad),
    'GroupImages#removeById: options': () => group.images.removeById(ioctx, 'id', bad),
    'GroupSnapshots#create: options': () => group.snapshots.create('new', bad),
    'GroupSnapshots#get: options': () => group.snapshots.get('one', bad),
    'GroupSnapshots#list: options': () => group.snapshots.list(bad),
    'GroupSnapshots#remove: options': () => group.snapshots.remove('one', bad),
    'GroupSnapshots#rename: options': () => group.snapshots.rename('one', 'two', bad),
    'GroupSnapshots#diff: options': () => group.snapshots.diff('one', bad).next(),
    'GroupSnapshots#rollback: options': () => group.snapshots.rollback('one', bad),
    'Migration#abort: options': () => migration.abort(bad),
    'Migration#commit: options': () => migration.commit(bad),
    'Migration#execute: options': () => migration.execute(bad),
    'Migration#status: options': () => migration.status(bad),
    'Migration.prepare: options': () => Migration.prepare(ioctx, 'image', ioctx, 'new', bad),
    'Migration.prepareImport: options': () => Migration.prepareImport(raw, ioctx, 'new', bad),
    'Migration.prepareImport: source': () => Migration.prepareImport({ ...raw, ...bad }, ioctx, 'new'),
    'Migration.prepareImport: source.snapshots': () =>
      Migration.prepareImport(
        { ...raw, snapshots: [{ name: 's', stream: raw.stream, ...bad }] },
        ioctx,
        'new',
      ),
    'Migration.prepareImport: source.snapshots.stream': () =>
      Migration.prepareImport(
        { ...raw, snapshots: [{ name: 's', stream: { ...raw.stream, ...bad } }] },
        ioctx,
        'new',
      ),
    'Migration.prepareImport: source.stream': () =>
      Migration.prepareImport({ type: 'raw', stream: { ...raw.stream, ...bad } }, ioctx, 'new'),
    'Mirror#createToken: options': () => mirror.createToken(bad),
    'Mirror#images: options': () => mirror.images(bad),
    'Mirror#importToken: options': () => mirror.importToken('token', bad),
    'Mirror#instanceIds: options': () => mirror.instanceIds(bad),
    'Mirror#mode: options': () => mirror.mode(bad),
    'Mirror#remoteNamespace: options': () => mirror.remoteNamespace(bad),
    'Mirror#setMode: options': () => mirror.setMode('image', bad),
    'Mirror#setRemoteNamespace: options': () => mirror.setRemoteNamespace('ns', bad),
    'Mirror#statuses: options': () => mirror.statuses(bad),
    'Mirror#summary: options': () => mirror.summary(bad),
    'Mirror#uuid: options': () => mirror.uuid(bad),
    'Mirror.setSiteName: options': () => Mirror.setSiteName(cluster, 'name', bad),
    'Mirror.siteName: options': () => Mirror.siteName(cluster, bad),
    'MirrorPeers#add: options': () => mirror.peers.add('site', 'client', bad),
    'MirrorPeers#attributes: options': () => mirror.peers.attributes('uuid', bad),
    'MirrorPeers#list: options': () => mirror.peers.list(bad),
    'MirrorPeers#remove: options': () => mirror.peers.remove('uuid', bad),
    'MirrorPeers#setAttributes: attributes': () => mirror.peers.setAttributes('uuid', bad),
    'MirrorPeers#setAttributes: options': () => mirror.peers.setAttributes('uuid', {}, bad),
    'MirrorPeers#setClientName: options': () => mirror.peers.setClientName('uuid', 'client', bad),
    'MirrorPeers#setDirection: options': () => mirror.peers.setDirection('uuid', 'rx', bad),
    'MirrorPeers#setSiteName: options': () => mirror.peers.setSiteName('uuid', 'site', bad),
    'PoolConfig#list: options': () => config.list(bad),
    'PoolConfig#remove: options': () => config.remove('rbd_cache', bad),
    'PoolConfig#set: options': () => config.set('rbd_cache', 'true', bad),
    'PoolMetadata#get: options': () => poolMetadata.get('key', bad),
    'PoolMetadata#list: options': () => poolMetadata.list(bad),
    'PoolMetadata#remove: options': () => poolMetadata.remove('key', bad),
    'PoolMetadata#set: options': () => poolMetadata.set('key', 'value', bad),
    'Tasks#add: image': () => tasks.add('remove', { pool: 'pool', image: 'image', ...bad }),
    'Tasks#add: options': () => tasks.add('remove', { pool: 'pool', image: 'image' }, bad),
    'Tasks#cancel: options': () => tasks.cancel('id', bad),
    'Tasks#get: options': () => tasks.get('id', bad),
    'Tasks#list: options': () => tasks.list(bad),
    'Trash#purge: options': () => trash.purge(bad),
    'poolStats: options': () => poolStats(ioctx, bad),
    ...Object.fromEntries(
      Object.entries({
        MirrorSnapshotSchedules: mirrorSchedules,
        TrashPurgeSchedules: purgeSchedules,
      }).flatMap(([name, schedules]): [string, () => unknown][] => [
        [`${name}#add: level`, () => schedules.add(bad, '1h')],
        [`${name}#add: options`, () => schedules.add({}, '1h', bad)],
        [`${name}#list: level`, () => schedules.list(bad)],
        [`${name}#list: options`, () => schedules.list({}, bad)],
        [`${name}#remove: level`, () => schedules.remove(bad, '1h')],
        [`${name}#remove: options`, () => schedules.remove({}, '1h', bad)],
        [`${name}#status: level`, () => schedules.status(bad)],
        [`${name}#status: options`, () => schedules.status({}, bad)],
      ]),
    ),
    'cloudInitDisk: options': () => cloudInitDisk(bad),
    'cloudInitDisk: options.users': () => cloudInitDisk({ users: [{ name: 'ann', ...bad }] }),
    ...machineOptions(cluster, virt, bad),
    'diagnose: options': () => diagnose(cluster, virt, bad),
    'prepareLibvirt: options': () => prepareLibvirt(cluster, virt, bad as never),
    'prepareLibvirt: options.files': () => prepareLibvirt(cluster, virt, { ...libvirtUser, files: bad }),
    'removeLibvirt: options': () => removeLibvirt(cluster, virt, bad as never),
    'rotateLibvirtKey: options': () => rotateLibvirtKey(cluster, virt, bad as never),
    'poolInit: options': () => poolInit(ioctx, bad),
  }
  t.strictSame(Object.keys(calls).sort(), publicOptions(), 'each function that takes options is here')

  for (const [name, call] of Object.entries(calls)) {
    const error = (await (async () => call())().then(
      () => undefined,
      (reason: unknown) => reason,
    )) as NodeJS.ErrnoException | undefined
    t.match(
      { name: error?.name, code: error?.code, message: error?.message },
      {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_VALUE',
        message: `.${odd}" is invalid: there is no such option`,
      },
      name,
    )
  }
  t.same(
    (await Image.list(ioctx)).map(({ name }) => name),
    ['image'],
    'nothing was made',
  )
})

t.test('what was meant is said', async (t) => {
  const { ioctx } = await openPool(t)
  const options = (value: object) => value as never
  await t.rejects(Cluster.connect(options({ conf: '/etc/ceph/ceph.conf' })), {
    message: /did you mean 'confFile'\?/,
  })
  await t.rejects(Cluster.connect(options({ user: 'me' })), { message: /did you mean 'id'\?/ })
  await t.rejects(Cluster.connect(options({ mon_host: '::1' })), { message: /did you mean 'monHost'\?/ })
  await t.rejects(Image.create(ioctx, 'new', options({ size: mib, order: 22 })), {
    message: /options\.order.*did you mean 'objectSize'\?/,
  })
  const job = copy({ file: '/dev/null' }, { ioctx, image: 'new' }, options({ deeep: true }))
  await t.rejects(Promise.resolve(job), { message: /options\.deeep.*did you mean 'deep'\?/ })
  await t.rejects(Connection.open('test:///default', options({ timeoutMs: 5 })), {
    message: /did you mean 'connectTimeoutMs'\?/,
  })
  t.throws(() => xml.rbdDisk(options({ pool: 'p', image: 'i', target: 'vda', conf: '/x' })), {
    message: /did you mean 'configFile'\?/,
  })
})
