import { Cluster, Image, type IoCtx } from 'rbdkit'
import t, { type Test } from 'tap'
import { randomName } from '../helpers/cluster.js'
import { testPool } from './pool.js'

t.setTimeout(120_000)
const place = await testPool()
const SIZE = 8 << 20

const connect = () => Cluster.connect({ confFile: place.confFile })

/** A cluster and an ioctx of a test's own, with an image in it. */
async function session(t: Test): Promise<{ cluster: Cluster; ioctx: IoCtx; name: string }> {
  const cluster = await connect()
  t.teardown(() => cluster.close())
  const ioctx = await cluster.openIoCtx(place.pool)
  const name = randomName('image')
  await Image.create(ioctx, name, { size: SIZE })
  return { cluster, ioctx, name }
}

/** Who watches the image, as another client sees it. */
async function watchers(name: string): Promise<number> {
  await using cluster = await connect()
  await using ioctx = await cluster.openIoCtx(place.pool)
  await using image = await Image.open(ioctx, name, { readOnly: true })
  return (await image.listWatchers()).length
}

const settled = (order: string[], name: string, promise: Promise<void>): Promise<unknown> =>
  promise.then(() => order.push(name))

t.test('close gives the same promise each time', async (t) => {
  const { cluster, ioctx, name } = await session(t)
  const image = await Image.open(ioctx, name)
  for (const handle of [image, ioctx, cluster]) {
    t.equal(handle.closed, false)
    const closing = handle.close()
    t.equal(handle.closed, true)
    t.equal(handle.close(), closing)
    await closing
    t.equal(handle.close(), closing)
    t.equal(handle[Symbol.asyncDispose](), closing)
  }
})

t.test('a parent closes its children first, newest first', async (t) => {
  const { cluster, ioctx, name } = await session(t)
  const first = await Image.open(ioctx, name)
  const other = await cluster.openIoCtx(place.pool)
  const second = await Image.open(ioctx, name)
  const order: string[] = []
  const closing = cluster.close().then(() => order.push('cluster'))
  await Promise.resolve()
  // Whoever asks again gets the promise of the close that the cluster began, or begins it a little earlier: so ask
  // only when the handle is closed.
  const ask = async (label: string, handle: Cluster | IoCtx | Image): Promise<void> => {
    while (!handle.closed) await new Promise(setImmediate)
    order.push(`${label} begins`)
    await settled(order, label, handle.close())
  }
  await Promise.all([
    closing,
    ask('first', first),
    ask('second', second),
    ask('ioctx', ioctx),
    ask('other', other),
  ])
  const ends = order.filter((entry) => !entry.endsWith('begins'))
  t.strictSame(ends, ['other', 'second', 'first', 'ioctx', 'cluster'], order.join(', '))
  t.equal(await watchers(name), 0)
})

t.test('everything after close rejects with EBADF and does no harm', async (t) => {
  const { cluster, ioctx, name } = await session(t)
  const image = await Image.open(ioctx, name)
  const target = await cluster.openIoCtx(place.pool)
  await target.close()
  const buffer = Buffer.alloc(512)
  await image.snapshots.create('s')
  const throughTarget = Image.clone(ioctx, { image: name, snapshot: 's' }, target, randomName('clone'))
  await t.rejects(throughTarget, { code: 'EBADF' }, 'clone into a closed ioctx')
  await image.close()
  const afterImage: Record<string, () => Promise<unknown>> = {
    read: () => image.read({ buffer, position: 0 }),
    write: () => image.write(buffer, { position: 0 }),
    readv: () => image.readv([buffer], 0),
    writev: () => image.writev([buffer], 0),
    flush: () => image.flush(),
    info: () => image.info(),
    'locks.acquire': () => image.locks.acquire('exclusive'),
    'snapshots.create': () => image.snapshots.create('late'),
  }
  for (const [label, run] of Object.entries(afterImage)) {
    await t.rejects(run(), { code: 'EBADF', image: name, pool: place.pool }, label)
  }
  await ioctx.close()
  await t.rejects(Image.open(ioctx, name), { code: 'EBADF' }, 'Image.open')
  await t.rejects(Image.list(ioctx), { code: 'EBADF' }, 'Image.list')
  await t.rejects(ioctx.stat(), { code: 'EBADF' }, 'ioctx.stat')
  await cluster.close()
  await t.rejects(cluster.openIoCtx(place.pool), { code: 'EBADF' }, 'openIoCtx')
  await t.rejects(cluster.fsid(), { code: 'EBADF' }, 'fsid')
})

