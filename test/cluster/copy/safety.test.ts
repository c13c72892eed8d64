import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster, type CopyProgress, copy, Image, type Job } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { type CopyPool, contentOf, makeSparse, mib, openPool, settledNames, withImage } from './fixture.js'

/** Resolves when the copy has moved some data and has more to move. */
async function underWay(job: Job<CopyProgress, unknown>): Promise<void> {
  for await (const p of job) if (p.phase === 'copy' && p.bytesDone > 0) return
}

/** An image with `size` bytes of random data, and a snapshot of it. */
async function makeImage({ ioctx }: CopyPool, name: string, size: number): Promise<void> {
  await Image.create(ioctx, name, { size })
  await withImage(ioctx, name, async (image) => {
    const block = randomBytes(4 * mib)
    for (let at = 0; at < size; at += block.length) await image.write(block, { position: at })
    await image.snapshots.create('snap')
  })
}

/** Lets librbd read no more of an image in a second from now on: a copy then takes as long as the test needs. */
async function slowDown({ ioctx }: CopyPool, name: string, limit = 32 * mib): Promise<void> {
  await withImage(ioctx, name, (image) => image.metadata.set('conf_rbd_qos_read_bps_limit', String(limit)))
}

t.test('a name that is taken: EEXIST before any data is moved', async (t) => {
  const { ioctx } = await openPool(t)
  const from = join(t.testdir(), 'from')
  makeSparse(from, 8 * mib, [[0, 8 * mib]])
  await Image.create(ioctx, 'taken', { size: mib })
  const phases: string[] = []
  const job = copy({ file: from }, { ioctx, image: 'taken' }, { onProgress: (p) => phases.push(p.phase) })
  await t.rejects(Promise.resolve(job), {
    name: 'CephError',
    code: 'EEXIST',
    pool: ioctx.pool,
    image: 'taken',
  })
  t.notOk(phases.includes('copy'))
  t.same(await settledNames(ioctx), ['taken'])
  t.ok((await contentOf(ioctx, 'taken')).equals(Buffer.alloc(mib)))
})

t.test('a source that is not there: ENOENT, and nothing is made', async (t) => {
  const { ioctx } = await openPool(t)
  const directory = t.testdir()
  const file = join(directory, 'to')
  await Image.create(ioctx, 'image', { size: mib })
  const missing = { name: 'CephError', code: 'ENOENT', image: 'missing' }
  await t.rejects(Promise.resolve(copy({ ioctx, image: 'missing' }, { file })), missing)
  await t.rejects(Promise.resolve(copy({ ioctx, image: 'missing' }, { ioctx, image: 'to' })), missing)
  await t.rejects(Promise.resolve(copy({ ioctx, image: 'image', snapshot: 'none' }, { file })), {
    code: 'ENOENT',
    snapshot: 'none',
  })
  const nowhere = join(directory, 'nowhere')
  await t.rejects(Promise.resolve(copy({ file: nowhere }, { ioctx, image: 'to' })), {
    code: 'ENOENT',
    path: nowhere,
  })
  await t.rejects(
    Promise.resolve(copy({ ioctx, image: 'image' }, { ioctx, image: 'to', dataPool: 'nowhere' })),
    {
      code: 'ENOENT',
      syscall: 'rbd_create4',
    },
  )
  t.same(readdirSync(directory), [])
  t.same(await settledNames(ioctx), ['image'])
})

