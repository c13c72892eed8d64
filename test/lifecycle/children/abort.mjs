// Calls to fakes that never answer, and their signals: { run }. Prints JSON lines.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Cluster,
  Image,
  namespaceCreate,
  namespaceExists,
  namespaceList,
  namespaceRemove,
  poolInit,
  ReadOp,
  Trash,
  WriteOp,
} from 'rbdkit'

const spec = JSON.parse(process.argv[2])
const KEY = 'AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAA=='
const tell = (value) => console.log(JSON.stringify(value))

const cluster = await Cluster.connect({ monHost: '127.0.0.1', key: KEY })
const ioctx = await cluster.openIoCtx('pool')
await Image.create(ioctx, 'image', { size: 1 << 20 })
const image = await Image.open(ioctx, 'image')

const trash = new Trash(ioctx)
const parent = { image: 'image', snapshot: 's' }
const lock = { name: 'lock' }
/** Every call that may wait for the cluster: it gets the options with the signal. */
const calls = {
  'cluster.stat': (o) => cluster.stat(o),
  'cluster.version': (o) => cluster.version(o),
  'cluster.monitors': (o) => cluster.monitors(o),
  'cluster.monitorCommand': (o) => cluster.monitorCommand({ prefix: 'status' }, o),
  'cluster.managerCommand': (o) => cluster.managerCommand({ prefix: 'pg stat' }, o),
  'pools.list': (o) => cluster.pools.list(o),
  'pools.create': (o) => cluster.pools.create('p', o),
  'pools.delete': (o) => cluster.pools.delete('p', o),
  'auth.getOrCreate': (o) => cluster.auth.getOrCreate('client.x', {}, o),
  'auth.getKey': (o) => cluster.auth.getKey('client.x', o),
  'auth.list': (o) => cluster.auth.list(o),
  'auth.remove': (o) => cluster.auth.remove('client.x', o),
  'ioctx.stat': (o) => ioctx.stat(o),
  'ioctx.writeFull': (o) => ioctx.writeFull('object', Buffer.alloc(1), o),
  'ioctx.operate': (o) => ioctx.operate('object', new WriteOp().create().append(Buffer.alloc(1)), o),
  'ioctx.createObject': (o) => ioctx.createObject('object', o),
  'ioctx.readObject': (o) => ioctx.readObject('object', o),
  'ioctx.statObject': (o) => ioctx.statObject('object', o),
  'ioctx.removeObject': (o) => ioctx.removeObject('object', o),
  'ioctx.writeObject': (o) => ioctx.writeObject('object', Buffer.alloc(1), 0, o),
  'ioctx.appendObject': (o) => ioctx.appendObject('object', Buffer.alloc(1), o),
  'ioctx.writeSameObject': (o) =>
    ioctx.writeSameObject('object', Buffer.alloc(1), { position: 0, length: 1, ...o }),
  'ioctx.truncateObject': (o) => ioctx.truncateObject('object', 1, o),
  'ioctx.zeroObject': (o) => ioctx.zeroObject('object', { position: 0, length: 1, ...o }),
  'ioctx.compareObject': (o) => ioctx.compareObject('object', Buffer.alloc(1), 0, o),
  'ioctx.checksumObject': (o) => ioctx.checksumObject('object', { algorithm: 'crc32c', length: 1, ...o }),
  'ioctx.execObject': (o) => ioctx.execObject('object', 'a', 'b', Buffer.alloc(1), o),
  'ioctx.flush': (o) => ioctx.flush(o),
  'ioctx.operate read': (o) => ioctx.operate('object', new ReadOp().stat().xattrs(), o),
  'ioctx.xattrs.get': (o) => ioctx.xattrs.get('object', 'x', o),
  'ioctx.xattrs.set': (o) => ioctx.xattrs.set('object', 'x', Buffer.alloc(1), o),
  'ioctx.xattrs.remove': (o) => ioctx.xattrs.remove('object', 'x', o),
  'ioctx.xattrs.list': (o) => ioctx.xattrs.list('object', o),
  'ioctx.omap.get': (o) => ioctx.omap.get('object', ['k'], o),
  'ioctx.omap.entries': (o) => ioctx.omap.entries('object', o).next(),
  'ioctx.snapshots.list': (o) => ioctx.snapshots.list(o),
  'ioctx.snapshots.create': (o) => ioctx.snapshots.create('s', o),
  'ioctx.selfManagedSnapshots.create': (o) => ioctx.selfManagedSnapshots.create(o),
  'ioctx.applications.list': (o) => ioctx.applications.list(o),
  'ioctx.objectLockers': (o) => ioctx.objectLockers('object', 'lock', o),
  'ioctx.objects': async (o) => {
    for await (const _ of ioctx.objects(o));
  },
  'cluster.osdCommand': (o) => cluster.osdCommand(0, { prefix: 'version' }, o),
  'cluster.pgCommand': (o) => cluster.pgCommand('1.0', { prefix: 'query' }, o),
  'cluster.pingMonitor': (o) => cluster.pingMonitor('a', o),
  'cluster.address': (o) => cluster.address(o),
  'cluster.blocklistAdd': (o) => cluster.blocklistAdd('127.0.0.9:0/1', o),
  'cluster.monitorLog': (o) => cluster.monitorLog('info', o),
  'cluster.service.register': (o) => cluster.service.register('s', 'd', {}, o),
  'pools.id': (o) => cluster.pools.id('p', o),
  'ioctx.lockObject': (o) => ioctx.lockObject('object', { ...lock, ...o }),
  'ioctx.unlockObject': (o) => ioctx.unlockObject('object', { ...lock, ...o }),
  'ioctx.watch': (o) => ioctx.watch('object', () => {}, o),
  'ioctx.notify': (o) => ioctx.notify('object', Buffer.alloc(0), o),
  poolInit: (o) => poolInit(ioctx, o),
  namespaceCreate: (o) => namespaceCreate(ioctx, 'n', o),
  namespaceExists: (o) => namespaceExists(ioctx, 'n', o),
  namespaceList: (o) => namespaceList(ioctx, o),
  namespaceRemove: (o) => namespaceRemove(ioctx, 'n', o),
  'Image.list': (o) => Image.list(ioctx, o),
  'Image.clone': (o) => Image.clone(ioctx, parent, ioctx, 'child', o),
  'Image.rename': (o) => Image.rename(ioctx, 'image', 'other', o),
  'Image.remove': (o) => Image.remove(ioctx, 'image', o),
  'trash.list': (o) => trash.list(o),
  'trash.get': (o) => trash.get('id', o),
  'trash.move': (o) => trash.move('image', o),
  'trash.restore': (o) => trash.restore('id', 'name', o),
  'trash.remove': (o) => trash.remove('id', o),
  'image.info': (o) => image.info(o),
  'image.size': (o) => image.size(o),
  'image.listWatchers': (o) => image.listWatchers(o),
  'image.listChildren': (o) => image.listChildren(o),
  'image.parent': (o) => image.parent(o),
  'image.resize': (o) => image.resize(2 << 20, o),
  'image.flatten': (o) => image.flatten(o),
  'image.diskUsage': (o) => image.diskUsage(o),
  'image.sparsify': (o) => image.sparsify(o),
  'image.snapshots.create': (o) => image.snapshots.create('s', o),
  'image.snapshots.list': (o) => image.snapshots.list(o),
  'image.snapshots.remove': (o) => image.snapshots.remove('s', o),
  'image.snapshots.rename': (o) => image.snapshots.rename('s', 't', o),
  'image.snapshots.protect': (o) => image.snapshots.protect('s', o),
  'image.snapshots.unprotect': (o) => image.snapshots.unprotect('s', o),
  'image.snapshots.isProtected': (o) => image.snapshots.isProtected('s', o),
  'image.snapshots.rollback': (o) => image.snapshots.rollback('s', o),
  'image.snapshots.limit': (o) => image.snapshots.limit(o),
  'image.snapshots.setLimit': (o) => image.snapshots.setLimit(5, o),
  'image.locks.acquire': (o) => image.locks.acquire('exclusive', o),
  'image.locks.release': (o) => image.locks.release(o),
  'image.locks.isOwner': (o) => image.locks.isOwner(o),
  'image.locks.owners': (o) => image.locks.owners(o),
  'image.locks.lockers': (o) => image.locks.lockers(o),
  'image.locks.break': (o) => image.locks.break('owner', 'exclusive', o),
  'image.metadata.get': (o) => image.metadata.get('key', o),
  'image.metadata.set': (o) => image.metadata.set('key', 'value', o),
  'image.metadata.remove': (o) => image.metadata.remove('key', o),
  'image.metadata.list': (o) => image.metadata.list(o),
  'image.close': (o) => image.close(o),
  'ioctx.close': (o) => ioctx.close(o),
  'cluster.close': (o) => cluster.close(o),
}

