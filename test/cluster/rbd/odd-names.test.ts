/** Pools whose names must be quoted, and names of any language for all that librbd has a name for. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import {
  Cluster,
  copy,
  Group,
  Image,
  inventory,
  Migration,
  namespaceCreate,
  namespaceList,
  PoolMetadata,
  poolInit,
  poolStats,
  Trash,
} from 'rbdkit'
import t, { type Test } from 'tap'
import { randomName, sharedCluster } from '../../helpers/cluster.js'
import { long } from '../../helpers/long.js'
import { cli } from '../cli/fixture.js'
import { mib, openPool } from '../copy/fixture.js'

const exec = promisify(execFile)

t.setTimeout(300_000)

/** A pool of exactly this name, random apart from that, for a test. */
async function poolNamed(t: Test, odd: string) {
  const test = await sharedCluster()
  const cluster = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  const pool = `${odd}${randomName('')}`
  await cluster.pools.create(pool)
  const ioctx = await cluster.openIoCtx(pool)
  t.teardown(async () => {
    await ioctx.close()
    await cluster.pools.delete(pool)
    await cluster.close()
  })
  return { cluster, ioctx, test, pool }
}

/** What may be odd about a pool's name; the long run has a pool of each, the usual one of all at once. */
const each = {
  'a blank': 'with a blank',
  'single and double quotes': `it's "quoted"`,
  'a backslash': 'back\\slash\\',
  'what a shell would expand': '$HOME `id` ; * ~ &',
  'another language': 'ünï çödé 名前 🙂',
  'a dash first': '--yes',
  'a second command': 'x", "app": "cephfs',
  'a new line': 'two\nlines',
}
const pools = long ? each : { 'all of these': Object.values(each).join(' '), 'a dash first': '--"yes"' }

for (const [what, odd] of Object.entries(pools)) {
  t.test(`a pool with ${what}: ${JSON.stringify(odd)}`, async (t) => {
    const { cluster, ioctx, test, pool } = await poolNamed(t, odd)
    t.ok((await cluster.pools.list()).includes(pool))
    await poolInit(ioctx)
    await poolInit(ioctx)
    t.same(await ioctx.applications.list(), ['rbd'])
    await t.rejects(ioctx.applications.enable('other'), { code: 'EPERM' })
    t.match(await cluster.monitorCommand({ prefix: 'osd pool get', pool, var: 'size' }), { pool })
    const statuses: string[] = []
    const onStatus = (text: string) => statuses.push(text)
    await cluster.monitorCommand(
      { prefix: 'osd pool set', pool, var: 'nodelete', val: 'false' },
      { onStatus },
    )
    t.match(statuses, [/^set pool \d+ nodelete to false$/])
    const id = await cluster.pools.id(pool)
    t.equal(await cluster.pools.name(id), pool)
    t.equal(await ioctx.poolName(), pool)

    await using byId = await cluster.openIoCtx(id)
    t.equal(byId.pool, pool)
    await Image.create(byId, 'image', { size: 4 * mib })
    await using image = await Image.open(ioctx, 'image')
    await image.write(Buffer.from('written'), { position: 0 })
    await image.snapshots.create('s')
    await Image.clone(ioctx, { image: 'image', snapshot: 's' }, ioctx, 'clone', { cloneFormat: 2 })
    t.match(await image.listChildren(), [{ pool, image: 'clone' }])
    await using clone = await Image.open(ioctx, 'clone')
    t.match(await clone.parent(), { pool, image: 'image', snapshot: 's' })
    t.equal((await clone.read({ position: 0, length: 7 })).buffer.toString(), 'written')
    t.match(await poolStats(ioctx), { images: 2, snapshots: 1 })
    await copy({ ioctx, image: 'image' }, { ioctx, image: 'copy' })
    await t.rejects(Image.open(ioctx, 'none'), { code: 'ENOENT', pool })

    // On a command line it is one argument, whatever it has in it.
    const { confFile } = test
    const theirs = await exec('rbd', [`--pool=${pool}`, 'ls'], { env: { ...process.env, ...test.env } })
    t.same(theirs.stdout.trim().split('\n').sort(), ['clone', 'copy', 'image'])
    t.equal((await cli(confFile, 'ls', `--pool=${pool}`)).stdout, 'clone\ncopy\nimage\n')
    const removed = await cli(confFile, 'rm', `--pool=${pool}`, 'copy')
    t.equal(removed.status, 0, removed.stderr)
    t.match(
      (await Image.list(ioctx)).map(({ name }) => name),
      ['clone', 'image'],
    )
  })
}

