import { Cluster, Image, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { mib, openPool } from '../copy/fixture.js'

const text = async (image: Image) => (await image.read({ position: 0, length: 6 })).buffer.toString()

t.test('clones of both formats, in another pool, with a layout of their own', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const pool = randomName('children')
  await cluster.pools.create(pool)
  const children = await cluster.openIoCtx(pool)
  t.teardown(() => cluster.pools.delete(pool))
  await poolInit(children)
  await Image.create(ioctx, 'golden', { size: 8 * mib })
  await using golden = await Image.open(ioctx, 'golden')
  await golden.write(Buffer.from('golden'), { position: 0 })
  await golden.snapshots.create('base')
  const parent = { image: 'golden', snapshot: 'base' }
  await t.rejects(Image.clone(ioctx, parent, ioctx, 'early', { cloneFormat: 1 }), {
    code: 'EINVAL',
    image: 'golden',
    snapshot: 'base',
    dest: `${ioctx.pool}/early`,
    syscall: 'rbd_clone3',
  })
  await golden.snapshots.protect('base')
  await Image.clone(ioctx, parent, ioctx, 'one', { cloneFormat: 1 })
  await Image.clone(ioctx, parent, children, 'two', {
    cloneFormat: 2,
    objectSize: mib,
    features: ['layering'],
  })
  await t.rejects(Image.clone(ioctx, parent, children, 'two'), { code: 'EEXIST', dest: `${pool}/two` })
  await t.rejects(Image.clone(ioctx, { image: 'golden', snapshot: 'x' }, ioctx, 'three'), { code: 'ENOENT' })

  await golden.write(Buffer.from('silver'), { position: 0 })
  const one = await Image.open(ioctx, 'one')
  const two = await Image.open(children, 'two')
  const snapshots = await golden.snapshots.list()
  for (const child of [one, two]) {
    t.equal(await text(child), 'golden')
    t.match(await child.parent(), {
      pool: ioctx.pool,
      poolId: await ioctx.id(),
      namespace: '',
      image: 'golden',
      id: (await golden.info()).id,
      snapshot: 'base',
      snapshotId: snapshots[0]?.id,
      trash: false,
    })
    t.equal((await child.info()).overlap, 8 * mib)
  }
  t.match(await two.info(), { objectSize: mib, features: ['layering'] })
  const listed = await golden.listChildren()
  t.same(
    listed.map(({ pool: p, image }) => `${p}/${image}`).sort(),
    [`${pool}/two`, `${ioctx.pool}/one`].sort(),
  )
  await t.rejects(golden.snapshots.unprotect('base'), { code: 'EBUSY' })

  await one.write(Buffer.from('mine!!'), { position: 0 })
  await one.flatten()
  await two.flatten()
  t.equal(await text(one), 'mine!!')
  t.equal(await text(two), 'golden')
  t.equal(await one.parent(), undefined)
  t.equal((await two.info()).overlap, 0)
  t.same(await golden.listChildren(), [])
  await golden.snapshots.unprotect('base')
  await golden.snapshots.remove('base')
  t.equal(await text(two), 'golden', 'independent of its parent')
  await one.close()
  await two.close()
  await children.close()
  await t.rejects(Image.clone(ioctx, parent, children, 'late'), {
    code: 'EBADF',
    syscall: 'rbd_clone3',
    pool,
  })
})

t.test('many children', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'golden', { size: mib })
  await using golden = await Image.open(ioctx, 'golden')
  await golden.snapshots.create('base')
  const names = Array.from({ length: 70 }, (_, i) => `child-${i}`)
  for (let i = 0; i < names.length; i += 10) {
    const some = names.slice(i, i + 10)
    const parent = { image: 'golden', snapshot: 'base' }
    await Promise.all(some.map((name) => Image.clone(ioctx, parent, ioctx, name, { cloneFormat: 2 })))
  }
  t.same((await golden.listChildren()).map(({ image }) => image).sort(), names.sort())
})

t.test('a clone cannot be in another cluster', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'golden', { size: mib })
  const golden = await Image.open(ioctx, 'golden')
  await golden.snapshots.create('base')
  await golden.close()
  await using other = await LocalCluster.start({ objectstore: 'memstore' })
  await using cluster = await Cluster.connect({ confFile: other.confFile })
  await cluster.pools.create('p')
  const there = await cluster.openIoCtx('p')
  const cloning = Image.clone(ioctx, { image: 'golden', snapshot: 'base' }, there, 'child', {
    cloneFormat: 2,
  })
  await t.rejects(cloning, { code: 'EXDEV', syscall: 'rbd_clone3' })
  t.same(await Image.list(there), [])
})
