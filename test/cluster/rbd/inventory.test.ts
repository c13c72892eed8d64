/** The inventory of a pool, beside what rbd tells of the same images. */

import { randomInt } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  Group,
  Image,
  type InventoryEntry,
  type InventoryImage,
  inventory,
  Mirror,
  namespaceCreate,
  Trash,
  WriteOp,
} from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { long } from '../../helpers/long.js'
import { type CopyPool, mib, openPool, withImage } from '../copy/fixture.js'

t.setTimeout(240_000)

async function all(...args: Parameters<typeof inventory>): Promise<InventoryEntry[]> {
  const found: InventoryEntry[] = []
  for await (const entry of inventory(...args)) found.push(entry)
  return found
}

/** The images by name; an error is a failure. */
async function images(...args: Parameters<typeof inventory>): Promise<Map<string, InventoryImage>> {
  return new Map(
    (await all(...args)).map((entry) => {
      if (entry.error) throw entry.error
      return [entry.name, entry]
    }),
  )
}

/** Writes, zeroes, resizes and snapshots, `steps` times. */
async function makeHistory({ ioctx }: CopyPool, name: string, steps: number): Promise<void> {
  await withImage(ioctx, name, async (image) => {
    let size = await image.size()
    for (let i = 0; i < steps; i++) {
      const [at, what] = [randomInt(size), randomInt(6)]
      if (what < 3)
        await image.write(Buffer.alloc(Math.min(randomInt(1, 5 * mib), size - at), 7), { position: at })
      else if (what === 3) await image.discard(at, size - at)
      else if (what === 4) {
        size += randomInt(8 * mib)
        await image.resize(size)
      } else await image.snapshots.create(`s${i}`)
    }
  })
}

/** As Ceph encodes it. */
function text(value: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(value.length)
  return Buffer.concat([length, Buffer.from(value)])
}

interface Du {
  images: { name: string; snapshot?: string; used_size: number; provisioned_size: number }[]
}

t.test('usage is what rbd du says, by the object maps and without them', async (t) => {
  const pool = await openPool(t)
  const { ioctx, rbd } = pool
  const layouts = {
    plain: {},
    small: { objectSize: 65_536 },
    striped: { objectSize: 2 * mib, stripeUnit: 65_536, stripeCount: 3 },
    bare: { features: ['layering'] },
  } as const
  await Promise.all(
    Object.entries(layouts).flatMap(([name, layout]) =>
      [1, 2, 3].map(async (n) => {
        await Image.create(ioctx, `${name}${n}`, { size: randomInt(1, 40 * mib), ...layout })
        await makeHistory(pool, `${name}${n}`, 12)
      }),
    ),
  )
  const theirs: Du['images'] = []
  for (const { name } of await Image.list(ioctx))
    theirs.push(...(JSON.parse(await rbd('du', name, '--format', 'json')) as Du).images)
  const ours = [...(await images(ioctx, { usage: true })).values()].flatMap((image) => [
    ...image.snapshots.map((one) => [`${image.name}@${one.name}`, one.size, one.usage]),
    [image.name, image.size, image.usage],
  ])
  t.same(
    ours.sort(),
    theirs
      .map((one) => [
        one.snapshot === undefined ? one.name : `${one.name}@${one.snapshot}`,
        one.provisioned_size,
        one.used_size,
      ])
      .sort(),
  )
})

t.test('all there is to tell', async (t) => {
  const pool = await openPool(t)
  const { cluster, ioctx } = pool
  const namespace = randomName('ns')
  await namespaceCreate(ioctx, namespace)
  await using there = await cluster.openIoCtx(ioctx.pool, { namespace })
  const dataPool = randomName('data')
  await cluster.pools.create(dataPool)
  t.teardown(() => cluster.pools.delete(dataPool))

  await Image.create(ioctx, 'golden', { size: 8 * mib })
  await withImage(ioctx, 'golden', async (image) => {
    await image.snapshots.create('s é')
    await image.snapshots.protect('s é')
  })
  await Image.clone(ioctx, { image: 'golden', snapshot: 's é' }, there, 'cl one', { cloneFormat: 2 })
  await Image.create(ioctx, 'data', { size: 3, dataPool })
  await Image.create(ioctx, 'grouped', { size: mib })
  const group = new Group(ioctx, 'g 1')
  await Group.create(ioctx, 'g 1')
  await group.images.add(ioctx, 'grouped')
  await group.snapshots.create('gs')

  await withImage(ioctx, 'data', async (data) => {
    await data.locks.acquire('exclusive')
    const found = await images(ioctx, { watchers: true })
    t.same([...found.keys()], ['data', 'golden', 'grouped'])
    const info = await data.info()
    const [locker] = await data.locks.lockers()
    t.match(found.get('data'), {
      id: info.id,
      size: 3,
      objectSize: info.objectSize,
      features: info.features,
      flags: [],
      created: info.created,
      dataPool,
      parent: undefined,
      group: undefined,
      mirroring: undefined,
      snapshots: [],
    })
    t.same(found.get('data')?.lockers, [
      { client: locker?.client, cookie: locker?.cookie, mode: 'exclusive' },
    ])
    t.same(found.get('data')?.watchers, await data.listWatchers())
    t.same(found.get('golden')?.watchers, [])
    t.same(found.get('golden')?.dataPool, undefined)
    t.match(found.get('golden')?.snapshots, [
      { name: 's é', size: 8 * mib, protected: true, namespace: 'user' },
    ])
    t.match(found.get('grouped'), { group: { pool: ioctx.pool, group: 'g 1' } })
    t.match(found.get('grouped')?.snapshots, [{ protected: false, namespace: 'group' }])
  })

  const [clone] = (await images(there)).values()
  t.match(clone, { name: 'cl one', overlap: 8 * mib })
  const parent = await withImage(there, 'cl one', (image) => image.parent())
  t.same({ ...clone?.parent }, { ...parent })
  t.doesNotThrow(() => JSON.stringify(clone))

  await new Trash(there).move('cl one', { delaySeconds: 3600 })
  t.same((await images(there)).size, 0)
  t.match((await images(there, { trash: true })).get('cl one'), {
    id: clone?.id,
    trash: { source: 'user', deferredUntil: Date },
  })

  await new Mirror(ioctx).setMode('image')
  await withImage(ioctx, 'golden', (image) => image.mirror.enable('snapshot'))
  await withImage(ioctx, 'data', async (image) => {
    await image.features.enable(['journaling'])
    await image.mirror.enable('journal')
  })
  const mirrored = await images(ioctx)
  const golden = await withImage(ioctx, 'golden', (image) => image.mirror.info())
  t.match(mirrored.get('golden')?.mirroring, {
    globalId: golden?.globalId,
    mode: 'snapshot',
    state: 'enabled',
  })
  t.match(mirrored.get('data')?.mirroring, { mode: 'journal', state: 'enabled' })
  t.equal(mirrored.get('grouped')?.mirroring, undefined)
})

