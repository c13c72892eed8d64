import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { cleanupCopies, compare, copy, exportImage, Image } from 'rbdkit'
import t from 'tap'
import { listed, makeSource, sameContent, unprotectAll } from './deep-fixture.js'
import { type CopyPool, imageNames, mib, openPool, settledNames, withImage } from './fixture.js'
import { buildPreload, killCopy, untilNoneInUse } from './kill.js'

t.jobs = 4

/** Objects that a pool has because of copies that are not finished. */
async function traces({ rados }: CopyPool): Promise<string[]> {
  return (await rados('ls')).split('\n').filter((name) => name.includes('rbdkit'))
}

/** Each of the steps that a copy of one layer does not have, and some of the others. */
const steps = [
  'rbd_create4:1:after',
  'rbd_aio_write2:2:after',
  'rbd_snap_create2:1:before',
  'rbd_snap_create2:1:after',
  'rbd_resize2:1:after',
  'rbd_aio_write_zeroes:1:after',
  'rbd_snap_create2:2:after',
  'rbd_snap_protect:1:after',
  'rbd_snap_create2:3:before',
  'rbd_snap_create2:3:after',
  'rados_write_op_exec:2:after',
  'rados_write_op_write_full:1:before',
  'rados_write_op_omap_rm_keys2:1:before',
]

t.test(
  'SIGKILL at each step: resume makes the rest, cleanup leaves nothing',
  { buffered: true },
  async (t) => {
    const pool = await openPool(t)
    const { ioctx } = pool
    const preload = buildPreload(t.testdir())
    await makeSource(ioctx, 'from')
    const from = { ioctx, image: 'from', snapshot: 's2' }
    const cases = steps.map((at, i) => ({ at, image: `disk-${i}` }))
    const killOne = async ({ at, image }: (typeof cases)[number]) => {
      const source = { image: 'from', snapshot: 's2' }
      t.ok(await killCopy(pool, preload, { source, destination: { image }, options: { deep: true }, at }), at)
    }
    for (let i = 0; i < cases.length; i += 4) await Promise.all(cases.slice(i, i + 4).map(killOne))

    const left = await untilNoneInUse({ ioctx })
    t.equal(left.length, steps.length)
    const resumed = cases.filter((_, i) => i % 2 === 0)
    for (const { at, image } of resumed) {
      const durable = left.find(({ target }) => target === image)?.bytesDurable
      const result = await copy(from, { ioctx, image }, { deep: true, resume: true })
      t.equal(result.bytesResumed, durable, at)
      t.equal(result.bytes, 12 * mib)
      t.same(await listed(pool, image), await listed(pool, 'from'), at)
      await sameContent(t, from, { ioctx, image }, 's2')
    }
    for (const { error, target, action } of await cleanupCopies({ ioctx })) {
      t.equal(error, undefined, target)
      if (action === 'publish') await sameContent(t, from, { ioctx, image: target }, 's2')
    }
    const published = (await imageNames(ioctx)).filter((name) => !resumed.some(({ image }) => image === name))
    t.same(published, ['disk-11', 'from'], 'of the others that one was whole')
    t.same(await traces(pool), [])
    await unprotectAll(ioctx)
  },
)

t.test('what came after the last snapshot begins anew', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const preload = buildPreload(t.testdir())
  await makeSource(ioctx, 'from')
  const from = { ioctx, image: 'from' }
  // The last layer is under way: its size is set, or its data is written.
  const cases = ['rbd_resize2:3:after', 'rados_write_op_write_full:1:before'].map((at, i) => ({
    at,
    image: `disk-${i}`,
  }))
  for (const { at, image } of cases) {
    const killed = { source: { image: 'from' }, destination: { image }, options: { deep: true }, at }
    t.ok(await killCopy(pool, preload, killed), at)
    await untilNoneInUse({ ioctx })
  }
  await withImage(ioctx, 'from', async (image) => {
    await image.snapshots.rollback('s2')
    await image.write(randomBytes(5000), { position: 7 * mib })
  })
  const result = await copy(from, { ioctx, image: 'disk-0' }, { deep: true, resume: true })
  t.equal(result.bytesResumed, (9 + 5 + 12) * mib)
  await sameContent(t, from, { ioctx, image: 'disk-0' })
  await withImage(ioctx, 'from', (image) => image.snapshots.create('s3'))
  await t.rejects(Promise.resolve(copy(from, { ioctx, image: 'disk-1' }, { deep: true, resume: true })), {
    code: 'ERR_SOURCE_CHANGED',
  })
  await cleanupCopies({ ioctx })
  t.same(await traces(pool), [])
  await unprotectAll(ioctx)
})

t.test('aborted, or a snapshot goes away: nothing is left', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await Image.create(ioctx, 'from', { size: 24 * mib })
  const image = await Image.open(ioctx, 'from')
  for (const name of ['a', 'b', 'c']) {
    await image.write(randomBytes(16 * mib), { position: 0 })
    await image.snapshots.create(name)
  }
  await image.metadata.set('conf_rbd_qos_read_bps_limit', String(20 * mib))
  const from = { ioctx, image: 'from' }
  for (const after of [1, 25 * mib, 50 * mib]) {
    const controller = new AbortController()
    const onProgress = (p: { bytesDone: number }) => p.bytesDone >= after && controller.abort()
    const job = copy(from, { ioctx, image: 'to' }, { deep: true, signal: controller.signal, onProgress })
    await t.rejects(Promise.resolve(job), { name: 'AbortError' }, `after ${after} bytes`)
  }
  let removed: Promise<void> | undefined
  const onProgress = (p: { bytesDone: number }) => {
    if (p.bytesDone > 24 * mib) removed ??= image.snapshots.remove('b')
  }
  await t.rejects(Promise.resolve(copy(from, { ioctx, image: 'to' }, { deep: true, onProgress })), {
    name: 'CopyError',
    code: 'ERR_SOURCE_CHANGED',
  })
  await removed
  await image.metadata.remove('conf_rbd_qos_read_bps_limit')
  await image.write(randomBytes(5000), { position: 20 * mib })
  const to = { ioctx, image: 'to' }
  t.equal(
    (await copy(from, to, { deep: true, verify: 'checksum' })).digest,
    (await compare(from, to)).a.digest,
  )
  t.match(await listed(pool, 'to'), [{ name: 'a' }, { name: 'c' }], 'not the snapshot that holds the source')
  await image.close()
  t.same(await settledNames(ioctx), ['from', 'to'])
  t.same(await traces(pool), [])
})

t.test('an import that is killed is found, too', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const directory = t.testdir()
  const preload = buildPreload(directory)
  await makeSource(ioctx, 'from')
  const stream = join(directory, 'stream')
  await exportImage({ ioctx, image: 'from' }, { file: stream })
  const kill = (at: string, image: string) =>
    killCopy(pool, preload, { source: { stream }, destination: { image }, at })
  t.same(
    await Promise.all([
      kill('rbd_snap_create2:2:after', 'half'),
      kill('rados_write_op_write_full:1:before', 'whole'),
    ]),
    [true, true],
  )
  const left = await untilNoneInUse({ ioctx })
  t.match(left.map(({ target, action }) => [target, action]).sort(), [
    ['half', 'remove'],
    ['whole', 'publish'],
  ])
  for (const { done, error } of await cleanupCopies({ ioctx })) t.ok(done, String(error))
  t.same(await settledNames(ioctx), ['from', 'whole'])
  await sameContent(t, { ioctx, image: 'from' }, { ioctx, image: 'whole' })
  t.same(await traces(pool), [])
  await unprotectAll(ioctx)
})
