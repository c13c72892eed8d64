/** Options of a live connection, and what they are to images that are created with them. */

import { Cluster, Image, type ImageInfo } from 'rbdkit'
import t, { type Test } from 'tap'
import { sharedCluster } from '../../helpers/cluster.js'
import { mib, openPool } from '../copy/fixture.js'

t.test('an option is changed, read back, and refused', async (t) => {
  const { confFile } = await sharedCluster()
  await using cluster = await Cluster.connect({ confFile })
  const before = await cluster.option('rbd_default_order')
  t.not(before, '23')
  await cluster.setOption('rbd_default_order', 23)
  t.equal(await cluster.option('rbd_default_order'), '23')
  await cluster.setOption('log_file', '/dev/null')
  t.equal(await cluster.option('log_file'), '/dev/null')
  await cluster.setOption('log_file', '')
  t.equal(await cluster.option('log_file'), '')
  await cluster.setOption('rbd_cache', false)
  t.equal(await cluster.option('rbd_cache'), 'false')
  const syscall = 'rados_conf_set'
  const refused = { syscall, code: 'ENOENT', message: /there is no option '___dne___'$/ }
  await t.rejects(cluster.setOption('___dne___', 'value'), refused)
  await t.rejects(cluster.option('___dne___'), { code: 'ENOENT', syscall: 'rados_conf_get' })
  await t.rejects(cluster.setOption('rbd_default_order', 'many'), { syscall, code: 'EINVAL' })
  t.equal(await cluster.option('rbd_default_order'), '23', 'it is what it was')
  await t.rejects(cluster.setOption('mon_host', '127.0.0.1'), {
    code: /^(EPERM|ENOSYS)$/,
    message: /give it to Cluster\.connect\(\)$/,
  })
  await t.rejects(cluster.setOption('key', 'x'), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(cluster.setOption('log_file', {} as string), { code: 'ERR_INVALID_ARG_TYPE' })
  await cluster.close()
  await t.rejects(cluster.setOption('log_file', ''), { code: 'EBADF', syscall })
})

/** The options of a connection that say how an image is laid out. */
interface Defaults {
  order?: number
  features?: bigint
  stripeCount?: number
  stripeUnit?: number | bigint
}

const layering = 1n
const striping = 2n

t.test('images are laid out by them', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  const names = { order: 22, features: 61n, stripeCount: 0, stripeUnit: 0 }
  const set = async (given: Defaults): Promise<void> => {
    const all = { ...names, ...given }
    await cluster.setOption('rbd_default_order', all.order)
    await cluster.setOption('rbd_default_features', String(all.features))
    await cluster.setOption('rbd_default_stripe_count', all.stripeCount)
    await cluster.setOption('rbd_default_stripe_unit', String(all.stripeUnit))
  }
  const made = async (t: Test, given: Defaults): Promise<ImageInfo> => {
    await set(given)
    await Image.create(ioctx, 'image', { size: 8 * mib })
    const image = await Image.open(ioctx, 'image')
    const info = await image.info()
    await image.close()
    await Image.remove(ioctx, 'image')
    t.match(
      info,
      { size: 8 * mib, objectSize: 2 ** (given.order ?? 22), format: 2 },
      JSON.stringify(given, String),
    )
    return info
  }
  t.match(await made(t, {}), { featureMask: 61n, stripeCount: 1, stripeUnit: 4 * mib, objects: 2 })
  // A stripe counts only with its feature.
  for (const features of [0n, layering])
    for (const [stripeCount, stripeUnit] of [
      [1, mib],
      [0, 0],
    ] as const)
      t.match(await made(t, { order: 20, features, stripeCount, stripeUnit }), {
        featureMask: features,
        stripeCount: 1,
        stripeUnit: mib,
      })
  for (const [stripeCount, stripeUnit] of [
    [1, 65_536],
    [10, mib],
    [10, 65_536],
  ] as const)
    t.match(await made(t, { order: 20, features: striping, stripeCount, stripeUnit }), {
      featureMask: striping,
      stripeCount,
      stripeUnit,
    })
  for (const order of [0, 11, 65]) {
    await set({ order })
    await t.rejects(
      Image.create(ioctx, 'image', { size: mib }),
      { code: 'EDOM', image: 'image' },
      `order ${order}`,
    )
  }
  for (const [stripeCount, stripeUnit] of [
    [10, 2n ** 50n],
    [10, 100],
    [0, 1],
    [1, 0],
  ] as const) {
    await set({ features: striping, stripeCount, stripeUnit })
    await t.rejects(
      Image.create(ioctx, 'image', { size: mib }),
      { code: 'EINVAL' },
      `${stripeCount}, ${stripeUnit}`,
    )
  }
  t.same(await Image.list(ioctx), [], 'nothing is left of them')
  // What is given goes before them.
  await set({ order: 11 })
  await Image.create(ioctx, 'given', { size: mib, objectSize: mib })
  await Image.remove(ioctx, 'given')
})
