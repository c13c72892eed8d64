/** What an image that is replaced has beside its data: given to its successor, or a reason to refuse. */
import { join } from 'node:path'
import { type CopyOptions, copy, Image } from 'rbdkit'
import t, { type Test } from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { cli } from '../cli/fixture.js'
import { contentOf, makeSparse, mib, openPool, settledNames, withImage } from './fixture.js'

t.setTimeout(300_000)

async function prepare(t: Test) {
  const pool = await openPool(t)
  const file = join(t.testdir({}), 'from')
  makeSparse(file, 2 * mib, [[0, mib]])
  await Image.create(pool.ioctx, 'disk', { size: mib })
  const replace = (options: CopyOptions = { replace: true }) =>
    Promise.resolve(copy({ file }, { ioctx: pool.ioctx, image: 'disk' }, options))
  const lines = async (...args: string[]) => (await pool.rbd(...args)).trim().split('\n')
  return { ...pool, name: pool.ioctx.pool, file, replace, lines }
}

t.test('the new image has the group, metadata, settings, limit of snapshots and journaling', async (t) => {
  const { ioctx, name, rbd, lines, replace } = await prepare(t)
  await rbd('group', 'create', 'group')
  await rbd('group', 'image', 'add', `${name}/group`, `${name}/disk`)
  await rbd('image-meta', 'set', 'disk', 'owner', 'me')
  await withImage(ioctx, 'disk', async (image) => {
    for (let i = 0; i < 66; ++i) await image.metadata.set(`key-${i}`, 'v'.repeat(100 * i))
  })
  await rbd('config', 'image', 'set', 'disk', 'rbd_qos_iops_limit', '321')
  await rbd('snap', 'limit', 'set', 'disk', '--limit', '5')
  await rbd('feature', 'enable', 'disk', 'journaling')
  const before = await withImage(ioctx, 'disk', (image) => image.metadata.list())

  const { replaced } = await replace()
  t.equal((await contentOf(ioctx, 'disk')).length, 2 * mib)
  t.same(await lines('group', 'image', 'ls', `${name}/group`), [`${name}/disk`])
  await withImage(ioctx, 'disk', async (image) => {
    t.same(await image.metadata.list(), before)
    t.ok((await image.info()).features.includes('journaling'))
  })
  t.match(await rbd('config', 'image', 'ls', 'disk'), /rbd_qos_iops_limit +321 +image/)
  await rbd('group', 'snap', 'create', `${name}/group@s`)
  t.match(await rbd('snap', 'ls', '--all', 'disk'), /group/, 'a snapshot of the group has the new image')
  for (const snapshot of ['1', '2', '3', '4']) await rbd('snap', 'create', `disk@${snapshot}`)
  await t.rejects(rbd('snap', 'create', 'disk@5'), { message: /quota|limit/i })
  t.same(replaced?.name, undefined, 'the old one is in the trash')
  await rbd('trash', 'restore', String(replaced?.id), '--image', 'old')
  await rbd('group', 'image', 'add', `${name}/group`, `${name}/old`)
})

t.test('features and a data pool that are given, and metadata of a deep copy, go before', async (t) => {
  const { ioctx, cluster, name, rbd, replace } = await prepare(t)
  const data = randomName('data')
  await cluster.pools.create(data)
  t.teardown(() => cluster.pools.delete(data))
  await rbd('rm', 'disk', '--no-progress')
  const features = ['layering', 'exclusive-lock', 'journaling'] as const
  await Image.create(ioctx, 'disk', { size: mib, features, dataPool: data })
  await withImage(ioctx, 'disk', (image) => image.metadata.set('k', 'old'))
  await Image.create(ioctx, 'source', { size: mib, features: ['layering'] })
  await withImage(ioctx, 'source', (image) => image.metadata.set('k', 'new'))
  await replace()
  t.match(await rbd('info', 'disk'), new RegExp(`data_pool: ${data}`))
  const from = { ioctx, image: 'source' }
  await copy(from, { ioctx, image: 'disk' }, { replace: true, deep: true })
  await withImage(ioctx, 'disk', async (image) => {
    t.equal(await image.metadata.get('k'), 'new')
    t.ok((await image.info()).features.includes('journaling'), 'and the exclusive lock that it needs')
  })
  await copy(from, { ioctx, image: 'disk', features: ['layering'], dataPool: name }, { replace: true })
  const info = await rbd('info', 'disk')
  t.notMatch(info, /data_pool|journaling/)
})

