/** A clone that is migrated is a clone of the format that was asked for afterwards. */

import { randomBytes } from 'node:crypto'
import { Image, type IoCtx, Migration } from 'rbdkit'
import t from 'tap'
import { contentOf, mib, openPool, withImage } from '../copy/fixture.js'

t.test('from each format to each', async (t) => {
  const { ioctx } = await openPool(t)
  const size = 8 * mib
  await Image.create(ioctx, 'parent', { size })
  const data = randomBytes(4096)
  const id = await withImage(ioctx, 'parent', async (parent) => {
    await parent.write(data, { position: 4 * mib })
    await parent.snapshots.create('s')
    await parent.snapshots.protect('s')
    return (await parent.info()).id
  })
  const look = (at: IoCtx, name: string) =>
    withImage(at, name, async (image) => ({
      operations: (await image.info()).operations,
      parent: (await image.parent())?.id,
    }))
  const as = (format: 1 | 2) => ({ operations: format === 2 ? ['clone-child'] : [], parent: id })
  for (const before of [1, 2] as const) {
    for (const after of [1, 2] as const) {
      const name = `clone-${before}-${after}`
      await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, name, { cloneFormat: before })
      t.same(await look(ioctx, name), as(before), name)
      const layout = { objectSize: 8 * mib, stripeUnit: 8 * mib, stripeCount: 1, cloneFormat: after } as const
      const migration = await Migration.prepare(ioctx, name, ioctx, name, layout)
      await migration.execute()
      await migration.commit()
      t.same(await look(ioctx, name), as(after), name)
      t.equal(await withImage(ioctx, name, async (image) => (await image.info()).objectSize), 8 * mib)
      t.ok((await contentOf(ioctx, name)).subarray(4 * mib, 4 * mib + 4096).equals(data), name)
      await Image.remove(ioctx, name)
    }
  }
  await withImage(ioctx, 'parent', async (parent) => {
    await parent.snapshots.unprotect('s')
    await parent.snapshots.remove('s')
  })
})
