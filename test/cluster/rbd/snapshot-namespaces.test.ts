/** Snapshots that are nobody's: of groups, of mirroring, in the trash. They are listed with what they belong to. */

import { Group, Image, type SnapshotInfo } from 'rbdkit'
import t from 'tap'
import { cephHas } from '../../helpers/releases.js'
import { cli } from '../cli/fixture.js'
import { mib, openPool } from '../copy/fixture.js'

/** As `rbd snap ls --all --format json` names them. */
interface Listed {
  id: number
  name: string
  namespace: Record<string, unknown>
}

t.test('all snapshots are listed, with their namespaces', async (t) => {
  const { ioctx, rbd, test } = await openPool(t)
  const { pool } = ioctx
  await Image.create(ioctx, 'image', { size: 4 * mib })
  await using image = await Image.open(ioctx, 'image')
  await image.snapshots.create('user')
  await image.snapshots.create('gone')
  await Image.clone(ioctx, { image: 'image', snapshot: 'gone' }, ioctx, 'clone', { cloneFormat: 2 })
  await image.snapshots.remove('gone')
  await rbd('group', 'create', `${pool}/group`)
  await rbd('group', 'image', 'add', `${pool}/group`, `${pool}/image`)
  await rbd('group', 'snap', 'create', `${pool}/group@together`)
  await rbd('mirror', 'pool', 'enable', 'image')
  await rbd('mirror', 'image', 'enable', `${pool}/image`, 'snapshot')
  const poolId = await ioctx.id()

  t.same(await image.group(), { poolId, pool, group: 'group' })
  t.match(await image.mirror.info(), {
    mode: 'snapshot',
    state: 'enabled',
    primary: true,
    globalId: /^[-0-9a-f]{36}$/,
  })
  const snapshots = await image.snapshots.list()
  const theirs = JSON.parse(await rbd('snap', 'ls', '--all', '--format', 'json', 'image')) as Listed[]
  t.same(
    snapshots.map(({ id, name, namespace }) => [Number(id), name, namespace.type]),
    theirs.map(({ id, name, namespace }) => [id, name, namespace.type]),
  )
  const of = (type: string): SnapshotInfo['namespace'] | undefined =>
    snapshots.find(({ namespace }) => namespace.type === type)?.namespace
  t.same(of('user'), { type: 'user' })
  const original = cephHas('19.2.0') ? { original: 'user' } : {}
  t.same(of('trash'), { type: 'trash', name: 'gone', ...original })
  t.same(of('group'), { type: 'group', poolId, group: 'group', snapshot: 'together' })
  t.match(of('mirror'), {
    type: 'mirror',
    state: 'primary',
    peers: [],
    complete: true,
    primaryMirrorUuid: '',
    lastCopiedObject: 0,
  })
  t.ok(snapshots.every(({ created, size }) => Date.now() - created.getTime() < 60_000 && size === 4 * mib))

  const info = await cli(test.confFile, 'info', '--json', `${pool}/image`)
  t.equal(JSON.parse(info.stdout).snapshot_count, 4, 'as rbd info counts them')
  const list = await cli(test.confFile, 'snap', 'ls', '--json', `${pool}/image`)
  t.match(JSON.parse(list.stdout), [{ name: 'user' }])
  t.equal(JSON.parse(list.stdout).length, 1, 'as rbd snap ls: those that a spec can name')
  const long = await cli(test.confFile, 'ls', '-l', '--json', '-p', pool)
  t.same(
    JSON.parse(long.stdout).map(({ image, snapshot = '' }: Record<string, string>) => `${image}@${snapshot}`),
    ['clone@', 'image@', 'image@user'],
  )

  const refused = {
    code: 'ENOTEMPTY',
    message: /: it has snapshots \(user\), each to be removed first; it has snap/,
  }
  await image.close()
  await t.rejects(Image.remove(ioctx, 'image'), refused)
  await rbd('mirror', 'image', 'disable', `${pool}/image`)
  await rbd('group', 'snap', 'rm', `${pool}/group@together`)
  await rbd('group', 'rm', `${pool}/group`)
})

t.test("a group's snapshot that goes to the trash with a clone keeps whose it was", async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await Group.create(ioctx, 'group')
  const group = new Group(ioctx, 'group')
  await group.images.add(ioctx, 'image')
  await group.snapshots.create('together')
  await using image = await Image.open(ioctx, 'image')
  const [{ id, name }] = (await image.snapshots.list()) as [SnapshotInfo]
  const clone = Image.clone(ioctx, { image: 'image', snapshotId: id }, ioctx, 'clone', { cloneFormat: 2 })
  if (cephHas('19.2.0')) {
    await clone
    await group.snapshots.remove('together')
    t.match(await image.snapshots.list(), [{ id, namespace: { type: 'trash', name, original: 'group' } }])
    t.equal((await image.snapshots.list()).length, 1)
    await Image.remove(ioctx, 'clone')
    t.same(await image.snapshots.list(), [], 'it goes with its last clone')
  } else await t.rejects(clone, { code: 'ENOSYS', syscall: 'rbd_clone4' })
  await image.close()
  await Group.remove(ioctx, 'group')
})

t.test('one that other clients remove or rename meanwhile is left out, or has its new name', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib, features: ['layering'] })
  await using image = await Image.open(ioctx, 'image')
  await using other = await Image.open(ioctx, 'image')
  await image.snapshots.create('stays-0')
  let ended = false
  const change = (async () => {
    for (let i = 0; i < 12; i++) {
      await other.snapshots.create('short')
      await other.snapshots.rename(`stays-${i}`, `stays-${i + 1}`)
      await other.snapshots.remove('short')
    }
    ended = true
  })()
  while (!ended) {
    const names = (await image.snapshots.list()).map(({ name }) => name)
    t.ok(names.filter((name) => name.startsWith('stays-')).length === 1 && names.length <= 2, names.join())
  }
  await change
  t.match(await image.snapshots.list(), [{ name: 'stays-12' }])
})
