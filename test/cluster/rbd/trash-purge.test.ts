/** Purging the trash: by time, and by how full the pool is. */

import { randomBytes } from 'node:crypto'
import { Image, type IoCtx, Trash } from 'rbdkit'
import t from 'tap'
import { mib, openPool, withImage } from '../copy/fixture.js'

async function trashed(ioctx: IoCtx, name: string, delaySeconds = 0): Promise<string> {
  await Image.create(ioctx, name, { size: 4 * mib, objectSize: mib })
  const { id } = await withImage(ioctx, name, async (image) => {
    await image.write(randomBytes(mib), { position: 0 })
    return image.info()
  })
  await new Trash(ioctx).move(name, { delaySeconds })
  return id
}

const ids = async (ioctx: IoCtx): Promise<string[]> =>
  (await new Trash(ioctx).list()).map(({ id }) => id).sort()

t.test('what has expired goes, and the rest stays', async (t) => {
  const { ioctx, rados } = await openPool(t)
  const trash = new Trash(ioctx)
  await trash.purge() // of nothing
  const expired = [await trashed(ioctx, 'a'), await trashed(ioctx, 'b')]
  const later = await trashed(ioctx, 'later', 3600)
  t.same(await ids(ioctx), [...expired, later].sort())
  const data = async () => (await rados('ls')).split('\n').filter((name) => name.startsWith('rbd_data.'))
  await trash.purge({ expiredBefore: new Date(Date.now() - 3_600_000) })
  t.equal((await ids(ioctx)).length, 3, 'none had expired by then')
  await trash.purge({ expiredBefore: new Date(0) })
  t.equal((await ids(ioctx)).length, 3)
  const seen: { done: number; total: number }[] = []
  await trash.purge({ onProgress: (progress) => seen.push(progress) })
  t.same(await ids(ioctx), [later])
  t.ok(
    (await data()).every((name) => name.startsWith(`rbd_data.${later}`)),
    'their data has gone',
  )
  t.ok(seen.length > 0)
  t.ok(seen.every(({ done, total }) => done <= total && total === 2))
  await trash.purge({ expiredBefore: new Date(Date.now() + 3_700_000) })
  t.same(await ids(ioctx), [], 'its time comes before that')
  t.same(await data(), [])
})

t.test('one that cannot be removed does not keep others from it', async (t) => {
  const { ioctx } = await openPool(t)
  const trash = new Trash(ioctx)
  const stays = await trashed(ioctx, 'a')
  await using image = await Image.open(ioctx, { id: stays })
  await image.snapshots.create('s')
  await trashed(ioctx, 'b')
  await t.rejects(trash.purge(), { code: 'ENOTEMPTY', syscall: 'rbd_trash_purge_with_progress' })
  t.same(await ids(ioctx), [stays])
})

t.test('until the pool is no fuller', async (t) => {
  const { ioctx } = await openPool(t)
  const trash = new Trash(ioctx)
  await trashed(ioctx, 'a', 3600)
  await trash.purge({ threshold: 0.9 })
  t.equal((await ids(ioctx)).length, 1, 'the pool is not that full')
  // The manager's figures come once a second, and of the pool's use in the steps of a float.
  const deadline = Date.now() + 30_000
  while ((await ids(ioctx)).length > 0 && Date.now() < deadline) {
    await trash.purge({ threshold: 0 })
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  t.same(await ids(ioctx), [], 'though its time has not come')
})

t.test('aborting, and wrong arguments', async (t) => {
  const { ioctx } = await openPool(t)
  const trash = new Trash(ioctx)
  await trashed(ioctx, 'a')
  const reason = new Error('that is enough')
  await t.rejects(trash.purge({ signal: AbortSignal.abort(reason) }), reason)
  t.equal((await ids(ioctx)).length, 1, 'it was not begun')
  for (const threshold of [-1, 1.5, Number.NaN])
    await t.rejects(trash.purge({ threshold }), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(trash.purge({ threshold: '1' as unknown as number }), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(trash.purge({ expiredBefore: new Date(Number.NaN) }), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(trash.purge({ expiredBefore: 5 as unknown as Date }), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.rejects(trash.purge({ onProgress: 5 as unknown as () => void }), { code: 'ERR_INVALID_ARG_TYPE' })
  t.equal((await ids(ioctx)).length, 1)
})
