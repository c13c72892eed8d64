/** Errors that say why: librbd has an errno for all of it. */

import { Cluster, Image, Migration } from 'rbdkit'
import t from 'tap'
import { cli } from '../cli/fixture.js'
import { mib, openPool } from '../copy/fixture.js'

t.test('remove: what is in the way is named', async (t) => {
  const { ioctx, rbd, test } = await openPool(t)
  const { pool } = ioctx
  const create = (name: string) => Image.create(ioctx, name, { size: mib })
  const refused = async (name: string, code: string, reason: string): Promise<void> => {
    const before = `${code}: `
    const after = `, rbd_remove_with_progress '${pool}/${name}': ${reason}`
    const error = await Image.remove(ioctx, name).then(
      () => t.fail(`${name} was removed`),
      (thrown) => thrown,
    )
    t.equal(error.code, code)
    t.ok(error.message.startsWith(before) && error.message.endsWith(after), error.message)
    t.ok(error.stack.startsWith(`CephError: ${error.message}\n`), 'the stack says it, too')
  }

  await create('open')
  const opened = await Image.open(ioctx, 'open')
  const [watcher] = await opened.listWatchers()
  await refused('open', 'EBUSY', `it is open on ${watcher?.address}`)
  await opened.close()
  await Image.remove(ioctx, 'open')

  await create('parent')
  const parent = await Image.open(ioctx, 'parent')
  await parent.snapshots.create('s')
  await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, 'clone', { cloneFormat: 2 })
  await parent.snapshots.remove('s')
  const [trashed] = await parent.snapshots.list()
  await parent.close()
  const reason = `it has snapshots in the trash (s), which go when the last clone of them does: flatten or remove ${pool}/clone first`
  t.match(trashed, { namespace: { type: 'trash', name: 's' } })
  await refused('parent', 'ENOTEMPTY', reason)
  const { status, stderr } = await cli(test.confFile, 'rm', `${pool}/parent`)
  t.equal(status, 1)
  t.ok(stderr.endsWith(`: ${reason}\n`), stderr)
  await Image.remove(ioctx, 'clone')
  await Image.remove(ioctx, 'parent')

  await create('member')
  await rbd('group', 'create', `${pool}/group`)
  await rbd('group', 'image', 'add', `${pool}/group`, `${pool}/member`)
  await rbd('group', 'snap', 'create', `${pool}/group@all`)
  await refused(
    'member',
    'ENOTEMPTY',
    "it has snapshots of groups (group@all), to be removed first with 'rbd group snap rm'",
  )
  await rbd('group', 'snap', 'rm', `${pool}/group@all`)
  await refused(
    'member',
    'EMLINK',
    `it is in the group ${pool}/group: take it out first with 'rbd group image remove'`,
  )
  await rbd('group', 'rm', `${pool}/group`)
  await Image.remove(ioctx, 'member')

  await create('from')
  await rbd('migration', 'prepare', 'from', `${pool}/to`)
  t.match(await new Migration(ioctx, 'to').status(), {
    source: { pool, namespace: '', image: 'from' },
    dest: { pool, namespace: '', image: 'to' },
    state: 'prepared',
  })
  const migration = `it is being migrated (prepared) from ${pool}/from to ${pool}/to: end that first with 'rbd migration commit' or 'rbd migration abort'`
  await refused('to', 'EBUSY', migration)
  await refused('from', 'ENOENT', migration)
  await rbd('migration', 'abort', `${pool}/to`)
  await t.rejects(new Migration(ioctx, 'from').status(), { code: 'EINVAL', syscall: 'rbd_migration_status' })
  await t.rejects(new Migration(ioctx, 'none').status(), { code: 'ENOENT' })
  await Image.remove(ioctx, 'from')
  await t.rejects(Image.remove(ioctx, 'none'), {
    message: `ENOENT: no such file or directory, rbd_remove_with_progress '${pool}/none'`,
  })

  await rbd('mirror', 'pool', 'enable', 'image')
  await create('mirrored')
  await rbd('mirror', 'image', 'enable', 'mirrored', 'snapshot')
  await rbd('mirror', 'image', 'demote', 'mirrored')
  await refused(
    'mirrored',
    'EINVAL',
    "it is mirrored from another cluster: remove the primary image, promote this one first ('rbd mirror image promote'), or end its mirroring ('rbd mirror image disable --force')",
  )
  await rbd('mirror', 'image', 'promote', 'mirrored')
  t.match(await cli(test.confFile, 'rm', `${pool}/mirrored`), {
    status: 0,
    stdout: '',
    stderr: `rbdkit: '${pool}/mirrored' was mirrored: its copies in other clusters go with it\n`,
  })
})

