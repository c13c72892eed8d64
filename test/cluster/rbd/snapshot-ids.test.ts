/** Snapshots by their ids, clones of them, and what is done with all of an image's snapshots. */

import { Image, namespaceCreate } from 'rbdkit'
import t from 'tap'
import { cephHas } from '../../helpers/releases.js'
import { contentOf, mib, openPool } from '../copy/fixture.js'

const first = async (image: Image) => (await image.read({ position: 0, length: 5 })).buffer.toString()

t.test('a snapshot by its id, whatever it is called', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib })
  await using image = await Image.open(ioctx, 'image')
  await image.write(Buffer.from('first'), { position: 0 })
  await image.snapshots.create('ein Name 名')
  await image.write(Buffer.from('later'), { position: 0 })
  const id = await image.snapshots.getId('ein Name 名')
  const theirs = JSON.parse(await rbd('snap', 'ls', '--format', 'json', 'image')) as { id: number }[]
  t.same(
    theirs.map((snapshot) => BigInt(snapshot.id)),
    [id],
  )
  t.equal(await image.snapshots.getName(id), 'ein Name 名')
  t.equal(await image.snapshots.exists('ein Name 名'), true)
  t.equal(await image.snapshots.exists('other'), false)
  await t.rejects(image.snapshots.getId('other'), { code: 'ENOENT', snapshot: 'other' })
  await t.rejects(image.snapshots.getName(id + 1n), { code: 'ENOENT', snapshot: `#${id + 1n}` })

  await image.snapshots.rename('ein Name 名', 'new')
  t.equal(await image.snapshots.getName(Number(id)), 'new')
  const then = await Image.open(ioctx, 'image', { snapshot: { id } })
  t.match({ ...then }, { snapshot: 'new', snapshotId: id, readOnly: true })
  t.equal(await first(then), 'first')
  await t.rejects(then.write(Buffer.from('x'), { position: 0 }), { code: 'EROFS' })
  await then.close()
  await using named = await Image.open(ioctx, { id: (await image.info()).id }, { snapshot: 'new' })
  t.equal(named.snapshotId, id)
  await named.close()
  const none = Image.open(ioctx, 'image', { snapshot: { id: id + 1n } })
  await t.rejects(none, { code: 'ENOENT', image: 'image', snapshot: `#${id + 1n}` })
  await t.rejects(Image.open(ioctx, 'image', { snapshot: { id: -1 } }), { code: 'ERR_OUT_OF_RANGE' })

  await image.snapshots.protect('new')
  await t.rejects(image.snapshots.removeById(id), { code: 'EBUSY', syscall: 'rbd_snap_remove_by_id' })
  await image.snapshots.unprotect('new')
  await image.snapshots.removeById(id)
  t.same(await image.snapshots.list(), [])
  await t.rejects(image.snapshots.removeById(id), { code: 'ENOENT' })
  t.equal((await rbd('snap', 'ls', 'image')).trim(), '')
})

t.test('a snapshot of a group has no name of its own: it is opened and cloned by its id', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const { pool } = ioctx
  await Image.create(ioctx, 'image', { size: 4 * mib })
  await using image = await Image.open(ioctx, 'image')
  await image.write(Buffer.from('group'), { position: 0 })
  await image.flush()
  await rbd('group', 'create', `${pool}/group`)
  await rbd('group', 'image', 'add', `${pool}/group`, `${pool}/image`)
  await rbd('group', 'snap', 'create', `${pool}/group@together`)
  await image.write(Buffer.from('later'), { position: 0 })
  await image.snapshots.create('user')
  const list = await image.snapshots.list()
  const of = (type: string) => list.find(({ namespace }) => namespace.type === type)?.id as bigint
  await using then = await Image.open(ioctx, 'image', { snapshot: { id: of('group') } })
  t.equal(await first(then), 'group')
  t.match(then.snapshot, /^\.group\./)

  await Image.clone(ioctx, { image: 'image', snapshotId: of('user') }, ioctx, 'child', { cloneFormat: 2 })
  t.equal((await contentOf(ioctx, 'child')).subarray(0, 5).toString(), 'later')
  const parent = { image: 'image', snapshotId: of('group') }
  const clone = Image.clone(ioctx, parent, ioctx, 'grouped', { cloneFormat: 2 })
  const byId = cephHas('19.2.0')
  if (byId) {
    await clone
    t.equal((await contentOf(ioctx, 'grouped')).subarray(0, 5).toString(), 'group')
    await using grouped = await Image.open(ioctx, 'grouped')
    t.match(await grouped.parent(), { image: 'image', snapshotId: of('group') })
  } else {
    await t.rejects(clone, {
      code: 'ENOSYS',
      syscall: 'rbd_clone4',
      snapshot: `#${of('group')}`,
      message: /this host's library is older than Ceph 19\.2\.0 \(squid\)$/,
    })
  }
  await t.rejects(
    Image.clone(ioctx, { image: 'image', snapshotId: 99_999 }, ioctx, 'none', { cloneFormat: 2 }),
    { code: 'ENOENT', snapshot: '#99999', dest: `${pool}/none` },
  )
  await t.rejects(
    Image.clone(ioctx, parent, ioctx, 'none', { cloneFormat: 1 }),
    { code: byId ? 'EINVAL' : 'ENOSYS' },
    'a clone of format 1 names its snapshot',
  )
  await image.snapshots.remove('user')
  t.equal((await image.snapshots.list()).find(({ id }) => id === of('user'))?.namespace.type, 'trash')
  await t.rejects(
    Image.clone(ioctx, { image: 'image', snapshotId: of('user') }, ioctx, 'none', { cloneFormat: 2 }),
    { code: 'ENOENT' },
    'what is in the trash is not cloned',
  )
  await then.close()
  await rbd('group', 'snap', 'rm', `${pool}/group@together`)
  await rbd('group', 'rm', `${pool}/group`)
})