t.test('aborted at a hundred random moments: all or nothing, of images and of files', async (t) => {
  const pool = await openPool(t)
  const { ioctx, rados } = pool
  const directory = t.testdir({ to: {} })
  const from = join(directory, 'from')
  makeSparse(from, 24 * mib, [[0, 24 * mib]])
  await makeImage(pool, 'source', 24 * mib)
  const both = (moment: string, signal?: AbortSignal) => [
    copy({ file: from }, { ioctx, image: `import-${moment}` }, { signal }),
    copy({ ioctx, image: 'source', snapshot: 'snap' }, { file: join(directory, 'to', moment) }, { signal }),
  ]
  const began = performance.now()
  await Promise.all(both('whole'))
  const whole = performance.now() - began
  let aborted = 0
  for (let moment = 0; moment < 50; moment++) {
    const controller = new AbortController()
    const reason = new Error(`moment ${moment}`)
    const jobs = both(String(moment), controller.signal)
    setTimeout(() => controller.abort(reason), Math.random() * 1.5 * whole)
    for (const end of await Promise.allSettled(jobs)) {
      if (end.status === 'fulfilled') continue
      aborted++
      t.equal(end.reason, reason)
    }
  }
  t.ok(aborted > 0 && aborted < 100, `${aborted} of 100 were aborted`)
  const images = await Image.list(ioctx)
  const left = [...images.map(({ name }) => name), ...readdirSync(join(directory, 'to'))]
  t.equal(left.length, 3 + 100 - aborted, 'the source, what was not aborted')
  t.notOk(
    left.some((name) => name.includes('.rbdkit-')),
    'no temporary',
  )
  const objects = (await rados('ls')).split('\n')
  t.notOk(
    objects.some((name) => name.includes('rbdkit')),
    'no record',
  )
  const ids = images.map(({ id }) => id)
  const data = objects.filter((name) => name.startsWith('rbd_data.'))
  t.ok(
    data.every((name) => ids.includes(String(name.split('.')[1]))),
    'no object of an image that is not there',
  )
  await withImage(ioctx, 'source', async (image) => t.equal((await image.snapshots.list()).length, 1))
})

t.test('the snapshot is removed under the copy: ERR_SOURCE_CHANGED, nothing is published', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  const directory = t.testdir()
  await makeImage(pool, 'source', 128 * mib)
  await slowDown(pool, 'source')
  const source = { ioctx, image: 'source', snapshot: 'snap' }
  for (const remake of [false, true]) {
    const job = copy(source, { file: join(directory, 'to') })
    let ended = false
    job
      .finally(() => {
        ended = true
      })
      .catch(() => {})
    await underWay(job)
    await withImage(ioctx, 'source', async (image) => {
      await image.snapshots.remove('snap')
      // The same name again is another snapshot.
      if (remake) await image.snapshots.create('snap')
    })
    t.notOk(ended, 'it was in time')
    const changed = { name: 'CopyError', code: 'ERR_SOURCE_CHANGED', message: /source@snap/ }
    await t.rejects(Promise.resolve(job), changed)
    t.same(readdirSync(directory), [])
    if (!remake) await withImage(ioctx, 'source', (image) => image.snapshots.create('snap'))
  }
  await withImage(ioctx, 'source', (image) => image.snapshots.rename('snap', 'renamed'))
  const job = copy(
    { ...source, snapshot: 'renamed' },
    { file: join(directory, 'to') },
    { maxMemory: 16 * mib },
  )
  await underWay(job)
  await withImage(ioctx, 'source', (image) => image.snapshots.rename('renamed', 'again'))
  await job
  t.ok(
    readFileSync(join(directory, 'to')).equals(await contentOf(ioctx, 'source')),
    'renaming it is no change',
  )
})

t.test('the image is removed under the copy of a snapshot: ERR_SOURCE_CHANGED', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  for (const remake of [false, true]) {
    await makeImage(pool, 'source', 64 * mib)
    // Ten seconds, of which the copy needs one: it ends when it misses the image.
    await slowDown(pool, 'source', 6 * mib)
    const job = copy({ ioctx, image: 'source', snapshot: 'snap' }, { ioctx, image: 'copy' })
    await underWay(job)
    await withImage(ioctx, 'source', (image) => image.snapshots.remove('snap'))
    await Image.remove(ioctx, 'source')
    // Another image of the name, with a snapshot of the name, is not the one that was copied.
    if (remake) await makeImage(pool, 'source', 64 * mib)
    await t.rejects(Promise.resolve(job), { name: 'CopyError', code: 'ERR_SOURCE_CHANGED' })
    t.same(await settledNames(ioctx), remake ? ['source'] : [])
  }
})

t.test('an image that nobody uses is held by its lock: no writer gets in between', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeImage(pool, 'source', 64 * mib)
  await slowDown(pool, 'source')
  const before = await contentOf(ioctx, 'source')
  const job = copy({ ioctx, image: 'source' }, { ioctx, image: 'copy' })
  await underWay(job)
  const write = () =>
    withImage(ioctx, 'source', (image) => image.write(Buffer.alloc(4096, 'x'), { position: 63 * mib }))
  await t.rejects(write(), { code: 'EROFS' })
  await job
  t.ok((await contentOf(ioctx, 'copy')).equals(before))
  await write()
  await withImage(ioctx, 'source', async (image) => t.equal((await image.snapshots.list()).length, 1))
})

