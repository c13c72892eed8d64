import { cleanupCopies, copy } from 'rbdkit'
import t from 'tap'
import { listed, sameContent, unprotectAll } from './deep-fixture.js'
import { openPool, settledNames, withImage } from './fixture.js'
import { buildPreload, killCopy, untilNoneInUse } from './kill.js'
import { childrenOf, makeClone, makeHistory, makeParent, parentOf } from './parent-fixture.js'

t.jobs = 2

const options = { deep: true, keepParent: true }

/** The steps that only clones have, and some of the others. */
const steps = [
  'rbd_clone3:1:before',
  'rbd_clone3:1:after',
  'rbd_metadata_remove:1:after',
  'rbd_resize2:2:after',
  'rbd_aio_write2:2:after',
  'rbd_aio_write_zeroes:1:after',
  'rbd_snap_create2:1:after',
  'rbd_snap_create2:3:before',
  'rados_write_op_write_full:1:before',
]

t.test('SIGKILL at each step: resume makes the rest, cleanup leaves nothing', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const preload = buildPreload(t.testdir())
  await makeParent(ioctx)
  await makeClone(ioctx, 'from', ioctx)
  await makeHistory(ioctx, 'from')
  const from = { ioctx, image: 'from', snapshot: 's2' }
  const cases = steps.map((at, i) => ({ at, image: `disk-${i}` }))
  const killOne = async ({ at, image }: (typeof cases)[number]) => {
    const source = { image: 'from', snapshot: 's2' }
    t.ok(await killCopy(pool, preload, { source, destination: { image }, options, at }), at)
  }
  for (let i = 0; i < cases.length; i += 3) await Promise.all(cases.slice(i, i + 3).map(killOne))
  const left = await untilNoneInUse({ ioctx })
  t.ok(left.length >= steps.length - 1)
  const resumed = cases.filter((_, i) => i % 2 === 0)
  for (const { at, image } of resumed) {
    if (at === 'rados_write_op_write_full:1:before') {
      await t.rejects(
        Promise.resolve(copy(from, { ioctx, image }, { deep: true, resume: true })),
        { code: 'ERR_SOURCE_CHANGED' },
        'one that is no clone is another copy',
      )
    }
    await copy(from, { ioctx, image }, { ...options, resume: true })
    t.same(await listed(pool, image), await listed(pool, 'from'), at)
    t.same(await parentOf(ioctx, image), await parentOf(ioctx, 'from'))
    await sameContent(t, from, { ioctx, image }, 's2')
  }
  for (const { error, target } of await cleanupCopies({ ioctx })) t.equal(error, undefined, target)
  const names = ['from', ...resumed.map(({ image }) => image)].sort()
  t.same(await settledNames(ioctx), [...names, 'parent'])
  t.same(await childrenOf(ioctx), names)
  t.notMatch(await pool.rados('ls'), /rbdkit/)
  await unprotectAll(ioctx)
})

t.test('aborted: nothing is left', async (t) => {
  const { ioctx } = await openPool(t)
  await makeParent(ioctx)
  await makeClone(ioctx, 'from', ioctx)
  await makeHistory(ioctx, 'from')
  for (const after of [0, 20_000_000]) {
    const controller = new AbortController()
    const onProgress = (p: { phase: string; bytesDone: number }) => {
      if (p.phase === 'copy' && p.bytesDone >= after) controller.abort()
    }
    const job = copy(
      { ioctx, image: 'from' },
      { ioctx, image: 'to' },
      { ...options, signal: controller.signal, onProgress },
    )
    await t.rejects(Promise.resolve(job), { name: 'AbortError' }, `after ${after} bytes`)
  }
  t.same(await settledNames(ioctx), ['from', 'parent'])
  t.same(await childrenOf(ioctx), ['from'])
  await withImage(ioctx, 'from', (image) => image.snapshots.unprotect('s1'))
})
