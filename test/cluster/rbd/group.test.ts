/** Consistency groups: what librbd has of them is read back with `rbd group`. */

import { Cluster, Group, type GroupDiffOptions, Image, type IoCtx, namespaceCreate, Trash } from 'rbdkit'
import t from 'tap'
import { cephHas, cephRelease } from '../../helpers/releases.js'
import { mib, openPool, withImage } from '../copy/fixture.js'

const names = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name).sort()

async function readStart(ioctx: IoCtx, image: string, length = 3): Promise<string> {
  return withImage(ioctx, image, async (opened) =>
    (await opened.read({ position: 0, length })).buffer.toString(),
  )
}

async function writeStart(ioctx: IoCtx, image: string, text: string): Promise<void> {
  await withImage(ioctx, image, (opened) => opened.write(Buffer.from(text), { position: 0 }))
}

t.test('groups: create, list, rename, remove', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const theirs = async (): Promise<string[]> => JSON.parse(await rbd('group', 'ls', '--format', 'json'))
  t.same(await Group.list(ioctx), [])
  await Group.create(ioctx, 'one')
  await Group.create(ioctx, 'a name, ünïcode')
  t.same((await Group.list(ioctx)).sort(), ['a name, ünïcode', 'one'])
  t.same((await theirs()).sort(), ['a name, ünïcode', 'one'])
  await t.rejects(Group.create(ioctx, 'one'), { code: 'EEXIST', syscall: 'rbd_group_create', object: 'one' })
  await Group.rename(ioctx, 'one', 'two')
  t.same((await theirs()).sort(), ['a name, ünïcode', 'two'])
  await t.rejects(Group.rename(ioctx, 'one', 'three'), {
    code: 'ENOENT',
    object: 'one',
    dest: `${ioctx.pool}/three`,
  })
  await t.rejects(Group.rename(ioctx, 'two', 'a name, ünïcode'), { code: 'EEXIST' })
  await Group.remove(ioctx, 'two')
  await Group.remove(ioctx, 'two') // as librbd has it: no error
  t.same(await theirs(), ['a name, ünïcode'])
  await Group.remove(ioctx, 'a name, ünïcode')
  t.same(await Group.list(ioctx), [])
  for (const value of ['a/b', 'a@b', '', 5]) {
    await t.rejects(Group.create(ioctx, value as string), { code: /^ERR_INVALID_ARG_/ })
  }
  t.throws(() => new Group({} as IoCtx, 'group'), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => new Group(ioctx, ''), { code: 'ERR_INVALID_ARG_VALUE' })
})

t.test('more groups than fit into a first answer', async (t) => {
  const { ioctx } = await openPool(t)
  const many = Array.from({ length: 100 }, (_, i) => `${'long'.repeat(12)}-${String(i).padStart(3, '0')}`)
  await Promise.all(many.map((name) => Group.create(ioctx, name)))
  t.same((await Group.list(ioctx)).sort(), many)
})

t.test('images: add, list, remove, of several pools', async (t) => {
  const { cluster, ioctx, rbd } = await openPool(t)
  const other = await openPool(t)
  await using elsewhere = await cluster.openIoCtx(other.ioctx.pool)
  await Image.create(ioctx, 'here', { size: mib })
  await Image.create(elsewhere, 'there', { size: mib })
  await Group.create(ioctx, 'group')
  const group = new Group(ioctx, 'group')
  t.same(await group.images.list(), [])
  await group.images.add(ioctx, 'here')
  await group.images.add(elsewhere, 'there')
  const [here, there] = [await ioctx.id(), await elsewhere.id()]
  t.same(
    (await group.images.list()).sort((a, b) => a.image.localeCompare(b.image)),
    [
      { image: 'here', poolId: here, pool: ioctx.pool, state: 'attached' },
      { image: 'there', poolId: there, pool: elsewhere.pool, state: 'attached' },
    ],
  )
  const theirs = JSON.parse(await rbd('group', 'image', 'ls', `${ioctx.pool}/group`, '--format', 'json')) as {
    image: string
    pool: string
  }[]
  t.same(
    theirs.map(({ image, pool }) => `${pool}/${image}`).sort(),
    [`${ioctx.pool}/here`, `${elsewhere.pool}/there`].sort(),
  )
  t.match(await withImage(elsewhere, 'there', (image) => image.group()), { group: 'group', pool: ioctx.pool })
  await group.images.add(ioctx, 'here') // as librbd has it: no error
  await Group.create(ioctx, 'second')
  await t.rejects(new Group(ioctx, 'second').images.add(ioctx, 'here'), {
    code: 'EEXIST',
    syscall: 'rbd_group_image_add',
    object: 'second',
    dest: `${ioctx.pool}/here`,
  })
  await t.rejects(group.images.add(ioctx, 'none'), { code: 'ENOENT' })
  await group.images.remove(elsewhere, 'there')
  t.same(
    (await group.images.list()).map(({ image }) => image),
    ['here'],
  )
  t.equal(await withImage(elsewhere, 'there', (image) => image.group()), undefined)
  const { id } = await withImage(ioctx, 'here', (image) => image.info())
  await group.images.removeById(ioctx, id)
  t.same(await group.images.list(), [])
  await group.images.removeById(ioctx, id) // as librbd has it: no error
  const none = new Group(ioctx, 'none')
  const missing = { code: 'ENOENT', object: 'none' }
  await t.rejects(none.images.list(), { ...missing, message: /there is no such group/ })
  await t.rejects(none.images.add(ioctx, 'here'), missing)
  await t.rejects(none.images.remove(ioctx, 'here'), missing)
  await t.rejects(none.images.removeById(ioctx, id), missing)
  await t.rejects(group.images.add({} as IoCtx, 'here'), { code: 'ERR_INVALID_ARG_TYPE' })
  await elsewhere.close()
  await t.rejects(group.images.add(elsewhere, 'there'), { code: 'EBADF', syscall: 'rbd_group_image_add' })
})