t.test('close waits for I/O in flight, which ends well', async (t) => {
  for (const which of ['image', 'ioctx', 'cluster'] as const) {
    const { cluster, ioctx, name } = await session(t)
    const image = await Image.open(ioctx, name)
    let ended = 0
    const writes = Array.from({ length: 64 }, (_, i) =>
      image.write(Buffer.alloc(4096, i + 1), { position: i * 4096 }).then(() => {
        ended++
      }),
    )
    await { image, ioctx, cluster }[which].close()
    t.equal(ended, 64, `${which}.close() came after all writes`)
    await Promise.all(writes)
    await using again = await connect()
    await using other = await again.openIoCtx(place.pool)
    await using reopened = await Image.open(other, name)
    const { buffer } = await reopened.read({ position: 0, length: 64 * 4096 })
    t.ok(
      buffer.every((byte, at) => byte === Math.floor(at / 4096) + 1),
      'the data is there',
    )
  }
})

t.test('a child that is being opened while its parent closes is closed too', async (t) => {
  for (let i = 0; i < 20; i++) {
    const { cluster, ioctx, name } = await session(t)
    const openingImage = Image.open(ioctx, name)
    const openingIoctx = cluster.openIoCtx(place.pool)
    await (i % 2 === 0 ? cluster : ioctx).close()
    const image = await openingImage
    t.equal(image.closed, true)
    await t.rejects(image.size(), { code: 'EBADF' })
    await openingIoctx
    await cluster.close()
    t.equal((await openingIoctx).closed, true)
    if (i % 5 === 0) t.equal(await watchers(name), 0)
  }
})

t.test('an open that was aborted leaves nothing open', async (t) => {
  const { cluster, ioctx, name } = await session(t)
  for (let i = 0; i < 20; i++) {
    const abort = new AbortController()
    const opening = Image.open(ioctx, name, { signal: abort.signal })
    if (i % 2 === 0) await new Promise((resolve) => setTimeout(resolve, i))
    abort.abort(new Error('enough'))
    // One that was open in time is open.
    const image = await opening.catch((error: Error) => t.equal(error.message, 'enough') && undefined)
    if (image instanceof Image) await image.close()
  }
  await cluster.close()
  t.equal(await watchers(name), 0)
})

t.test('await using closes in order', async (t) => {
  const { name } = await session(t)
  const seen: (Cluster | IoCtx | Image)[] = []
  {
    await using cluster = await connect()
    await using ioctx = await cluster.openIoCtx(place.pool)
    await using image = await Image.open(ioctx, name)
    await image.write(Buffer.alloc(512, 1), { position: 0 })
    seen.push(cluster, ioctx, image)
  }
  t.strictSame(
    seen.map((handle) => handle.closed),
    [true, true, true],
  )
  t.equal(await watchers(name), 0)
})

t.test('many sessions at once, closed in any order', async (t) => {
  const { name } = await session(t)
  const threads = async (i: number): Promise<void> => {
    const cluster = await connect()
    const ioctx = await cluster.openIoCtx(place.pool)
    const image = await Image.open(ioctx, name, { readOnly: true })
    const reading = image.read({ position: 0, length: 4096 })
    const handles = [cluster, ioctx, image]
    await Promise.all([...handles.slice(i % 3), ...handles.slice(0, i % 3)].map((handle) => handle.close()))
    t.equal((await reading).bytesRead, 4096)
  }
  await Promise.all(Array.from({ length: 12 }, (_, i) => threads(i)))
})