t.test('applications keep what must be quoted', async (t) => {
  for (const odd of ['plain', `it's "quoted" \\ 名`]) {
    const { ioctx, test, pool } = await poolNamed(t, odd)
    await ioctx.applications.enable(`app of ${odd}`)
    await ioctx.applications.enable('second "one"', { force: true })
    t.same((await ioctx.applications.list()).sort(), [`app of ${odd}`, 'second "one"'].sort())
    const pairs = { plain: 'value', 'a "key"': 'a "value"', 'back\\slash': '{"app": "x"}\\', 名: '' }
    for (const [key, value] of Object.entries(pairs))
      await ioctx.applications.setMetadata('second "one"', key, value)
    t.same(Object.fromEntries(await ioctx.applications.metadata('second "one"')), pairs)
    // Another client reads them from the map: the monitor's own answer quotes nothing, and is no JSON then (16.2.15).
    const rival = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
    await using theirs = await rival.openIoCtx(pool)
    t.same(Object.fromEntries(await theirs.applications.metadata('second "one"')), pairs)
    await rival.close()
    for (const key of Object.keys(pairs)) await ioctx.applications.removeMetadata('second "one"', key)
    t.same(await ioctx.applications.metadata('second "one"'), new Map())
    await t.rejects(ioctx.applications.setMetadata('"none"', 'key', 'value'), { code: 'ENOENT' })
  }
})

t.test('names of any language', async (t) => {
  const { cluster, ioctx: outer, rbd, test } = await openPool(t)
  const some = [`a blank, "quoted" it's \\`, 'ünï çödé 名前 🙂', '-dash']
  const odd = long ? [...some, '100 %', '.dot', 'x'.repeat(90)] : some
  for (const name of odd) await namespaceCreate(outer, name)
  t.same((await namespaceList(outer)).sort(), [...odd].sort())
  t.same(
    (JSON.parse(await rbd('namespace', 'ls', '--format', 'json')) as { name: string }[])
      .map(({ name }) => name)
      .sort(),
    [...odd].sort(),
  )
  for (const [i, name] of odd.entries()) {
    await using ioctx = await cluster.openIoCtx(outer.pool, { namespace: name })
    const other = odd[(i + 1) % odd.length] as string
    await Image.create(ioctx, name, { size: mib, features: ['layering'] })
    await Group.create(ioctx, name)
    const group = new Group(ioctx, name)
    await group.images.add(ioctx, name)
    await group.snapshots.create(name)
    await group.snapshots.rename(name, other)
    t.match(await group.snapshots.list(), [{ name: other }])
    t.match(await group.images.list(), [{ image: name }])
    const image = await Image.open(ioctx, name)
    t.match(await image.group(), { group: name })
    t.match(await image.snapshots.list(), [{ namespace: { type: 'group', group: name, snapshot: other } }])
    await image.snapshots.create(name)
    await image.locks.add(name, { shared: other })
    t.match(await image.locks.lockers(), [{ cookie: name, tag: other, mode: 'shared' }])
    await image.locks.remove(name)
    await image.config.set('rbd_qos_iops_limit', 100)
    await image.close()
    const theirs = await exec(
      'rbd',
      ['-p', outer.pool, `--namespace=${name}`, 'snap', 'ls', `--image=${name}`],
      {
        env: { ...process.env, ...test.env },
      },
    )
    t.ok(theirs.stdout.includes(name))
    const found = []
    for await (const one of inventory(ioctx)) found.push(one)
    t.match(found, [{ name, group: { group: name } }])
    await Group.rename(ioctx, name, other)
    t.same(await Group.list(ioctx), [other])
    await Group.remove(ioctx, other)
    await using opened = await Image.open(ioctx, name)
    await opened.snapshots.purge()
    await opened.close()
    const trash = new Trash(ioctx)
    await trash.move(name)
    const [entry] = await trash.list()
    t.equal(entry?.name, name)
    await trash.restore(entry?.id as string, other)
    if (!/^[ -~]*$/.test(name)) {
      // librbd 16.2.15 cannot read such a namespace back from the new image: whoever opened that ended.
      const refused = { code: 'EINVAL', namespace: name, syscall: 'rbd_migration_prepare' }
      await t.rejects(Migration.prepare(ioctx, other, ioctx, name), refused)
      await Image.rename(ioctx, other, name)
      t.match(await Image.list(ioctx), [{ name }])
      await Image.remove(ioctx, name)
      continue
    }
    const migration = await Migration.prepare(ioctx, other, ioctx, name)
    t.match(await migration.status(), { source: { image: other }, dest: { image: name, namespace: name } })
    await migration.execute()
    await migration.commit()
    t.match(await Image.list(ioctx), [{ name }])
    await Image.remove(ioctx, name)
  }
  const metadata = new PoolMetadata(outer)
  for (const name of odd) await metadata.set(name, `value of ${name}`)
  t.same(await metadata.list(), new Map(odd.map((name) => [name, `value of ${name}`] as const).sort()))
})