t.test('snapshots: create, list, rename, remove', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'a', { size: mib })
  await Image.create(ioctx, 'b', { size: mib })
  await Group.create(ioctx, 'group')
  const group = new Group(ioctx, 'group')
  await group.images.add(ioctx, 'a')
  await group.images.add(ioctx, 'b')
  t.same(await group.snapshots.list(), [])
  await group.snapshots.create('one')
  await group.snapshots.create('two', { quiesce: 'skip' })
  await group.snapshots.create('three', { quiesce: 'ignore-errors' })
  const list = await group.snapshots.list()
  t.same(names(list), ['one', 'three', 'two'])
  t.ok(list.every(({ state }) => state === 'complete'))
  const theirs = JSON.parse(await rbd('group', 'snap', 'ls', `${ioctx.pool}/group`, '--format', 'json')) as {
    snapshot: string
  }[]
  t.same(theirs.map(({ snapshot }) => snapshot).sort(), ['one', 'three', 'two'])
  await t.rejects(group.snapshots.create('one'), { code: 'EEXIST', object: 'group', snapshot: 'one' })
  await group.snapshots.rename('one', 'uno')
  await t.rejects(group.snapshots.rename('one', 'eins'), {
    code: 'ENOENT',
    dest: `${ioctx.pool}/group@eins`,
    message: /rbd_group_snap_rename '.+\/group@one' -> '/,
  })
  await t.rejects(group.snapshots.remove('one'), { code: 'ENOENT' })
  await group.snapshots.remove('two')
  t.same(names(await group.snapshots.list()), ['three', 'uno'])
  const ofImage = await withImage(ioctx, 'a', (image) => image.snapshots.list())
  t.same(
    ofImage.map(({ namespace }) => namespace.type === 'group' && namespace.snapshot).sort(),
    ['three', 'uno'],
    'its images have the snapshots, and no others',
  )
  for (const quiesce of ['both', 1])
    await t.rejects(group.snapshots.create('x', { quiesce: quiesce as 'skip' }), {
      code: 'ERR_INVALID_ARG_VALUE',
    })
  await t.rejects(group.snapshots.create('a@b'), { code: 'ERR_INVALID_ARG_VALUE' })
  const none = new Group(ioctx, 'none')
  await t.rejects(none.snapshots.list(), { code: 'ENOENT', object: 'none' })
  for (const call of [
    () => none.snapshots.create('x'),
    () => none.snapshots.remove('x'),
    () => none.snapshots.rename('x', 'y'),
    () => none.snapshots.rollback('x'),
  ])
    await t.rejects(call(), { code: 'ENOENT', object: 'none' })

  if (cephHas('20.2.0')) {
    const theirs = JSON.parse(await rbd('group', 'info', '--format', 'json', '--group', 'group'))
    t.equal(await group.id(), theirs.group_id)
    const uno = await group.snapshots.get('uno')
    t.match(uno, { name: 'uno', state: 'complete', details: { id: /^[0-9a-f]+$/, namespaceType: 'user' } })
    const poolId = await ioctx.id()
    const expected = []
    for (const name of ['a', 'b']) {
      const list = await withImage(ioctx, name, (image) => image.snapshots.list())
      const found = list.find(({ namespace }) => namespace.type === 'group' && namespace.snapshot === 'uno')
      t.equal(found?.name, uno.details.imageSnapshot)
      expected.push({ image: name, poolId, pool: ioctx.pool, snapshotId: found?.id })
    }
    const byImage = (one: { image: string }, other: { image: string }) => (one.image < other.image ? -1 : 1)
    t.same([...uno.details.images].sort(byImage), expected)
    t.same((await group.snapshots.list()).find(({ name }) => name === 'uno')?.details?.id, uno.details.id)
    await t.rejects(group.snapshots.get('none'), {
      code: 'ENOENT',
      syscall: 'rbd_group_snap_get_info',
      object: 'group',
      snapshot: 'none',
    })
    await t.rejects(none.id(), { code: 'ENOENT', syscall: 'rbd_group_get_id', object: 'none' })
    await t.rejects(none.snapshots.get('uno'), { code: 'ENOENT', object: 'none' })
  } else {
    const older = { code: 'ENOSYS', message: /this host's library is older than Ceph 20\.2\.0 \(tentacle\)$/ }
    await t.rejects(group.id(), { ...older, syscall: 'rbd_group_get_id' })
    await t.rejects(group.snapshots.get('uno'), { ...older, syscall: 'rbd_group_snap_get_info' })
    t.ok((await group.snapshots.list()).every(({ details }) => details === undefined))
  }
  await Group.remove(ioctx, 'group')
  t.same(await withImage(ioctx, 'a', (image) => image.snapshots.list()), [])
})