t.test('clones of one snapshot, and their clones, in other namespaces and in the trash', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const { pool } = ioctx
  await Image.create(ioctx, 'golden', { size: mib })
  await using golden = await Image.open(ioctx, 'golden')
  for (const name of ['one', 'two']) await golden.snapshots.create(name)
  await namespaceCreate(ioctx, 'inner')
  const clone = (snapshot: string, child: string) =>
    rbd('clone', '--rbd-default-clone-format', '2', `${pool}/${snapshot}`, `${pool}/${child}`)
  await clone('golden@one', 'a')
  await clone('golden@one', 'inner/b')
  await clone('golden@two', 'c')
  await rbd('snap', 'create', 'a@deep')
  await clone('a@deep', 'a-child')
  await rbd('trash', 'mv', 'c')
  const names = (list: { namespace: string; image: string; trash: boolean }[]) =>
    list.map(({ namespace, image, trash }) => `${namespace}/${image}${trash ? ' trash' : ''}`).sort()
  t.same(names(await golden.listChildren()), ['/a', '/c trash', 'inner/b'])
  t.same(names(await golden.listDescendants()), ['/a', '/a-child', '/c trash', 'inner/b'])
  const [one, two] = [await golden.snapshots.getId('one'), await golden.snapshots.getId('two')]
  t.same(names(await golden.listChildren({ snapshotId: one })), ['/a', 'inner/b'])
  t.same(names(await golden.listChildren({ snapshotId: two })), ['/c trash'])
  t.same(names(await golden.listDescendants({ snapshotId: one })), ['/a', '/a-child', 'inner/b'])
  t.same(names(await golden.listDescendants({ snapshotId: Number(two) })), ['/c trash'])
  t.equal(golden.snapshot, undefined)
  t.equal(await golden.snapshots.exists('one'), true, 'the handle itself is where it was')
  await t.rejects(golden.listChildren({ snapshotId: 99_999n }), { code: 'ENOENT' })
  await using at = await Image.open(ioctx, 'golden', { snapshot: { id: two } })
  t.same(names(await at.listChildren()), ['/c trash'])

  // Its snapshot goes to the trash with it, and the clone's parent is known by its id.
  await golden.snapshots.remove('one')
  await using a = await Image.open(ioctx, 'a')
  t.match(await a.parent(), { image: 'golden', snapshotId: one })
  t.same(names(await golden.listChildren({ snapshotId: one })), ['/a', 'inner/b'])
})

t.test('purge', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  t.same(await image.snapshots.purge(), [])
  const names = ['a', 'b', 'c', 'd']
  for (const name of names) await image.snapshots.create(name)
  await image.snapshots.protect('b')
  await t.rejects(image.snapshots.purge(), {
    code: 'EBUSY',
    message: /b: protected, so unprotect it first$/,
  })
  t.match(await image.snapshots.list(), [{ name: 'b' }])
  for (const name of ['x', 'y']) await image.snapshots.create(name)
  const seen: object[] = []
  const controller = new AbortController()
  const onProgress = (progress: object) => {
    seen.push(progress)
    controller.abort(new Error('enough'))
  }
  await t.rejects(image.snapshots.purge({ unprotect: true, signal: controller.signal, onProgress }), {
    message: 'enough',
  })
  t.same(seen, [{ done: 1, total: 3 }])
  t.equal((await image.snapshots.list()).length, 2)
  t.same(await image.snapshots.purge({ unprotect: true }), ['x', 'y'])
  t.equal((await rbd('snap', 'ls', 'image')).trim(), '')
})