t.test('mirroring is not lost without being asked', async (t) => {
  const { ioctx, name, file, test, rbd, replace } = await prepare(t)
  await rbd('mirror', 'pool', 'enable', 'image')
  await rbd('mirror', 'image', 'enable', 'disk', 'snapshot')
  const phases: string[] = []
  const refused = replace({ replace: true, onProgress: (p) => phases.push(p.phase) })
  await t.rejects(refused, {
    name: 'CopyError',
    code: 'ERR_REPLACE_LOSES',
    message: new RegExp(`^the image to replace is mirrored,.*replaceLoses.* mirroring.*'${name}/disk'$`),
  })
  t.notOk(phases.includes('copy'), 'no data was moved')
  await t.rejects(replace({ replace: 'force' }), { code: 'ERR_REPLACE_LOSES' }, "'force' is for its users")
  await t.rejects(replace({ replace: true, replaceLoses: ['group-snapshots'] }), {
    code: 'ERR_REPLACE_LOSES',
  })
  t.same(await settledNames(ioctx), ['disk'])
  const command = ['import', file, `${name}/disk`, '--replace']
  t.match(await cli(test.confFile, ...command), { status: 1, stderr: /--replace-loses mirroring/ })
  t.match(await cli(test.confFile, ...command, '--replace-loses', 'group-snapshots,mirroring'), { status: 0 })
  t.equal((await contentOf(ioctx, 'disk')).length, 2 * mib)
  t.equal(JSON.parse(await rbd('info', 'disk', '--format', 'json')).mirroring, undefined)
})

t.test('nor the way back to a snapshot of the group', async (t) => {
  const { name, rbd, lines, replace } = await prepare(t)
  await rbd('group', 'create', 'group')
  await rbd('group', 'image', 'add', `${name}/group`, `${name}/disk`)
  await rbd('group', 'snap', 'create', `${name}/group@s`)
  await t.rejects(replace(), { code: 'ERR_REPLACE_LOSES', message: /snapshots of a group.* group-snapshots/ })
  const { replaced } = await replace({ replace: true, replaceLoses: ['group-snapshots'] })
  t.match(replaced?.name, /^disk\.replaced\./, 'the old one has its snapshot still')
  t.same(await lines('group', 'image', 'ls', `${name}/group`), [`${name}/disk`])
})

t.test('an image that somebody has locked is in use', async (t) => {
  const { ioctx, rbd, replace } = await prepare(t)
  await rbd('lock', 'add', 'disk', 'mine')
  await t.rejects(replace(), { code: 'EBUSY', message: /locked by client\.\d+/ })
  await t.rejects(replace({ replace: 'force' }), { code: 'EBUSY', message: /'rbd lock remove'/ })
  const [lock] = JSON.parse(await rbd('lock', 'ls', 'disk', '--format', 'json')) as { locker: string }[]
  await rbd('lock', 'rm', 'disk', 'mine', lock?.locker as string)
  await replace()
  t.equal((await contentOf(ioctx, 'disk')).length, 2 * mib)
})

t.test('wrong arguments', async (t) => {
  const { ioctx, test, name, file } = await prepare(t)
  const to = { ioctx, image: 'disk' }
  const reject = (options: object, code: string) =>
    t.rejects(Promise.resolve(copy({ file }, to, options as never)), { code })
  await reject({ replace: true, replaceLoses: 'mirroring' }, 'ERR_INVALID_ARG_TYPE')
  await reject({ replace: true, replaceLoses: ['data'] }, 'ERR_INVALID_ARG_VALUE')
  await reject({ replaceLoses: ['mirroring'] }, 'ERR_INVALID_ARG_VALUE')
  const command = ['import', file, `${name}/disk`, '--replace-loses', 'data', '--replace']
  t.match(await cli(test.confFile, ...command), { status: 2, stderr: /--replace-loses: must be one of/ })
})
