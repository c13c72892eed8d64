/** An image with as many snapshots as Ceph lets one have in practice. */

import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

t.test('500 snapshots', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib, features: ['layering'] })
  await using image = await Image.open(ioctx, 'image')
  const names = Array.from({ length: 500 }, (_, i) => `snapshot ${i}`)
  // Several at once: each waits for the monitor.
  for (let i = 0; i < names.length; i += 25) {
    const some = names.slice(i, i + 25)
    await Promise.all(some.map((name) => image.snapshots.create(name, { quiesce: 'skip' })))
  }
  const list = await image.snapshots.list()
  t.same(list.map(({ name }) => name).sort(), names.sort())
  t.ok(
    list.every(({ id }, i) => i === 0 || id > (list[i - 1]?.id as bigint)),
    'oldest first',
  )
  const one = list[250]
  await using then = await Image.open(ioctx, 'image', { snapshot: { id: one?.id as bigint } })
  t.equal(then.snapshot, one?.name)
  await then.close()
})