/** How a call ends whose signal is aborted once it is under way. */
async function aborted(call, patience = 5) {
  const controller = new AbortController()
  const reason = new Error('enough')
  const settled = call({ signal: controller.signal }).then(
    () => 'resolved',
    (error) => (error === reason ? 'reason' : error.message),
  )
  await sleep(patience)
  const began = performance.now()
  controller.abort(reason)
  return { outcome: await settled, ms: performance.now() - began }
}

const runs = {
  async every() {
    const warnings = []
    process.on('warning', ({ code, message }) => warnings.push({ code, message }))
    const left = /remove|resize|flatten|diskUsage|sparsify|rollback/
    for (const [name, call] of Object.entries(calls)) {
      // What is aborted before its thread has begun leaves nothing behind.
      tell({ name, ...(await aborted(call, left.test(name) ? 200 : 5)) })
    }
    await sleep(10)
    tell({ warnings })
  },
  // More long operations than four, none of which ends.
  async long() {
    const over = []
    for (let i = 0; i < 40; i++) image.resize((2 << 20) + i).finally(() => over.push(i))
    await sleep(50)
    tell({ fsid: await cluster.fsid(), over: over.length })
    process.exit(0)
  },
  // Short calls that never end, whose callers have gone: the next one gets a thread.
  async left() {
    const outcomes = []
    for (let i = 0; i < 8; i++) outcomes.push((await aborted((o) => Image.list(ioctx, o))).outcome)
    tell({ outcomes, fsid: await cluster.fsid() })
  },
  // What throws in C++ is an error, and the next call works.
  async throws() {
    const error = await Image.rename(ioctx, 'image', 'other').catch(({ code, message }) => ({
      code,
      message,
    }))
    tell({ error, fsid: await cluster.fsid() })
    await cluster.close()
  },
  // An exception on JavaScript's own thread: a list that is shorter than another.
  async throwsInJavaScript() {
    const { native } = await import(new URL('../../../dist/internal/addon.js', import.meta.url))
    const what = {
      image: 'i',
      order: 22,
      features: 1n,
      stripeUnit: 1,
      stripeCount: 1,
      keys: ['a'],
      values: [],
    }
    try {
      native.exportImage(1000, what, 0, {})
    } catch (error) {
      tell({ name: error.name, message: error.message, fsid: await cluster.fsid() })
    }
    await cluster.close()
  },
  // A text that is longer than V8's texts can be, in the middle of others.
  async tooLong() {
    const calls = [
      cluster.fsid(),
      cluster.monitorCommand({ prefix: 'status' }).catch(({ code, message }) => ({ code, message })),
      cluster.fsid(),
      cluster.fsid(),
    ]
    await sleep(0)
    const until = performance.now() + 3000
    while (performance.now() < until); // all of them are over when JavaScript looks
    tell(await Promise.all(calls))
    await cluster.close()
  },
}
await runs[spec.run]()
