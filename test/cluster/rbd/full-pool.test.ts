import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { copy, exportDiff, exportImage, Image, type IoCtx } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t, { type Test } from 'tap'
import { mib, openPool } from '../copy/fixture.js'

const size = 256 * mib

/**
 * Writes until the pool refuses; the first error and how long that one operation took. Never the same place twice: an
 * OSD (16.2.15) lets through what does not grow the pool.
 */
async function fill(image: Image): Promise<{ code: string | undefined; ms: number }> {
  const block = Buffer.alloc(mib, 1)
  const deadline = Date.now() + 80_000
  for (let i = 0; i * mib < size && Date.now() < deadline; i++) {
    const started = performance.now()
    try {
      await image.write(block, { position: i * mib })
      await image.flush()
      if (i >= 16) await new Promise((resolve) => setTimeout(resolve, 300))
    } catch (error) {
      return { code: (error as { code?: string }).code, ms: performance.now() - started }
    }
  }
  return { code: undefined, ms: 0 }
}

t.test('a full pool refuses writes at once, and images in it can be removed', async (t) => {
  // Of its own: in the shared one the pools that other tests make and remove hold up the statistics that a quota
  // goes by.
  const local = await LocalCluster.start({ objectstore: 'memstore' })
  t.teardown(() => local.close())
  const { cluster, ioctx } = await openPool(t, local)
  const { pool } = ioctx
  const quota = (bytes: number) =>
    cluster.monitorCommand(
      { prefix: 'osd pool set-quota', pool, field: 'max_bytes', val: String(bytes) },
      { format: 'text' },
    )
  await Image.create(ioctx, 'image', { size })
  const image = await Image.open(ioctx, 'image')
  await quota(4 * mib)
  const { code, ms } = await fill(image)
  t.ok(code === 'EDQUOT' || code === 'ENOSPC', `refused with ${code}`)
  t.ok(ms < 5000, `after ${Math.round(ms)} ms`)
  t.equal((await image.read({ position: 0, length: mib })).bytesRead, mib, 'reading goes on')
  await image.close().catch((error: unknown) => t.match(error, { code: /EDQUOT|ENOSPC/ }))
  await getOut(t, ioctx)

  const made = await Image.create(ioctx, 'other', { size: mib }).then(
    () => 'made',
    (error: { code: string }) => error.code,
  )
  t.ok(['EDQUOT', 'ENOSPC', 'made'].includes(made), `creating: ${made}`)
  for (const name of await names(ioctx)) await Image.remove(ioctx, name)
  t.same(await names(ioctx), [], 'removing gives the space back')

  await quota(0)
  const retry = async (work: () => Promise<unknown>): Promise<boolean> => {
    for (let i = 0; i < 200; i++) {
      try {
        await work()
        return true
      } catch (error) {
        t.match((error as { code: string }).code, /EDQUOT|ENOSPC/)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    return false
  }
  t.ok(await retry(() => Image.create(ioctx, 'after', { size: mib })))
  const after = await Image.open(ioctx, 'after')
  const written = await retry(() => after.write(Buffer.alloc(4096, 1), { position: 0 }))
  t.ok(written, 'writing goes on once there is room')
  await after.close()
})

/** All that the pool holds can be had from it: of an image that is free, and of one that is in use. */
async function getOut(t: Test, ioctx: IoCtx): Promise<void> {
  const directory = t.testdir()
  const timely = async (what: string, job: (signal: AbortSignal) => PromiseLike<unknown>): Promise<void> => {
    const error = await Promise.resolve(job(AbortSignal.timeout(20_000))).then(
      () => undefined,
      (reason: { code?: string; message: string }) => reason.code ?? reason.message,
    )
    t.ok(error === undefined || what.endsWith('?'), `${what}: ${error ?? 'done'}`)
    // A temporary snapshot takes space: to refuse it is right, to wait is not.
    if (error !== undefined) t.match(error, /^(EDQUOT|ENOSPC)$/)
  }
  const source = { ioctx, image: 'image' }
  await timely('export of the head', (signal) => copy(source, { file: join(directory, 'head') }, { signal }))
  await timely('diff of the head', (signal) =>
    exportDiff(source, { file: join(directory, 'diff') }, { signal }),
  )
  await timely('image stream', (signal) =>
    exportImage(source, { file: join(directory, 'stream') }, { signal }),
  )
  const reader = await Image.open(ioctx, 'image', { readOnly: true })
  const want = Buffer.alloc(size)
  for (let at = 0; at < want.length; at += 4 * mib) {
    await reader.read({ buffer: want.subarray(at, at + 4 * mib), position: at })
  }
  await reader.close()
  t.ok(readFileSync(join(directory, 'head')).equals(want), 'what was got out is what is there')
  const user = await Image.open(ioctx, 'image')
  await timely('export of an image in use?', (signal) => {
    return copy(source, { file: join(directory, 'used') }, { signal })
  })
  await timely('snapshot?', () => user.snapshots.create('snap'))
  const made = await user.snapshots.list()
  await user.close().catch((error: unknown) => t.match(error, { code: /EDQUOT|ENOSPC/ }))
  for (const { name } of made) {
    const image = await Image.open(ioctx, 'image')
    await timely('removal of a snapshot', () => image.snapshots.remove(name))
    await image.close()
  }
  await timely('copy within the pool?', (signal) => copy(source, { ioctx, image: 'copy' }, { signal }))
}

async function names(ioctx: IoCtx): Promise<string[]> {
  return (await Image.list(ioctx)).map(({ name }) => name)
}