t.test('a removal that was interrupted, and whose client Ceph has not forgotten yet', async (t) => {
  const { ioctx, test } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 64 * mib, objectSize: 65_536, features: ['layering'] })
  const writer = await Image.open(ioctx, 'image')
  await writer.writeSame(Buffer.alloc(512, 1), { position: 0, length: 64 * mib })
  await writer.close()
  const controller = new AbortController()
  const removal = Image.remove(ioctx, 'image', {
    signal: controller.signal,
    onProgress: () => controller.abort(),
  })
  await t.rejects(removal, { name: 'AbortError' })
  const [{ id = '', name = '' } = {}] = await Image.list(ioctx)
  t.equal(name, 'image', 'it is still listed')
  await t.rejects(Image.open(ioctx, 'image'), { code: 'ENOENT' })
  const other = await Cluster.connect({ confFile: test.confFile })
  t.teardown(() => other.close())
  const held = await Image.open(await other.openIoCtx(ioctx.pool), { id })
  const [watcher] = await held.listWatchers()
  const reason =
    'an earlier removal was interrupted, and removing it again ends the work; but it is open on ' +
    `${watcher?.address}, which Ceph forgets 30 seconds after a client has died`
  await t.rejects(Image.remove(ioctx, 'image'), {
    code: 'EBUSY',
    message: `EBUSY: device or resource busy, rbd_remove_with_progress '${ioctx.pool}/image': ${reason}`,
  })
  await held.close()
  await Image.remove(ioctx, 'image')
  t.same(await Image.list(ioctx), [])
})

t.test('snapshots that stay, clones that are refused, sizes', async (t) => {
  const { ioctx } = await openPool(t)
  const { pool } = ioctx
  await Image.create(ioctx, 'image', { size: 4 * mib })
  await using image = await Image.open(ioctx, 'image')
  await image.snapshots.create('s')
  const parent = { image: 'image', snapshot: 's' }
  await t.rejects(Image.clone(ioctx, parent, ioctx, 'clone', { cloneFormat: 1 }), {
    code: 'EINVAL',
    message:
      `EINVAL: invalid argument, rbd_clone3 '${pool}/image@s' -> '${pool}/clone': the snapshot is not protected, which a ` +
      'clone of format 1 needs, and that is what was asked for: protect the snapshot first, or pass cloneFormat: 2',
  })
  // The cluster of the tests has no minimum for its clients, so that format 1 is its default.
  await t.rejects(Image.clone(ioctx, parent, ioctx, 'clone'), {
    code: 'EINVAL',
    message:
      /needs, and that is what this cluster makes by default, for clients older than Mimic may use it: protect/,
  })
  await image.snapshots.protect('s')
  await t.rejects(image.snapshots.remove('s'), {
    code: 'EBUSY',
    message: /: it is protected: unprotect it first$/,
  })
  await Image.clone(ioctx, parent, ioctx, 'clone')
  const clones = `: it has clones (${pool}/clone), to be flattened or removed first`
  for (const refused of [() => image.snapshots.remove('s'), () => image.snapshots.unprotect('s')]) {
    const { code, message } = await refused().then(
      () => t.fail('it was not refused'),
      (error) => error,
    )
    t.equal(code, 'EBUSY')
    t.ok(message.endsWith(clones), message)
  }
  await t.rejects(image.resize(mib), {
    code: 'EINVAL',
    message: /: it has 4194304 bytes, and would lose what lies behind 1048576: pass allowShrink: true$/,
  })
})

t.test('a handle that gave its lock up, and one whose image another keeps the lock of', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  await using other = await Image.open(ioctx, 'image')
  const block = Buffer.alloc(512, 1)
  await image.locks.acquire('exclusive')
  const kept = {
    code: 'EROFS',
    message: /: another client holds the lock of the image and keeps it: locks\.owners\(\)/,
  }
  await t.rejects(other.write(block, { position: 0 }), kept)
  await t.rejects(other.locks.acquire('exclusive'), kept)
  t.match(await other.locks.lockers(), [
    { client: `client.${await ioctx.cluster.clientId()}`, cookie: /^auto / },
  ])
  await image.locks.release()
  t.same(await other.locks.lockers(), [], 'a handle that may write sees the lock go')
  t.same(await image.locks.lockers(), [])
  const gone = {
    code: 'EROFS',
    message: /: since its locks\.acquire\(\) this handle takes no lock by itself, and it holds/,
  }
  await t.rejects(image.write(block, { position: 0 }), gone)
  await t.rejects(other.write(block, { position: 0 }), gone, 'nor after one that failed')
  await other.close()
  await using third = await Image.open(ioctx, 'image')
  await third.write(block, { position: 0 })
  t.match(await image.locks.lockers(), [{ mode: 'exclusive' }])
  await image.locks.acquire('exclusive')
  await image.write(block, { position: 512 })
  await image.locks.release()
  await image.snapshots.create('s')
  t.equal(await image.locks.isOwner(), true, 'what changes the image as a whole takes the lock again')
  await image.write(block, { position: 512 })
  await t.rejects(third.write(block, { position: 0 }), kept)
})