t.test('what differs between two snapshots, image by image', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const other = await openPool(t)
  await using elsewhere = await cluster.openIoCtx(other.ioctx.pool)
  const layout = { size: 4 * mib, objectSize: mib } as const
  await Image.create(ioctx, 'a', layout)
  await Image.create(elsewhere, 'b', layout)
  await Image.create(ioctx, 'alone', layout)
  await Group.create(ioctx, 'group')
  const group = new Group(ioctx, 'group')
  await group.images.add(ioctx, 'a')
  await group.images.add(elsewhere, 'b')
  const write = (at: IoCtx, name: string, position: number, length = 4096) =>
    withImage(at, name, (image) => image.write(Buffer.alloc(length, 1), { position }))
  await write(ioctx, 'a', 0)
  await write(elsewhere, 'b', mib)
  await write(ioctx, 'alone', 0)
  await group.snapshots.create('one')
  await write(ioctx, 'a', 2 * mib)
  await write(elsewhere, 'b', 3 * mib, 8192)
  await group.snapshots.create('two')
  await write(ioctx, 'a', 3 * mib)
  const all = async (name: string, options?: GroupDiffOptions): Promise<string[]> => {
    const found: string[] = []
    for await (const { pool, image, position, length, exists } of group.snapshots.diff(name, options))
      found.push(`${pool === ioctx.pool ? 'own' : 'other'}/${image} ${position}+${length} ${exists}`)
    return found.sort()
  }
  t.same(await all('one'), ['other/b 1048576+4096 true', 'own/a 0+4096 true'])
  t.same(await all('two'), [
    'other/b 1048576+4096 true',
    'other/b 3145728+8192 true',
    'own/a 0+4096 true',
    'own/a 2097152+4096 true',
  ])
  t.same(await all('one', { wholeObject: true }), ['other/b 1048576+1048576 true', 'own/a 0+1048576 true'])
  await all('two', { from: 'one' }).then(
    (found) => t.same(found, ['other/b 3145728+8192 true', 'own/a 2097152+4096 true']),
    // Snapshots of groups have no name to begin at; by id since 18.2.5.
    (error) => t.match(error, { code: 'ENOSYS', syscall: 'rbd_diff_iterate3' }),
  )
  const missing = { code: 'ENOENT', object: 'group', snapshot: 'none' }
  await t.rejects(all('none'), missing)
  await t.rejects(all('two', { from: 'none' }), missing)
  await t.rejects(new Group(ioctx, 'none').snapshots.diff('one').next(), { code: 'ENOENT', object: 'none' })
  await t.rejects(all('one', { signal: AbortSignal.abort(new Error('before')) }), { message: 'before' })
  const left = group.snapshots.diff('two')
  t.equal((await left.next()).done, false)
  await left.return()
  await Group.remove(ioctx, 'group')
})

t.test('an image that goes to the trash and comes back', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const { id } = await withImage(ioctx, 'image', (image) => image.info())
  await Group.create(ioctx, 'group')
  const group = new Group(ioctx, 'group')
  await group.images.add(ioctx, 'image')
  const operations = () => withImage(ioctx, 'image', async (image) => (await image.info()).operations)
  t.same(await operations(), ['group'])
  const trash = new Trash(ioctx)
  if (cephHas('18.2.8', '19.2.3')) {
    await t.rejects(trash.move('image'), {
      code: 'EMLINK',
      syscall: 'rbd_trash_move',
      image: 'image',
      message: new RegExp(`: it is in the group ${ioctx.pool}/group: take it out`),
    })
  } else {
    await trash.move('image')
    t.same(await group.images.list(), [], 'it is not named meanwhile')
    await trash.restore(id)
  }
  t.match(await group.images.list(), [{ image: 'image', state: 'attached' }])
  await group.images.remove(ioctx, 'image')
  t.same(await operations(), [])
})

