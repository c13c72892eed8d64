import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanupCopies, copy } from 'rbdkit'
import t from 'tap'
import {
  type CopyPool,
  contentOf,
  imageNames,
  makeSparse,
  mib,
  openPool,
  settledNames,
  withImage,
} from './fixture.js'
import { killCopy, untilNoneInUse } from './kill.js'

t.jobs = 2

/** An image with a snapshot that a copy takes eight seconds to read; the snapshot's digest. */
async function makeSlow({ ioctx }: CopyPool, directory: string): Promise<string> {
  const file = join(directory, 'from')
  makeSparse(file, 96 * mib, [
    [0, 40 * mib],
    [48 * mib, 40 * mib],
  ])
  const { digest } = await copy({ file }, { ioctx, image: 'source' })
  await withImage(ioctx, 'source', async (image) => {
    await image.snapshots.create('snap')
    await image.metadata.set('conf_rbd_qos_read_bps_limit', String(10 * mib))
  })
  return digest
}

t.test('SIGKILL in the middle: what was durable is not copied again', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const directory = t.testdir({ to: {} })
  const digest = await makeSlow(pool, directory)
  const source = { image: 'source', snapshot: 'snap' }
  const file = join(directory, 'to', 'disk')
  const ends = [{ image: 'copy' }, { file }]
  const kill = (destination: (typeof ends)[number], afterMs: number) =>
    killCopy(pool, '', {
      source,
      destination: destination as { file: string },
      options: { maxMemory: 16 * mib },
      afterMs,
    })
  t.same(await Promise.all(ends.map((end, i) => kill(end, 4500 + 1000 * i))), [true, true])
  t.notOk((await imageNames(ioctx)).includes('copy'))
  await withImage(ioctx, 'source', (image) => image.metadata.remove('conf_rbd_qos_read_bps_limit'))

  for (const where of [{ ioctx }, { directory: join(directory, 'to') }]) {
    const [left] = await cleanupCopies(where, { dryRun: true })
    t.ok(Number(left?.bytesDurable) > 0 && Number(left?.bytesDurable) < 96 * mib, `${left?.bytesDurable}`)
    t.equal(left?.bytesTotal, 96 * mib)
  }
  const from = { ioctx, ...source }
  for (const to of [{ ioctx, image: 'copy' }, { file }]) {
    let first: number | undefined
    const onProgress = (p: { phase: string; bytesDone: number }) => {
      if (p.phase === 'copy') first ??= p.bytesDone
    }
    const result = await copy(from, to, { resume: true, onProgress })
    t.ok(result.bytesResumed > 0, `${result.bytesResumed} bytes were durable`)
    t.ok(first === undefined || first >= result.bytesResumed, 'progress begins there')
    t.equal(result.digest, digest)
    t.equal(result.holes, result.bytes - result.bytesWritten)
    t.equal(result.bytesWritten, 80 * mib, 'written in both together')
  }
  t.equal((await copy({ file }, { ioctx, image: 'again' })).digest, digest)
  t.ok((await contentOf(ioctx, 'copy')).equals(await contentOf(ioctx, 'source', 'snap')))
  t.same(await cleanupCopies({ ioctx }), [])
  t.same(await cleanupCopies({ directory: join(directory, 'to') }), [])
})

t.test('another source is refused, and what is left stays', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const directory = t.testdir()
  await makeSlow(pool, directory)
  const destination = { image: 'copy' }
  t.ok(await killCopy(pool, '', { source: { image: 'source', snapshot: 'snap' }, destination, afterMs: 0 }))
  await withImage(ioctx, 'source', async (image) => {
    await image.metadata.remove('conf_rbd_qos_read_bps_limit')
    await image.snapshots.remove('snap')
    await image.snapshots.create('snap')
  })
  const other = join(directory, 'other')
  writeFileSync(other, 'x')
  for (const source of [
    { ioctx, image: 'source', snapshot: 'snap' },
    { ioctx, image: 'source' },
    { file: other },
  ]) {
    const job = copy(source, { ioctx, image: 'copy' }, { resume: true })
    await t.rejects(Promise.resolve(job), { name: 'CopyError', code: 'ERR_SOURCE_CHANGED' })
  }
  const [left] = await untilNoneInUse({ ioctx })
  t.match(left, { kind: 'image', target: 'copy', action: 'remove' })
  await copy({ file: other }, { ioctx, image: 'copy' })
  t.match(await cleanupCopies({ ioctx }), [{ done: true }])
  t.same(await settledNames(ioctx), ['copy', 'source'])
})
