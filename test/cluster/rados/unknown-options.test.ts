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
  compare,
  copy,
  diffExtents,
  exportDiff,
  exportImage,
  Image,
  importDiff,
  importImage,
  inspectDiff,
  mergeDiffs,
  namespaceCreate,
  namespaceExists,
  namespaceList,
  namespaceRemove,
  poolInit,
  Trash,
  WriteOp,
} from 'rbdkit'
import { LocalCluster, LocalHypervisor } from 'rbdkit/dev'
import { Connection, Secret, xml } from 'rbdkit/libvirt'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { publicOptions } from '../../helpers/public-options.js'
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
  const trash = new Trash(ioctx)
  await using watch = await ioctx.watch('object', () => {})
  await using virt = await Connection.open('test:///default')
  const vm = await virt.domainByName('test')
  await using events = await virt.domainEvents('lifecycle')
  const pool = await virt.storagePoolByName('default-pool')
  const volume = await pool.createVolume(xml.storageVolume({ name: randomName('volume'), capacity: mib }))

  const bad = { [odd]: 1 } as unknown as Record<string, never>
  const end = { ioctx, image: 'image' }
  const there = { file: '/dev/null', ...bad }
  const here = { ...end, ...bad }
  const disk = { pool: 'p', image: 'i', target: 'vda' }
  const machine = { name: 'vm', memoryMiB: 1, vcpus: 1 }
  const usage = { type: 'ceph', name: 'x' } as const
  const monitors = [{ host: '::1', ...bad }]
  const auth = { username: 'u', secret: { usage: 'x' }, ...bad }
  const data = Buffer.alloc(512)
  const hot = { part: 0.1, share: 0.9, ...bad }
  const pci = { type: 'pci', domain: 0, bus: 0, slot: 0, function: 0, ...bad } as const
  const rbdPool = { type: 'rbd', name: 'p', pool: 'p', monitors: [{ host: '::1' }] } as const

  // With each what is needed besides, so that nothing else is wrong.
  const calls: Record<string, () => unknown> = {
    'Auth#getKey: options': () => cluster.auth.getKey('client.none', bad),
    'Auth#getOrCreate: options': () => cluster.auth.getOrCreate('client.none', {}, bad),
    'Auth#list: options': () => cluster.auth.list(bad),
    'Auth#remove: options': () => cluster.auth.remove('client.none', bad),
    'Cluster#close: options': () => cluster.close(bad),
    'Cluster#monitors: options': () => cluster.monitors(bad),
    'Cluster#stat: options': () => cluster.stat(bad),
    'Cluster#version: options': () => cluster.version(bad),
    'Connection#close: options': () => virt.close(bad),
    'Connection#domainEvents: options': () => virt.domainEvents('lifecycle', bad),
    'Domain#close: options': () => vm.close(bad),
    'DomainEvents#close: options': () => events.close(bad),
    'DomainTuning#blockIo: options': () => vm.tuning.blockIo('vda', bad),
    'DomainTuning#memory: options': () => vm.tuning.memory(bad),
    'DomainTuning#setBlockIo: limits': () => vm.tuning.setBlockIo('vda', bad),
    'DomainTuning#setBlockIo: options': () => vm.tuning.setBlockIo('vda', {}, bad),
    'DomainTuning#setMemory: options': () => vm.tuning.setMemory({}, bad),
    'DomainTuning#setMemory: parameters': () => vm.tuning.setMemory(bad),
    'Locks#acquire: options': () => image.locks.acquire('exclusive', bad),
    'Locks#break: options': () => image.locks.break('client.1', 'exclusive', bad),
    'Image#close: options': () => image.close(bad),
    'Snapshots#create: options': () => image.snapshots.create('new', bad),
    'Metadata#get: options': () => image.metadata.get('key', bad),
    'Image#group: options': () => image.group(bad),
    'Image#info: options': () => image.info(bad),
    'Locks#isOwner: options': () => image.locks.isOwner(bad),
    'Snapshots#isProtected: options': () => image.snapshots.isProtected('one', bad),
    'Image#listChildren: options': () => image.listChildren(bad),
    'Locks#lockers: options': () => image.locks.lockers(bad),
    'Metadata#list: options': () => image.metadata.list(bad),
    'Snapshots#list: options': () => image.snapshots.list(bad),
    'Image#listWatchers: options': () => image.listWatchers(bad),
    'Locks#owners: options': () => image.locks.owners(bad),
    'Image#mirrorInfo: options': () => image.mirrorInfo(bad),
    'Image#parent: options': () => image.parent(bad),
    'Snapshots#protect: options': () => image.snapshots.protect('one', bad),
    'Locks#release: options': () => image.locks.release(bad),
    'Metadata#remove: options': () => image.metadata.remove('key', bad),
    'Snapshots#rename: options': () => image.snapshots.rename('one', 'two', bad),
    'Metadata#set: options': () => image.metadata.set('key', 'value', bad),
    'Snapshots#limit: options': () => image.snapshots.limit(bad),
    'Snapshots#setLimit: options': () => image.snapshots.setLimit(0, bad),
    'Image#size: options': () => image.size(bad),
    'Snapshots#unprotect: options': () => image.snapshots.unprotect('one', bad),
    'Image.list: options': () => Image.list(ioctx, bad),
    'Image.migrationStatus: options': () => Image.migrationStatus(ioctx, 'image', bad),
    'Image.rename: options': () => Image.rename(ioctx, 'image', 'new', bad),
    'ImageFileHandle#readableWebStream: options': () => file.readableWebStream(bad),
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
    'namespaceList: options': () => namespaceList(ioctx, bad),
    'namespaceRemove: options': () => namespaceRemove(ioctx, 'none', bad),
    'BenchWorker.start: options': () => BenchWorker.start(ioctx, bad),
    'BufferPool#acquire: options': () => new BufferPool({ bufferSize: 4096, count: 1 }).acquire(bad),
    'BufferPool: options': () => new BufferPool({ bufferSize: 4096, count: 1, ...bad }),
    'Cluster#managerCommand: options': () => cluster.managerCommand({ prefix: 'pg stat' }, bad),
    'Cluster#monitorCommand: options': () => cluster.monitorCommand({ prefix: 'status' }, bad),
    'Cluster#openIoCtx: options': () => cluster.openIoCtx(ioctx.pool, bad),
    'Cluster.connect: options': () => Cluster.connect(bad),
    'Connection#listDomains: options': () => virt.listDomains(bad),
    'Connection#listStoragePools: options': () => virt.listStoragePools(bad),
    'Connection.open: options': () => Connection.open('test:///default', bad),
    'Domain#attachDevice: options': () => vm.attachDevice(xml.fileDisk({ path: '/x', target: 'vda' }), bad),
    'Domain#destroy: options': () => vm.destroy(bad),
    'Domain#detachDevice: options': () => vm.detachDevice(xml.fileDisk({ path: '/x', target: 'vda' }), bad),
    'Domain#qemuMonitorCommand: options': () => vm.qemuMonitorCommand('query-status', bad),
    'Domain#undefine: options': () => vm.undefine(bad),
    'Domain#waitForState: options': () => vm.waitForState('running', bad),
    'Domain#xml: options': () => vm.xml(bad),
    'Image#compareAndWrite: options': () => image.compareAndWrite(data, data, { position: 0, ...bad }),
    'Image#createReadStream: options': () => image.createReadStream(bad),
    'Image#createWriteStream: options': () => image.createWriteStream(bad),
    'Image#diskUsage: options': () => image.diskUsage(bad),
    'Image#flatten: options': () => image.flatten(bad),
    'Image#read: options': () => image.read({ position: 0, length: 1, ...bad }),
    'Image#readExtents: extents': () => image.readExtents([{ position: 0, buffer: data, ...bad }]),
    'Image#readableWebStream: options': () => image.readableWebStream(bad),
    'Snapshots#remove: options': () => image.snapshots.remove('one', bad),
    'Image#resize: options': () => image.resize(mib, bad),
    'Snapshots#rollback: options': () => image.snapshots.rollback('one', bad),
    'Image#writableWebStream: options': () => image.writableWebStream(bad),
    'Image#sparsify: options': () => image.sparsify(bad),
    'Image#write: options': () => image.write(data, { position: 0, ...bad }),
    'Image#writeExtents: extents': () => image.writeExtents([{ position: 0, buffer: data, ...bad }]),
    'Image#writeSame: options': () => image.writeSame(data, { position: 0, length: 512, ...bad }),
    'Image#writeZeroes: options': () => image.writeZeroes(0, 512, bad),
    'Image.clone: options': () =>
      Image.clone(ioctx, { image: 'image', snapshot: 'one' }, ioctx, 'clone', bad),
    'Image.clone: parent': () =>
      Image.clone(ioctx, { image: 'image', snapshot: 'one', ...bad }, ioctx, 'clone'),
    'Image.create: options': () => Image.create(ioctx, 'new', { size: mib, ...bad }),
    'Image.open: image': () => Image.open(ioctx, { id: 'x', ...bad }),
    'Image.open: options': () => Image.open(ioctx, 'image', bad),
    'Image.remove: options': () => Image.remove(ioctx, 'image', bad),
    'ImageFileHandle#createReadStream: options': () => file.createReadStream(bad),
    'ImageFileHandle#createWriteStream: options': () => file.createWriteStream(bad),
    'ImageFileHandle#read: options': () => file.read(data, bad),
    'ImageFileHandle#readFile: options': () => file.readFile({ encoding: 'utf8', ...bad }),
    'ImageFileHandle#stat: options': () => file.stat(bad),
    'ImageFileHandle#write: options': () => file.write(data, bad),
    'ImageFileHandle#writeFile: options': () => file.writeFile(data, bad),
    'IoCtx#createObject: options': () => ioctx.createObject('new', bad),
    'IoCtx#lockObject: lock': () => ioctx.lockObject('object', { name: 'lock', ...bad }),
    'IoCtx#notify: options': () => ioctx.notify('object', data, bad),
    'IoCtx#operate: options': () => ioctx.operate('object', new WriteOp().remove(), bad),
    'IoCtx#readObject: options': () => ioctx.readObject('object', bad),
    'IoCtx#unlockObject: lock': () => ioctx.unlockObject('object', { name: 'lock', ...bad }),
    'IoCtx#watch: options': () => ioctx.watch('object', () => {}, bad),
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
    'poolInit: options': () => poolInit(ioctx, bad),
    'xml.cloneDomain: options': () => xml.cloneDomain(xml.domain(machine), { name: 'b', ...bad }),
    'xml.domain: options': () => xml.domain({ ...machine, ...bad }),
    'xml.domain: options.cpu': () => xml.domain({ ...machine, cpu: { model: 'qemu64', ...bad } }),
    'xml.domain: options.graphics': () => xml.domain({ ...machine, graphics: { type: 'vnc', ...bad } }),
    'xml.domain: options.interfaces': () =>
      xml.domain({ ...machine, interfaces: [{ type: 'user', ...bad }] }),
    'xml.domain: options.serial': () => xml.domain({ ...machine, serial: { type: 'pty', ...bad } }),
    'xml.fileDisk: options': () => xml.fileDisk({ path: '/x', target: 'vda', ...bad }),
    'xml.fileDisk: options.address': () => xml.fileDisk({ path: '/x', target: 'vda', address: pci }),
    'xml.rbdDisk: options': () => xml.rbdDisk({ ...disk, ...bad }),
    'xml.rbdDisk: options.address': () => xml.rbdDisk({ ...disk, address: pci }),
    'xml.rbdDisk: options.auth': () => xml.rbdDisk({ ...disk, auth }),
    'xml.rbdDisk: options.monitors': () => xml.rbdDisk({ ...disk, monitors }),
    'xml.secret: options': () => xml.secret({ usage, ...bad }),
    'xml.secret: options.usage': () => xml.secret({ usage: { ...usage, ...bad } }),
    'xml.storagePool: options': () => xml.storagePool({ ...rbdPool, ...bad }),
    'xml.storagePool: options.auth': () => xml.storagePool({ ...rbdPool, auth }),
    'xml.storagePool: options.monitors': () => xml.storagePool({ ...rbdPool, monitors }),
    'xml.storageVolume: options': () => xml.storageVolume({ name: 'v', capacity: 1, ...bad }),
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