t.test('rollback', async (t) => {
  const { ioctx } = await openPool(t)
  for (const name of ['a', 'b']) await Image.create(ioctx, name, { size: mib })
  await Group.create(ioctx, 'group')
  const group = new Group(ioctx, 'group')
  await writeStart(ioctx, 'a', 'a-1')
  await writeStart(ioctx, 'b', 'b-1')
  await group.images.add(ioctx, 'a')
  await group.snapshots.create('one')
  await group.images.add(ioctx, 'b')
  await group.snapshots.create('two')
  await writeStart(ioctx, 'a', 'a-2')
  await writeStart(ioctx, 'b', 'b-2')
  // The group has other images now. Ceph 16.2 does not mind, newer releases refuse.
  const refused = cephRelease > 16
  const rollback = group.snapshots.rollback('one')
  if (refused) {
    const syscall = 'rbd_group_snap_rollback_with_progress'
    await t.rejects(rollback, { code: 'EINVAL', syscall, snapshot: 'one' })
  } else await rollback
  t.equal(await readStart(ioctx, 'a'), refused ? 'a-2' : 'a-1')
  t.equal(await readStart(ioctx, 'b'), 'b-2')
  const seen: { done: number; total: number }[] = []
  await group.snapshots.rollback('two', { onProgress: (progress) => seen.push(progress) })
  t.equal(await readStart(ioctx, 'a'), 'a-1')
  t.equal(await readStart(ioctx, 'b'), 'b-1')
  t.equal(seen.at(-1)?.done, seen.at(-1)?.total)
  await group.images.remove(ioctx, 'b')
  await writeStart(ioctx, 'a', 'a-3')
  await writeStart(ioctx, 'b', 'b-3')
  await group.snapshots.rollback('one')
  t.equal(await readStart(ioctx, 'a'), 'a-1')
  t.equal(await readStart(ioctx, 'b'), 'b-3', 'what is not in the group stays')
})

t.test('an aborted rollback is ended by another', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 64 * mib, objectSize: 65_536 })
  const fill = (byte: number) =>
    withImage(ioctx, 'image', (image) =>
      image.writeSame(Buffer.alloc(512, byte), { position: 0, length: 64 * mib }),
    )
  await fill(1)
  await Group.create(ioctx, 'group')
  const group = new Group(ioctx, 'group')
  await group.images.add(ioctx, 'image')
  await group.snapshots.create('one')
  await fill(2)
  const old = () =>
    withImage(ioctx, 'image', async (image) => {
      let objects = 0
      for (let at = 0; at < 64 * mib; at += 65_536)
        objects += (await image.read({ position: at, length: 1 })).buffer[0] === 1 ? 1 : 0
      return objects
    })
  const controller = new AbortController()
  const reason = new Error('that is enough')
  await t.rejects(
    group.snapshots.rollback('one', {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    }),
    reason,
  )
  const done = await old()
  t.ok(done < 1024, `${done} of 1024 objects are rolled back`)
  await group.snapshots.rollback('one')
  t.equal(await old(), 1024)
})

t.test('a namespace has groups of its own', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  await namespaceCreate(ioctx, 'space')
  await using space = await cluster.openIoCtx(ioctx.pool, { namespace: 'space' })
  await Group.create(space, 'group')
  t.same(await Group.list(ioctx), [])
  t.same(await Group.list(space), ['group'])
  await Image.create(space, 'inside', { size: mib })
  await Image.create(ioctx, 'outside', { size: mib })
  const group = new Group(space, 'group')
  await group.images.add(space, 'inside')
  await t.rejects(group.images.add(ioctx, 'outside'), {
    code: 'EINVAL',
    namespace: 'space',
    message: /rbd_group_image_add '.+\/space\/group' -> '.+\/outside'/,
  })
  await group.snapshots.create('one')
  t.match(await withImage(space, 'inside', (image) => image.snapshots.list()), [
    { namespace: { type: 'group', group: 'group', snapshot: 'one' } },
  ])
})

t.test('an ioctx of another connection', async (t) => {
  const { ioctx, test } = await openPool(t)
  await Group.create(ioctx, 'group')
  await Image.create(ioctx, 'image', { size: mib })
  const again = await Cluster.connect({ confFile: test.confFile })
  t.teardown(() => again.close())
  await new Group(ioctx, 'group').images.add(await again.openIoCtx(ioctx.pool), 'image')
  t.equal((await new Group(ioctx, 'group').images.list()).length, 1, 'another connection is no other cluster')
})