t.test('a clone that was flattened has no parent, though a snapshot of it needs one still', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'golden', { size: 8 * mib })
  await withImage(ioctx, 'golden', async (image) => {
    await image.write(Buffer.alloc(mib, 1), { position: 0 })
    await image.snapshots.create('base')
  })
  await Image.clone(ioctx, { image: 'golden', snapshot: 'base' }, ioctx, 'clone', { cloneFormat: 2 })
  await withImage(ioctx, 'clone', (image) => image.snapshots.create('before'))
  t.match((await images(ioctx)).get('clone'), { parent: { image: 'golden', snapshot: 'base' } })
  await withImage(ioctx, 'clone', (image) => image.flatten())
  t.match((await images(ioctx)).get('clone'), { parent: undefined, overlap: 0 })
  t.equal(await withImage(ioctx, 'clone', (image) => image.parent()), undefined)
})

t.test('thousands of names, images that are gone, one that is damaged', async (t) => {
  const { ioctx, rados } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await Image.create(ioctx, 'zz damaged', { size: mib })
  const { id } = (await Image.list(ioctx)).find(({ name }) => name === 'zz damaged') ?? { id: '' }
  await rados('rmomapkey', `rbd_header.${id}`, 'size')
  // Entries of the directory whose images are gone, as between the steps of a removal.
  for (let page = 0; page < 3; page++) {
    const names = Array.from(
      { length: 1000 },
      (_, i) => [`name_n${page}-${i}`, text(`gone${page}-${i}`)] as const,
    )
    await ioctx.operate('rbd_directory', new WriteOp().omapSet(new Map(names)))
  }
  const found = await all(ioctx, { concurrency: 200 })
  t.same(
    found.map(({ name }) => name),
    ['image', 'zz damaged'],
  )
  t.match(found[1], { id, error: { code: 'EBADMSG', image: 'zz damaged', message: /zz damaged'.*damaged/ } })
})

t.test('what is told of an image goes with it: memory does not grow with their number', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const id = (await Image.list(ioctx))[0]?.id ?? ''
  // Many names for one image.
  const pages = long ? 100 : 15
  for (let page = 0; page < pages; page++) {
    const names = Array.from({ length: 1000 }, (_, i) => [`name_n${page}-${i}`, text(id)] as const)
    await ioctx.operate('rbd_directory', new WriteOp().omapSet(new Map(names)))
  }
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heaps: number[] = []
  let count = 0
  for await (const { error } of inventory(ioctx)) {
    if (error) throw error
    if (++count % 5000 > 0) continue
    collect()
    heaps.push(process.memoryUsage().heapUsed)
  }
  t.equal(count, pages * 1000 + 1)
  t.comment(
    `heap after each 5000 images, MiB: ${heaps.map((bytes) => (bytes / mib).toFixed(1)).join(' ')}; RSS ${(process.memoryUsage().rss / mib).toFixed(0)}`,
  )
  // An entry takes a KiB or two.
  t.ok(heaps.length > 2 && (heaps.at(-1) as number) < (heaps[0] as number) + 3 * mib)
})

t.test('aborted, left, and asked wrongly', async (t) => {
  const { ioctx } = await openPool(t)
  for (let i = 0; i < 20; i++) await Image.create(ioctx, `i${i}`, { size: mib })
  const reason = new Error('enough')
  await t.rejects(all(ioctx, { signal: AbortSignal.abort(reason) }), reason)
  const abort = new AbortController()
  await t.rejects(async () => {
    for await (const _ of inventory(ioctx, { concurrency: 2, signal: abort.signal })) abort.abort(reason)
  }, reason)
  for await (const { name } of inventory(ioctx, { concurrency: 3 })) {
    t.equal(name, 'i0')
    break
  }
  await t.rejects(all(ioctx, { concurrency: 0 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(all(ioctx, { usages: true } as object), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(all('pool' as never), { code: 'ERR_INVALID_ARG_TYPE' })
  const closed = await ioctx.cluster.openIoCtx(ioctx.pool)
  await closed.close()
  await t.rejects(all(closed), { code: 'EBADF' })
})
