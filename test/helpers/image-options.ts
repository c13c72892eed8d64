/** Every call of an image and its topics with an object that it must refuse. */

import {
  Image,
  type ImageFileHandle,
  type IoCtx,
  type LockWatch,
  type QuiesceWatch,
  type UpdateWatch,
} from 'rbdkit'

const mib = 1024 * 1024

interface Things {
  ioctx: IoCtx
  image: Image
  file: ImageFileHandle
  locks: LockWatch
  quiesce: QuiesceWatch
  updates: UpdateWatch
}

/** By place, as test/helpers/public-options.ts names them; of an image with the snapshot `one`. */
export function imageOptions(things: Things, bad: Record<string, never>): Record<string, () => unknown> {
  const { ioctx, image, file, locks, quiesce, updates } = things
  const data = Buffer.alloc(512)
  const rest = { quiesce: () => {}, unquiesce: () => {} }
  return {
    'Locks#acquire: options': () => image.locks.acquire('exclusive', bad),
    'Locks#add: options': () => image.locks.add('cookie', bad),
    'Locks#watch: options': () => image.locks.watch(bad),
    'LockWatch#close: options': () => locks.close(bad),
    'Locks#remove: options': () => image.locks.remove('cookie', bad),
    'Encryption#format: options': () =>
      image.encryption.format({ format: 'luks1', passphrase: data, ...bad }),
    'Encryption#load: layers': () => image.encryption.load([{ format: 'luks1', passphrase: data, ...bad }]),
    'Encryption#load: options': () => image.encryption.load({ format: 'luks1', passphrase: data }, bad),
    'ImageConfig#list: options': () => image.config.list(bad),
    'ImageConfig#remove: options': () => image.config.remove('rbd_cache', bad),
    'ImageConfig#set: options': () => image.config.set('rbd_cache', 'true', bad),
    'ImageFeatures#disable: options': () => image.features.disable(['journaling'], bad),
    'ImageFeatures#enable: options': () => image.features.enable(['journaling'], bad),
    'ObjectMap#check: options': () => image.objectMap.check(bad),
    'ObjectMap#rebuild: options': () => image.objectMap.rebuild(bad),
    'QuiesceWatch#close: options': () => quiesce.close(bad),
    'Snapshots#exists: options': () => image.snapshots.exists('one', bad),
    'Snapshots#getId: options': () => image.snapshots.getId('one', bad),
    'Snapshots#getName: options': () => image.snapshots.getName(1, bad),
    'Snapshots#purge: options': () => image.snapshots.purge(bad),
    'Snapshots#removeById: options': () => image.snapshots.removeById(1, bad),
    'UpdateWatch#close: options': () => updates.close(bad),
    'Watches#quiesce: options': () => image.watches.quiesce(rest, bad),
    'Watches#updates: options': () => image.watches.updates(bad),
    'Image#compareAndWritev: options': () => image.compareAndWritev([data], [data], { position: 0, ...bad }),
    'Image#copy: options': () => image.copy(ioctx, 'new', bad),
    'Image#deepCopy: options': () => image.deepCopy(ioctx, 'new', bad),
    'Image#diff: options': () => image.diff(bad).next(),
    'Image#diff: options.from': () => image.diff({ from: { id: 1, ...bad } }).next(),
    'Image#invalidateCache: options': () => image.invalidateCache(bad),
    'Image#listDescendants: options': () => image.listDescendants(bad),
    'Image#migrationSourceSpec: options': () => image.migrationSourceSpec(bad),
    'Image.open: options.snapshot': () => Image.open(ioctx, 'image', { snapshot: { id: 1, ...bad } }),
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
    'Image.rename: options': () => Image.rename(ioctx, 'image', 'new', bad),
    'ImageFileHandle#readableWebStream: options': () => file.readableWebStream(bad),
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
    'ImageMirror#createSnapshot: options': () => image.mirror.createSnapshot(bad),
    'ImageMirror#demote: options': () => image.mirror.demote(bad),
    'ImageMirror#disable: options': () => image.mirror.disable(bad),
    'ImageMirror#enable: options': () => image.mirror.enable('snapshot', bad),
    'ImageMirror#info: options': () => image.mirror.info(bad),
    'ImageMirror#instanceId: options': () => image.mirror.instanceId(bad),
    'ImageMirror#promote: options': () => image.mirror.promote(bad),
    'ImageMirror#resync: options': () => image.mirror.resync(bad),
    'ImageMirror#status: options': () => image.mirror.status(bad),
  }
}
