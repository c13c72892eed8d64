/** Two clusters and an rbd-mirror daemon: what mirroring is for. */

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Group, Image, type IoCtx, Migration, Mirror, type MirrorStatus, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t, { type Test } from 'tap'
import { contentOf, imageNames, mib, withImage } from '../copy/fixture.js'

/** The daemon looks at its pools, images and leaders at once, not after half a minute. */
const config = {
  'rbd mirror pool replayers refresh interval': 1,
  'rbd mirror image state check interval': 1,
  'rbd mirror leader heartbeat interval': 1,
  'rbd mirror image policy update throttle interval': 0.1,
  'rbd mirror memory autotune': false,
}

interface Site {
  local: LocalCluster
  cluster: Cluster
  ioctx: IoCtx
  mirror: Mirror
}

async function startSite(t: Test, name: string): Promise<Site> {
  const local = await LocalCluster.start({ objectstore: 'memstore', config })
  t.teardown(() => local.close())
  const cluster = await Cluster.connect({ confFile: local.confFile })
  await Mirror.setSiteName(cluster, name)
  await cluster.pools.create('pool')
  const ioctx = await cluster.openIoCtx('pool')
  await poolInit(ioctx)
  const mirror = new Mirror(ioctx)
  await mirror.setMode('image')
  t.teardown(async () => {
    await ioctx.close()
    await cluster.close() // before its Ceph ends
  })
  return { local, cluster, ioctx, mirror }
}

function startDaemon(t: Test, { local }: Site): ChildProcess {
  const log = openSync(join(local.logs, 'rbd-mirror.out'), 'a')
  const args = ['-f', '-c', local.confFile, '-n', 'client.admin']
  const env = { ...process.env, ...local.env }
  const daemon = spawn('rbd-mirror', args, { env, stdio: ['ignore', log, log] })
  t.teardown(async () => {
    if (daemon.pid === undefined || daemon.exitCode !== null) return
    daemon.kill('SIGKILL')
    await once(daemon, 'exit')
  })
  return daemon
}

/** Asks until the answer will do, or for a minute; then what it was last. */
async function until<T>(ask: () => Promise<T>, will: (answer: T) => boolean): Promise<T | undefined> {
  let last: T | undefined
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(200)) {
    last = await ask().catch(() => undefined)
    if (last !== undefined && will(last)) return last
  }
  return last
}

const statusOf = (site: Site, name: string): Promise<MirrorStatus> =>
  withImage(site.ioctx, name, (image) => image.mirror.status())

t.test('two clusters', async (t) => {
  const [a, b] = await Promise.all([startSite(t, 'site-a'), startSite(t, 'site-b')])
  const token = await a.mirror.createToken()
  await t.rejects(a.mirror.importToken(token), { code: 'EINVAL' }, 'its own')
  await b.mirror.importToken(token, { direction: 'rx-tx' })
  const [peerOfB, ...more] = await b.mirror.peers.list()
  t.same(more, [])
  t.match(peerOfB, { direction: 'rx-tx', siteName: 'site-a', clientName: 'client.rbd-mirror-peer' })
  t.match(await a.mirror.peers.list(), [{ siteName: 'site-b' }], 'the other side has this one')
  const attributes = await b.mirror.peers.attributes(peerOfB?.uuid ?? '')
  t.match(attributes.monHost, String(a.local.monitors[0]?.port))
  t.match(attributes.key, /=$/)

  // An ioctx of the other cluster, where one of the same is needed.
  await Image.create(a.ioctx, 'image', { size: mib })
  await Group.create(a.ioctx, 'group')
  const foreign = { code: 'EXDEV', dest: 'pool/image' }
  const group = new Group(a.ioctx, 'group')
  await t.rejects(group.images.add(b.ioctx, 'image'), { ...foreign, syscall: 'rbd_group_image_add' })
  await t.rejects(Migration.prepare(a.ioctx, 'image', b.ioctx, 'image'), {
    ...foreign,
    syscall: 'rbd_migration_prepare',
  })
  t.same(await imageNames(a.ioctx), ['image'])

  startDaemon(t, b)
  const data = randomBytes(2 * mib)
  for (const [name, mode] of [
    ['by-snapshot', 'snapshot'],
    ['by-journal', 'journal'],
  ] as const) {
    await Image.create(a.ioctx, name, { size: 2 * mib, features: ['layering', 'exclusive-lock'] })
    await withImage(a.ioctx, name, async (image) => {
      await image.write(data, { position: 0 })
      await image.flush()
      await image.mirror.enable(mode)
    })
  }
  const names = await until(
    () => imageNames(b.ioctx),
    (found) => found.length === 2,
  )
  t.same(names, ['by-journal', 'by-snapshot'], 'the images are in the other cluster')

  // The daemon tells every half minute, which is most of what this test takes.
  for (const name of ['by-snapshot', 'by-journal']) {
    const status = await until(
      () => statusOf(b, name),
      ({ local }) => local?.state === 'replaying',
    )
    t.match(status, {
      image: name,
      info: { primary: false },
      local: { mirrorUuid: '', state: 'replaying', up: true, lastUpdate: Date },
    })
    t.equal(typeof status?.local?.details, 'object', name)
    t.match(await withImage(b.ioctx, name, (image) => image.mirror.instanceId()), /^\d+$/)
  }
  t.same(await b.mirror.summary(), { unknown: 2 }, 'the other cluster, to which it may mirror, has no daemon')
  const ids = []
  for await (const { id } of b.mirror.instanceIds()) ids.push(id)
  t.equal(ids.length, 2)
  const seen = await until(
    () => statusOf(a, 'by-snapshot'),
    ({ remotes }) => remotes.some(({ state }) => state === 'replaying'),
  )
  t.match(seen?.remotes, [{ mirrorUuid: await b.mirror.uuid(), state: 'replaying', up: true }])
  t.equal(seen?.local, undefined, 'it has no daemon itself')

  const later = randomBytes(mib)
  later.copy(data)
  await withImage(a.ioctx, 'by-snapshot', async (image) => {
    await image.write(later, { position: 0 })
    await image.flush()
    await image.mirror.createSnapshot()
  })
  const copied = await until(
    () => contentOf(b.ioctx, 'by-snapshot'),
    (content) => content.equals(data),
  )
  t.ok(copied?.equals(data), 'what was written follows with the next snapshot')
  await withImage(b.ioctx, 'by-snapshot', (image) =>
    t.rejects(image.write(later, { position: 0 }), { code: 'EROFS' }),
  )

  await withImage(b.ioctx, 'by-snapshot', (image) =>
    t.rejects(image.mirror.promote(), { code: 'EBUSY' }, 'it is primary elsewhere'),
  )
  await withImage(a.ioctx, 'by-snapshot', (image) => image.mirror.demote())
  const promoted = await until(
    () => withImage(b.ioctx, 'by-snapshot', (image) => image.mirror.promote().then(() => true)),
    Boolean,
  )
  t.equal(promoted, true, 'once the other is demoted')
  await withImage(b.ioctx, 'by-snapshot', async (image) => {
    t.match(await image.mirror.info(), { primary: true })
    await image.write(Buffer.from('here now'), { position: 0 })
  })
})
