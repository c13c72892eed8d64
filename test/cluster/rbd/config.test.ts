/** Settings of librbd that an image overrides; pages of its metadata. */

import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

t.test('overrides', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  const of = async (name: string) => (await image.config.list()).find((option) => option.name === name)
  t.match(await of('rbd_cache'), { source: 'config' })
  const before = (await of('rbd_qos_iops_limit'))?.value
  await image.config.set('rbd_qos_iops_limit', 1234)
  await image.config.set('rbd_cache', false)
  t.same(await of('rbd_qos_iops_limit'), { name: 'rbd_qos_iops_limit', value: '1234', source: 'image' })
  t.match(await of('rbd_cache'), { value: 'false', source: 'image' })
  const theirs = JSON.parse(await rbd('config', 'image', 'ls', '--format', 'json', 'image'))
  t.match(
    theirs.find((option: { name: string }) => option.name === 'rbd_qos_iops_limit'),
    { value: '1234', source: 'image' },
  )
  t.equal((await image.config.list()).length, theirs.length)
  await image.config.remove('rbd_qos_iops_limit')
  t.same(await of('rbd_qos_iops_limit'), { name: 'rbd_qos_iops_limit', value: before, source: 'config' })
  await t.rejects(image.config.remove('rbd_qos_iops_limit'), {
    code: 'ENOENT',
    message: /it does not override 'rbd_qos_iops_limit'$/,
  })
  await t.rejects(image.config.set('rbd_none', 1), {
    code: 'EINVAL',
    message: /there is no option 'rbd_none'$/,
  })
  await t.rejects(image.config.set('rbd_cache', 'maybe'), {
    code: 'EINVAL',
    message: /the option rbd_cache does not take this value$/,
  })
})

t.test('a limit on I/O limits it', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  await image.config.set('rbd_qos_iops_limit', 20)
  await image.close()
  await using slow = await Image.open(ioctx, 'image')
  const begin = performance.now()
  for (let i = 0; i < 60; i++) await slow.read({ position: 0, length: 512 })
  const ms = performance.now() - begin
  t.ok(ms > 1000, `60 reads at 20 a second took ${Math.round(ms)} ms`)
})

t.test('metadata by pages', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  const keys = Array.from({ length: 20 }, (_, i) => `key-${String(i).padStart(2, '0')}`)
  for (const key of keys) await image.metadata.set(key, key.toUpperCase())
  const page = await image.metadata.list({ limit: 7 })
  t.same([...page.keys()], keys.slice(0, 7))
  t.equal(page.get('key-03'), 'KEY-03')
  const last = await image.metadata.list({ after: 'key-13', limit: 100 })
  t.same([...last.keys()], keys.slice(14))
  t.same([...(await image.metadata.list({ after: 'key-17' })).keys()], keys.slice(18))
  t.same([...(await image.metadata.list()).keys()], keys)
  await t.rejects(image.metadata.list({ limit: 0 }), { code: 'ERR_OUT_OF_RANGE' })
})
