/** Mirroring as far as one cluster without an rbd-mirror daemon shows it. */

import { Image, type IoCtx, Mirror, type MirrorMode, namespaceCreate, type SnapshotInfo } from 'rbdkit'
import t from 'tap'
import { cephHas } from '../../helpers/releases.js'
import { mib, openPool, withImage } from '../copy/fixture.js'

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of list) items.push(item)
  return items
}

const mirrorSnapshots = (list: SnapshotInfo[]) =>
  list.flatMap(({ id, namespace }) => (namespace.type === 'mirror' ? [{ id, ...namespace }] : []))

t.test('a pool: mode, uuid, remote namespace', async (t) => {
  const { cluster, ioctx, rbd } = await openPool(t)
  const mirror = new Mirror(ioctx)
  t.equal(await mirror.mode(), 'disabled')
  await t.rejects(mirror.uuid(), { code: 'ENOENT', syscall: 'rbd_mirror_uuid_get', pool: ioctx.pool })
  const theirs = async () =>
    (JSON.parse(await rbd('mirror', 'pool', 'info', '--format', 'json')) as { mode: string }).mode
  for (const mode of ['image', 'pool'] as const) {
    await mirror.setMode(mode)
    t.equal(await mirror.mode(), mode)
    t.equal(await theirs(), mode)
  }
  t.match(await mirror.uuid(), /^[-0-9a-f]{36}$/)
  await mirror.setMode('disabled')
  t.equal(await theirs(), 'disabled')
  await t.rejects(mirror.setMode('some' as MirrorMode), { code: 'ERR_INVALID_ARG_VALUE' })
  const tentacle = cephHas('20.2.0')
  const initOnly = mirror.setMode('init-only')
  if (tentacle) {
    await initOnly
    t.equal(await mirror.mode(), 'init-only')
    t.equal(await theirs(), 'init-only')
  } else await t.rejects(initOnly, { code: 'EINVAL', syscall: 'rbd_mirror_mode_set' })
  await namespaceCreate(ioctx, 'space')
  await using space = await cluster.openIoCtx(ioctx.pool, { namespace: 'space' })
  const its = new Mirror(space)
  if (tentacle) {
    t.equal(await its.remoteNamespace(), 'space')
    await its.setRemoteNamespace('other')
    t.equal(await its.remoteNamespace(), 'other')
    await its.setMode('image')
    const info = await rbd('mirror', 'pool', 'info', '--namespace', 'space', '--format', 'json')
    t.match(JSON.parse(info), { mode: 'image', remote_namespace: 'other' })
    await t.rejects(its.setRemoteNamespace('third'), {
      code: 'EINVAL',
      syscall: 'rbd_mirror_remote_namespace_set',
      namespace: 'space',
    })
    await its.setMode('disabled')
    t.equal(await its.remoteNamespace(), 'space', 'disabling puts it back')
  } else {
    const older = {
      code: 'ENOSYS',
      namespace: 'space',
      message: /this host's library is older than Ceph 20\.2\.0 \(tentacle\)$/,
    }
    await t.rejects(its.remoteNamespace(), { ...older, syscall: 'rbd_mirror_remote_namespace_get' })
    await t.rejects(its.setRemoteNamespace('other'), { ...older, syscall: 'rbd_mirror_remote_namespace_set' })
  }
  t.throws(() => new Mirror({} as IoCtx), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('what a cluster calls itself', async (t) => {
  const { cluster, rbd } = await openPool(t)
  const fsid = await cluster.fsid()
  await Mirror.setSiteName(cluster, 'us-west-1')
  t.equal(await Mirror.siteName(cluster), 'us-west-1')
  t.match(await rbd('mirror', 'pool', 'info').catch((error) => String(error)), /./)
  const theirs = await cluster.monitorCommand<string>(
    { prefix: 'config-key get', key: 'rbd/mirror/site_name' },
    { format: 'text' },
  )
  t.equal(theirs, 'us-west-1')
  await Mirror.setSiteName(cluster, '')
  t.equal(await Mirror.siteName(cluster), fsid)
  await t.rejects(Mirror.siteName({} as typeof cluster), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('peers', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const mirror = new Mirror(ioctx)
  const { peers } = mirror
  t.same(await peers.list(), [])
  await t.rejects(peers.add('site', 'client.x'), { code: 'EINVAL', syscall: 'rbd_mirror_peer_site_add' })
  await mirror.setMode('image')
  const uuid = await peers.add('site-b', 'client.b')
  t.match(uuid, /^[-0-9a-f]{36}$/)
  const peer = { uuid, direction: 'rx-tx', siteName: 'site-b', mirrorUuid: '', clientName: 'client.b' }
  t.same(await peers.list(), [peer])
  const theirs = async () =>
    JSON.parse(await rbd('mirror', 'pool', 'info', '--all', '--format', 'json')) as {
      peers: Record<string, string>[]
    }
  t.match((await theirs()).peers, [
    { uuid, site_name: 'site-b', client_name: 'client.b', direction: 'rx-tx' },
  ])
  await t.rejects(peers.add('site-b', 'client.b'), { code: 'EEXIST', object: 'site-b' })
  await peers.setSiteName(uuid, 'site-c')
  await peers.setClientName(uuid, 'client.c')
  await peers.setDirection(uuid, 'rx')
  t.match(await peers.list(), [{ uuid, direction: 'rx', siteName: 'site-c', clientName: 'client.c' }])
  t.same(await peers.attributes(uuid), {})
  const attributes = { monHost: '[v2:10.0.0.1:3300,v1:10.0.0.1:6789]', key: 'AQ==' }
  await peers.setAttributes(uuid, attributes)
  t.same(await peers.attributes(uuid), attributes)
  t.match((await theirs()).peers, [{ mon_host: attributes.monHost, key: attributes.key }])
  await peers.setAttributes(uuid, { monHost: '10.0.0.2' })
  t.same(await peers.attributes(uuid), { monHost: '10.0.0.2' })
  await peers.setAttributes(uuid, {})
  t.same(await peers.attributes(uuid), {})
  for (const [key, code] of [
    [5, 'ERR_INVALID_ARG_TYPE'],
    ['', 'ERR_INVALID_ARG_VALUE'],
  ])
    await t.rejects(peers.setAttributes(uuid, { key: key as string }), { code: code as string })
  for (const call of [
    () => peers.setSiteName('none', 'x'),
    () => peers.setClientName('none', 'x'),
    () => peers.setDirection('none', 'tx'),
  ])
    await t.rejects(call(), { code: 'ENOENT', object: 'none' })
  await t.rejects(peers.setDirection(uuid, 'up' as 'rx'), { code: 'ERR_INVALID_ARG_VALUE' })
  await peers.remove(uuid)
  t.same(await peers.list(), [])
})

t.test('a bootstrap token', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const mirror = new Mirror(ioctx)
  await t.rejects(mirror.createToken(), { code: 'EINVAL', syscall: 'rbd_mirror_peer_bootstrap_create' })
  await mirror.setMode('pool')
  const token = await mirror.createToken()
  const told = JSON.parse(Buffer.from(token, 'base64').toString()) as Record<string, string>
  t.same(Object.keys(told).sort(), ['client_id', 'fsid', 'key', 'mon_host'])
  t.equal(told.fsid, await cluster.fsid())
  const own = { code: 'EINVAL', syscall: 'rbd_mirror_peer_bootstrap_import' }
  for (const direction of ['rx', 'rx-tx'] as const)
    await t.rejects(mirror.importToken(token, { direction }), own, 'it is this cluster itself')
  await t.rejects(mirror.importToken('bm90IGEgdG9rZW4='), own)
  await mirror.importToken(5 as unknown as string).catch(({ code, message }) => {
    t.equal(code, 'ERR_INVALID_ARG_TYPE')
    t.notMatch(message, /5/)
  })
  t.same(await mirror.peers.list(), [])
})

t.test('images by snapshots', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib })
  await using image = await Image.open(ioctx, 'image')
  const { mirror } = image
  t.equal(await mirror.info(), undefined)
  await t.rejects(
    mirror.enable('snapshot'),
    { code: 'EINVAL', syscall: 'rbd_mirror_image_enable2' },
    'the pool is off',
  )
  const pool = new Mirror(ioctx)
  await pool.setMode('image')
  const peer = await pool.peers.add('site-b', 'client.b')
  t.same(await all(pool.images()), [])
  t.same(await pool.summary(), {})
  await mirror.enable('snapshot')
  const info = await mirror.info()
  t.match(info, { mode: 'snapshot', state: 'enabled', primary: true, globalId: /^[-0-9a-f]{36}$/ })
  t.match(JSON.parse(await rbd('info', 'image', '--format', 'json')), {
    mirroring: { mode: 'snapshot', state: 'enabled', global_id: info?.globalId, primary: true },
  })
  const { id } = await image.info()
  t.same(await all(pool.images()), [{ id, ...info }])
  t.same(await all(pool.images({ mode: 'snapshot' })), [{ id, ...info }])
  t.same(await all(pool.images({ mode: 'journal' })), [])
  t.equal(mirrorSnapshots(await image.snapshots.list()).length, 1, 'the first one')
  const snapshot = await mirror.createSnapshot()
  const skipped = await mirror.createSnapshot({ quiesce: 'skip' })
  const snapshots = mirrorSnapshots(await image.snapshots.list())
  t.same(snapshots.map(({ id }) => id).slice(-2), [snapshot, skipped])
  t.match(snapshots.at(-1), { state: 'primary', peers: [peer], complete: true })

  const status = await mirror.status()
  t.match(status, {
    image: 'image',
    info: { globalId: info?.globalId, state: 'enabled', primary: true },
    remotes: [],
  })
  t.match(status.local, { mirrorUuid: '', state: 'unknown', description: 'status not found', up: false })
  t.equal(status.local?.lastUpdate, undefined)
  const { globalId, state } = status.info
  t.same(await all(pool.statuses()), [{ id, ...status, info: { globalId, state } }])
  t.same(await pool.summary(), { unknown: 1 })
  t.same(await all(pool.instanceIds()), [])
  await t.rejects(mirror.instanceId(), { code: 'ENOENT', syscall: 'rbd_mirror_image_get_instance_id' })

  await t.rejects(mirror.resync(), { code: 'EINVAL' }, 'it is primary')
  await t.rejects(mirror.promote(), { code: 'EINVAL' })
  await mirror.demote()
  t.equal((await mirror.info())?.primary, false)
  t.match(mirrorSnapshots(await image.snapshots.list()).at(-1), { state: 'primary-demoted' })
  await t.rejects(mirror.createSnapshot(), { code: 'EINVAL' })
  await t.rejects(mirror.demote(), { code: 'EINVAL' })
  await mirror.resync()
  await mirror.promote()
  t.equal((await mirror.info())?.primary, true)
  await mirror.demote()
  await t.rejects(mirror.disable(), { code: 'EINVAL' })
  await mirror.disable({ force: true })
  t.equal(await mirror.info(), undefined)
  t.same(mirrorSnapshots(await image.snapshots.list()), [])
  await t.rejects(mirror.enable('copy' as 'journal'), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(mirror.promote({ force: 1 as unknown as boolean }), { code: 'ERR_INVALID_ARG_TYPE' })

  await using reader = await Image.open(ioctx, 'image', { readOnly: true })
  t.equal(await reader.mirror.info(), undefined)
  for (const call of ['enable', 'disable', 'promote', 'demote', 'resync', 'createSnapshot'] as const)
    await t.rejects(
      Promise.resolve().then(() =>
        (reader.mirror[call] as (mode?: string) => Promise<unknown>)(
          call === 'enable' ? 'journal' : undefined,
        ),
      ),
      {
        code: 'EROFS',
      },
    )
})

t.test('images by their journals', async (t) => {
  const { ioctx } = await openPool(t)
  const pool = new Mirror(ioctx)
  await pool.setMode('image')
  await Image.create(ioctx, 'image', { size: 4 * mib, features: ['layering', 'exclusive-lock'] })
  await using image = await Image.open(ioctx, 'image')
  await image.mirror.enable('journal')
  t.match(await image.mirror.info(), { mode: 'journal', state: 'enabled', primary: true })
  t.ok((await image.info()).features.includes('journaling'), 'it got the feature')
  await t.rejects(image.mirror.createSnapshot(), { code: 'EINVAL' })
  await image.mirror.demote()
  t.match(await image.mirror.info(), { primary: false })
  await image.mirror.promote({ force: true })
  t.match(await image.mirror.info(), { primary: true })
  await pool.setMode('pool')
  await t.rejects(image.mirror.disable(), { code: 'EINVAL' }, 'the pool mirrors every image')
  await pool.setMode('image')
  await image.mirror.disable()
  t.equal(await image.mirror.info(), undefined)
  await image.close()

  await pool.setMode('pool')
  await Image.create(ioctx, 'journaled', {
    size: mib,
    features: ['layering', 'exclusive-lock', 'journaling'],
  })
  t.match(await withImage(ioctx, 'journaled', (each) => each.mirror.info()), {
    mode: 'journal',
    primary: true,
  })
})

t.test('more images than a page has', async (t) => {
  const { ioctx } = await openPool(t)
  const pool = new Mirror(ioctx)
  await pool.setMode('pool')
  const count = 260
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const name = `image-${next++}`
      await Image.create(ioctx, name, { size: 4096, features: ['exclusive-lock', 'journaling'] })
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  const images = await Image.list(ioctx)
  const ids = images.map(({ id }) => id).sort()
  t.same((await all(pool.images())).map(({ id }) => id).sort(), ids)
  const statuses = await all(pool.statuses())
  t.same(statuses.map(({ id }) => id).sort(), ids)
  t.same(statuses.map(({ image }) => image).sort(), images.map(({ name }) => name).sort())
  t.same(await pool.summary(), { unknown: count })
  for await (const _ of pool.images()) break // leaving early is no mistake
})