t.test('an image in use is copied from a temporary snapshot, which goes again', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeImage(pool, 'source', 64 * mib)
  const before = await contentOf(ioctx, 'source')
  await slowDown(pool, 'source')
  await withImage(ioctx, 'source', async (image) => {
    await image.write(before.subarray(0, 4096), { position: 0 })
    const job = copy({ ioctx, image: 'source' }, { ioctx, image: 'copy' }, { maxMemory: 16 * mib })
    await underWay(job)
    await image.write(Buffer.alloc(4096, 'x'), { position: 63 * mib })
    await job
    t.same(
      (await image.snapshots.list()).map((snapshot) => snapshot.name),
      ['snap'],
    )

    const controller = new AbortController()
    const aborted = copy({ ioctx, image: 'source' }, { ioctx, image: 'copy2' }, { signal: controller.signal })
    await underWay(aborted)
    controller.abort(new Error('enough'))
    await t.rejects(Promise.resolve(aborted), { message: 'enough' })
    t.same(
      (await image.snapshots.list()).map((snapshot) => snapshot.name),
      ['snap'],
    )
  })
  t.ok((await contentOf(ioctx, 'copy')).equals(before), 'the copy is of one moment')
  t.same(await settledNames(ioctx), ['copy', 'source'])
})

t.test('an image without exclusive-lock is copied from a temporary snapshot', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'plain', { size: 9 * mib, features: ['layering'] })
  await withImage(ioctx, 'plain', (image) => image.write(randomBytes(5 * mib), { position: 2 * mib }))
  await copy({ ioctx, image: 'plain' }, { ioctx, image: 'copy' })
  t.ok((await contentOf(ioctx, 'copy')).equals(await contentOf(ioctx, 'plain')))
  await withImage(ioctx, 'plain', async (image) => t.same(await image.snapshots.list(), []))
})

t.test('a user who may only read copies snapshots, and is told so otherwise', async (t) => {
  const pool = await openPool(t)
  const { ioctx, cluster, test } = pool
  await makeImage(pool, 'source', 8 * mib)
  const name = `client.${randomName('reader')}`
  const caps = { mon: 'profile rbd', osd: `profile rbd-read-only pool=${ioctx.pool}` }
  const { key } = await cluster.auth.getOrCreate(name, caps)
  const reader = await Cluster.connect({ confFile: test.confFile, name, key })
  const readable = await reader.openIoCtx(ioctx.pool)
  const directory = t.testdir()
  const file = join(directory, 'to')
  await t.rejects(Promise.resolve(copy({ ioctx: readable, image: 'source' }, { file })), {
    code: /^(EPERM|EACCES|EROFS)$/,
    message: /name a snapshot/,
  })
  t.same(readdirSync(directory), [])
  await copy({ ioctx: readable, image: 'source', snapshot: 'snap' }, { file })
  t.ok(readFileSync(file).equals(await contentOf(ioctx, 'source', 'snap')))
  await t.rejects(Promise.resolve(copy({ file }, { ioctx: readable, image: 'new' })), { code: 'EPERM' })
  t.same(await settledNames(ioctx), ['source'])
  await reader.close()
  await cluster.auth.remove(name)
})

t.test('closing the ioctx waits for the copy; a closed one is refused', async (t) => {
  const pool = await openPool(t)
  await makeImage(pool, 'source', 64 * mib)
  const ioctx = await pool.cluster.openIoCtx(pool.ioctx.pool)
  const file = join(t.testdir(), 'to')
  const job = copy({ ioctx, image: 'source' }, { file }, { maxMemory: 16 * mib })
  let ended = false
  const end = job.then(() => {
    ended = true
  })
  await ioctx.close()
  t.ok(ended)
  await end
  t.ok(readFileSync(file).equals(await contentOf(pool.ioctx, 'source')))
  await t.rejects(Promise.resolve(copy({ ioctx, image: 'source' }, { file: `${file}2` })), { code: 'EBADF' })
})
