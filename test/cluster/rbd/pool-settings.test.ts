/** What librbd keeps of a whole pool: what its images add up to, its metadata, its configuration. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Image, type IoCtx, namespaceCreate, PoolConfig, PoolMetadata, poolStats, Trash } from 'rbdkit'
import t from 'tap'
import type { TestCluster } from '../../helpers/cluster.js'
import { mib, openPool, withImage } from '../copy/fixture.js'

const exec = promisify(execFile)

/** Runs a command that takes its pool as an argument. */
function runner(test: TestCluster): (command: string, ...args: string[]) => Promise<string> {
  const env = { ...process.env, ...test.env }
  return async (command, ...args) => (await exec(command, args, { env, timeout: 60_000 })).stdout
}

t.test('statistics', async (t) => {
  const { cluster, ioctx, rbd } = await openPool(t)
  const nothing = { images: 0, provisionedBytes: 0, maxProvisionedBytes: 0, snapshots: 0 }
  t.same(await poolStats(ioctx), { ...nothing, trash: nothing })
  await Image.create(ioctx, 'a', { size: 8 * mib })
  await Image.create(ioctx, 'b', { size: 4 * mib })
  await withImage(ioctx, 'a', async (image) => {
    await image.snapshots.create('large')
    await image.resize(2 * mib, { allowShrink: true })
  })
  await Image.create(ioctx, 'c', { size: mib })
  await new Trash(ioctx).move('c')
  const stats = await poolStats(ioctx)
  t.same(stats, {
    images: 2,
    provisionedBytes: 6 * mib,
    maxProvisionedBytes: 12 * mib,
    snapshots: 1,
    trash: { images: 1, provisionedBytes: mib, maxProvisionedBytes: mib, snapshots: 0 },
  })
  const theirs = JSON.parse(await rbd('pool', 'stats', '--format', 'json'))
  t.match(theirs, {
    images: {
      count: stats.images,
      provisioned_bytes: stats.maxProvisionedBytes, // what it calls so
      snap_count: stats.snapshots,
    },
    trash: { count: stats.trash.images, provisioned_bytes: stats.trash.provisionedBytes },
  })
  await namespaceCreate(ioctx, 'space')
  await using space = await cluster.openIoCtx(ioctx.pool, { namespace: 'space' })
  t.equal((await poolStats(space)).images, 0, 'a namespace is counted by itself')
  await Image.create(ioctx, 'huge', { size: 2 ** 50, features: ['layering'] })
  t.equal((await poolStats(ioctx)).provisionedBytes, 2 ** 50 + 6 * mib)
  await t.rejects(poolStats({} as IoCtx), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('metadata', async (t) => {
  const { ioctx, test } = await openPool(t)
  const run = runner(test)
  const metadata = new PoolMetadata(ioctx)
  t.same(await metadata.list(), new Map())
  t.equal(await metadata.get('none'), undefined)
  await metadata.set('owner', 'somebody')
  await metadata.set('a key, ünïcode', '')
  const long = 'x'.repeat(5004)
  await metadata.set('long', long)
  t.equal(await metadata.get('owner'), 'somebody')
  t.equal(await metadata.get('long'), long)
  t.equal(await metadata.get('a key, ünïcode'), '')
  const all = new Map([
    ['a key, ünïcode', ''],
    ['long', long],
    ['owner', 'somebody'],
  ])
  t.same(await metadata.list(), all)
  t.same(await metadata.list({ after: 'a key, ünïcode', limit: 1 }), new Map([['long', long]]))
  t.same(await metadata.list({ after: 'owner' }), new Map())
  await metadata.remove('long')
  t.equal(await metadata.get('long'), undefined)
  await t.rejects(metadata.remove('long'), {
    code: 'ENOENT',
    syscall: 'rbd_pool_metadata_remove',
    message: /: it has no key 'long'$/,
  })
  await Promise.all(Array.from({ length: 600 }, (_, i) => metadata.set(`key-${i}`, `value-${i}`)))
  const many = await metadata.list()
  t.equal(many.size, 602, 'more than a page')
  t.equal(many.get('key-599'), 'value-599')
  t.equal((await metadata.list({ limit: 300 })).size, 300)
  await run('rbd', 'config', 'pool', 'set', ioctx.pool, 'rbd_cache', 'false')
  t.equal(await metadata.get('conf_rbd_cache'), 'false', 'a configuration override is metadata')
  await t.rejects(metadata.set('', 'x'), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(metadata.list({ limit: 0 }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => new PoolMetadata({} as IoCtx), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('configuration', async (t) => {
  const { ioctx, test } = await openPool(t)
  const run = runner(test)
  const config = new PoolConfig(ioctx)
  const option = async (name: string) => (await config.list()).find((one) => one.name === name)
  t.match(await option('rbd_qos_iops_limit'), { value: '0', source: 'config' })
  await config.set('rbd_qos_iops_limit', 500)
  await config.set('rbd_cache', false)
  t.same(await option('rbd_qos_iops_limit'), { name: 'rbd_qos_iops_limit', value: '500', source: 'pool' })
  const list = await run('rbd', 'config', 'pool', 'list', ioctx.pool, '--format', 'json')
  const theirs = JSON.parse(list) as {
    name: string
    value: string
    source: string
  }[]
  t.same(
    theirs.filter(({ source }) => source === 'pool').map(({ name, value }) => [name, value]),
    [
      ['rbd_cache', 'false'],
      ['rbd_qos_iops_limit', '500'],
    ],
  )
  await config.remove('rbd_cache')
  t.equal((await option('rbd_cache'))?.source, 'config')
  await t.rejects(config.remove('rbd_cache'), { code: 'ENOENT' })
  await t.rejects(config.set('rbd_cache', 'maybe'), {
    code: 'EINVAL',
    message: /: the option rbd_cache does not take this value$/,
  })
  await t.rejects(config.set('no_such_option', '1'), {
    code: 'EINVAL',
    message: /there is no option 'no_such_option'$/,
  })
  await t.rejects(config.set('rbd_cache', {} as string), { code: 'ERR_INVALID_ARG_TYPE' })
})
