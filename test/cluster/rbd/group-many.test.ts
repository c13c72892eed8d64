/** Groups as large as they are in use: lists come whole. */

import { Group, Image } from 'rbdkit'
import t from 'tap'
import { openPool } from '../copy/fixture.js'

/** Does `work` for 0 to `count` - 1, some at a time. */
async function each(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

t.test('1 000 images', async (t) => {
  const { ioctx } = await openPool(t)
  await Group.create(ioctx, 'group')
  const group = new Group(ioctx, 'group')
  const name = (i: number) => `image-${String(i).padStart(4, '0')}`
  await each(1000, async (i) => {
    await Image.create(ioctx, name(i), { size: 4096, features: ['layering'] })
    await group.images.add(ioctx, name(i))
  })
  const images = await group.images.list()
  t.same(
    images.map(({ image }) => image).sort(),
    Array.from({ length: 1000 }, (_, i) => name(i)),
  )
})

t.test('500 snapshots', async (t) => {
  const { ioctx } = await openPool(t)
  await Group.create(ioctx, 'group')
  const group = new Group(ioctx, 'group')
  const name = (i: number) => `snapshot-${String(i).padStart(3, '0')}`
  await each(500, (i) => group.snapshots.create(name(i)))
  const list = await group.snapshots.list()
  t.same(
    list.map((one) => one.name).sort(),
    Array.from({ length: 500 }, (_, i) => name(i)),
  )
})
