/** A head that is copied is kept from writers by its lock; the owner of the lock resizes for others all the same. */

import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  Cluster,
  compare,
  copy,
  exportDiff,
  exportImage,
  Image,
  type ImageDestination,
  type ImageSource,
} from 'rbdkit'
import t, { type Test } from 'tap'
import { type CopyPool, contentOf, imageNames, mib, openPool, withImage } from './fixture.js'

const size = 8 * mib

/** A job that reads a source, slowly enough for somebody to come between. `to` and `file` do not exist yet. */
type Start = (from: ImageSource, to: ImageDestination, file: string) => PromiseLike<unknown>

const starts: Record<string, Start> = {
  copy: (from, to) => copy(from, to),
  'deep copy': (from, to) => copy(from, to, { deep: true }),
  'copy that is read back': (from, to) => copy(from, to, { verify: 'read-back' }),
  'copy by the OSDs': (from, to) => copy(from, to, { serverSide: 'auto', bandwidthLimit: 3 * mib }),
  export: (from, _, file) => copy(from, { file }),
  diff: (from, _, file) => exportDiff(from, { file }),
  'image stream': (from, _, file) => exportImage(from, { file }),
  comparison: (from) => compare(from, { ...from, image: 'other' }),
}

async function makeSource({ ioctx }: CopyPool, name: string): Promise<void> {
  await Image.create(ioctx, name, { size, objectSize: mib / 2 })
  await withImage(ioctx, name, async (image) => {
    await image.write(randomBytes(size), { position: 0 })
    await image.metadata.set('conf_rbd_qos_read_bps_limit', String(3 * mib))
  })
}

/** Starts a job, and when it holds the source's lock, calls `use` as another client of the cluster. */
async function disturb<T>(
  { ioctx, test }: CopyPool,
  name: string,
  start: () => PromiseLike<T>,
  use: (image: Image) => Promise<void>,
): Promise<{ result: Promise<T>; inTime: boolean }> {
  await using cluster = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  await using other = await cluster.openIoCtx(ioctx.pool)
  let ended = false
  const result = Promise.resolve(start()).finally(() => {
    ended = true
  })
  result.catch(() => {})
  // Not by a handle that watches: the job would take a snapshot. Each knows the lock as it was when it was opened.
  let held = false
  while (!held && !ended) {
    const looking = await Image.open(other, name, { readOnly: true })
    held = (await looking.locks.lockers()).length > 0
    await looking.close()
  }
  const inTime = !ended
  await withImage(other, name, use)
  return { result, inTime }
}

async function cutAndGrow(t: Test, pool: CopyPool, directory: string, index: number): Promise<void> {
  const [name, start] = Object.entries(starts)[index] as [string, Start]
  const image = `source-${index}`
  const { ioctx } = pool
  await makeSource(pool, image)
  const job = () => start({ ioctx, image }, { ioctx, image: `to-${index}` }, join(directory, String(index)))
  const { result, inTime } = await disturb(pool, image, job, async (source) => {
    await source.resize(size / 2, { allowShrink: true })
    await source.resize(size)
  })
  t.ok(inTime, `${name}: it was in time`)
  await t.rejects(result, { name: 'CopyError', code: 'ERR_SOURCE_CHANGED' }, name)
}

t.test('a source that is cut and grown again is ERR_SOURCE_CHANGED, whatever reads it', async (t) => {
  const pool = await openPool(t)
  const directory = t.testdir()
  await makeSource(pool, 'other')
  await Promise.all(Object.keys(starts).map((_, index) => cutAndGrow(t, pool, directory, index)))
  t.same(readdirSync(directory), [])
  t.notOk(
    (await imageNames(pool.ioctx)).some((name) => name.startsWith('to-')),
    'nothing was published',
  )
})

t.test('a source that only grows is not what it was, either', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeSource(pool, 'source')
  const job = () => copy({ ioctx, image: 'source' }, { ioctx, image: 'copy' })
  const { result } = await disturb(pool, 'source', job, (image) => image.resize(2 * size))
  await t.rejects(result, { name: 'CopyError', code: 'ERR_SOURCE_CHANGED', message: /was resized/ })
})

t.test('what changes no content is no change: snapshots, metadata, a rollback that is refused', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeSource(pool, 'source')
  await withImage(ioctx, 'source', (image) => image.snapshots.create('before'))
  const want = await contentOf(ioctx, 'source')
  const job = () => copy({ ioctx, image: 'source' }, { ioctx, image: 'copy' })
  const { result, inTime } = await disturb(pool, 'source', job, async (image) => {
    await image.snapshots.create('during')
    await image.metadata.set('key', 'value')
    await t.rejects(image.snapshots.rollback('before'), { code: 'EROFS' })
  })
  t.ok(inTime)
  await result
  t.ok((await contentOf(ioctx, 'copy')).equals(want))
})
