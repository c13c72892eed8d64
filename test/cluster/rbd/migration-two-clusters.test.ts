/** Live migration from another cluster, which librbd finds by the name of its configuration. */

import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster, copy, Image, type IoCtx, Migration, type MigrationSource, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { cephHas } from '../../helpers/releases.js'
import { startCli } from '../cli/fixture.js'
import { contentOf, imageNames, mib, withImage } from '../copy/fixture.js'

t.setTimeout(240_000)

const pool = 'pool'
const size = 8 * mib

async function startSite(): Promise<{ local: LocalCluster; cluster: Cluster; ioctx: IoCtx }> {
  const local = await LocalCluster.start({ objectstore: 'memstore' })
  t.teardown(() => local.close())
  const cluster = await Cluster.connect({ confFile: local.confFile })
  t.teardown(() => cluster.close())
  await cluster.pools.create(pool)
  const ioctx = await cluster.openIoCtx(pool)
  await poolInit(ioctx)
  return { local, cluster, ioctx }
}

async function makeImage(ioctx: IoCtx): Promise<Buffer> {
  const data = randomBytes(size)
  await Image.create(ioctx, 'source', { size })
  await withImage(ioctx, 'source', async (image) => {
    await image.write(data, { position: 0 })
    await image.flush()
    await image.snapshots.create('s')
  })
  return data
}

t.test('an image of another cluster', async (t) => {
  const [there, here] = [await startSite(), await startSite()]
  const data = await makeImage(there.ioctx)
  // Who takes the one of this cluster is found out.
  await makeImage(here.ioctx)
  const cluster = randomName('other')
  const home = t.testdir({})
  mkdirSync(join(home, '.ceph'))
  copyFileSync(there.local.confFile, join(home, '.ceph', `${cluster}.conf`))
  const { HOME } = process.env
  t.teardown(() => {
    process.env.HOME = HOME
  })
  process.env.HOME = home
  const source = { type: 'native', pool, image: 'source', snapshot: 's' } as const
  const refused = { syscall: 'rbd_migration_prepare_import', image: 'new' }
  const prepare = (more: Partial<typeof source> | object) =>
    Migration.prepareImport({ ...source, cluster, ...more } as MigrationSource, here.ioctx, 'new')

  await t.rejects(prepare({ cluster: undefined, client: 'client.admin' }), { code: 'ERR_INVALID_ARG_VALUE' })
  if (!cephHas('20.2.0')) {
    const message = /: this host's librbd is older than Ceph 20\.2\.0, .+ copy\(\) copies from one$/
    await t.rejects(prepare({ client: 'client.admin' }), { ...refused, code: 'ENOSYS', message })
    t.same(await imageNames(here.ioctx), ['source'])
    await copy({ ioctx: there.ioctx, image: 'source', snapshot: 's' }, { ioctx: here.ioctx, image: 'new' })
    t.ok(data.equals(await contentOf(here.ioctx, 'new')), 'as it says')
    return
  }

  for (const wrong of [
    { pool: 'none' },
    { namespace: 'none' },
    { image: 'none' },
    { snapshot: 'none' },
    { cluster: 'none' },
  ]) {
    const { cluster: named = cluster } = wrong as { cluster?: string }
    await t.rejects(
      prepare(wrong),
      { ...refused, code: 'ENOENT', message: new RegExp(`that ${named}\\.conf in /etc/ceph or ~/\\.ceph`) },
      JSON.stringify(wrong),
    )
  }
  await t.rejects(prepare({ client: 'client.none' }), { code: 'EACCES', message: /for client\.none of it/ })
  await t.rejects(prepare({ client: 'nonsense' }), { ...refused, code: 'EINVAL' })
  t.same(await imageNames(here.ioctx), ['source'])

  const migration = await prepare({ client: 'client.admin' })
  t.match(await migration.status(), { source: { pool: '' }, dest: { pool, image: 'new' }, state: 'prepared' })
  t.ok(data.equals(await contentOf(here.ioctx, 'new')), 'at once')
  process.env.HOME = '/nowhere'
  await t.rejects(
    Image.open(here.ioctx, 'new'),
    { code: 'ENOENT' },
    'whoever opens it needs the configuration',
  )
  process.env.HOME = home
  await withImage(here.ioctx, 'new', (image) => image.write(Buffer.from('meanwhile'), { position: mib }))
  data.write('meanwhile', mib)
  await migration.execute()
  await migration.commit()
  process.env.HOME = HOME
  t.ok(data.equals(await contentOf(here.ioctx, 'new')), 'afterwards')
  t.same(await imageNames(there.ioctx), ['source'], 'the source stays')

  const run = (...args: string[]) =>
    startCli(here.local.confFile, ['migration', ...args], { env: { HOME: home } }).ended
  const words = { type: 'native', cluster_name: cluster, client_name: 'client.admin' }
  const spec = { ...words, pool_name: pool, image_name: 'source', snap_name: 's' }
  const args = ['--import-only', '--source-spec', JSON.stringify(spec), `${pool}/by-command`]
  t.match(await run('prepare', ...args), { status: 0, stderr: '' })
  for (const step of ['execute', 'commit'])
    t.match(await run(step, `${pool}/by-command`), { status: 0 }, step)
  data.set((await contentOf(there.ioctx, 'source')).subarray(mib, mib + 9), mib)
  t.ok(data.equals(await contentOf(here.ioctx, 'by-command')), 'by the command')
})
