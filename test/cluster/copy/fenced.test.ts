import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Cluster, type CopyProgress, cleanupCopies, copy, Image, importDiff, type Job } from 'rbdkit'
import t, { type Test } from 'tap'
import { makeDiff } from '../../helpers/diff.js'
import { type CopyPool, imageNames, makeSparse, mib, openPool, settledNames, withImage } from './fixture.js'
import { untilNoneInUse } from './kill.js'

const exec = promisify(execFile)

t.jobs = 3

/** A copy by a client of its own, from a source that is slow, with its temporary image made and some data moved. */
async function startCopy({ ioctx, test }: CopyPool, directory: string) {
  const from = join(directory, 'from')
  makeSparse(from, 48 * mib, [[0, 48 * mib]])
  await copy({ file: from }, { ioctx, image: 'source' })
  await withImage(ioctx, 'source', async (image) => {
    await image.snapshots.create('snap')
    await image.metadata.set('conf_rbd_qos_read_bps_limit', String(4 * mib))
  })
  const cluster = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  const own = await cluster.openIoCtx(ioctx.pool)
  const job = copy(
    { ioctx: own, image: 'source', snapshot: 'snap' },
    { ioctx: own, image: 'copy' },
    { maxMemory: 16 * mib },
  )
  await underWay(job)
  const temporary = (await imageNames(ioctx)).find((name) => name.includes('.rbdkit-'))
  if (temporary === undefined) throw new Error('no temporary image')
  const close = async () => {
    await own.close()
    await cluster.close()
  }
  return { job, temporary, close }
}

async function underWay(job: Job<CopyProgress, unknown>): Promise<void> {
  for await (const p of job) if (p.phase === 'copy' && p.bytesDone > 0) return
}

/** Blocklists whoever has the image open, for the test's time. */
async function blocklistUserOf(t: Test, { ioctx, test }: CopyPool, name: string): Promise<void> {
  // A handle that does not watch, so that there is one watcher.
  const image = await Image.open(ioctx, name, { readOnly: true })
  const [watcher] = await image.listWatchers()
  await image.close()
  const address = String(watcher?.address)
  const env = { ...process.env, ...test.env }
  await exec('ceph', ['osd', 'blocklist', 'add', address, '300'], { env })
  t.teardown(() => exec('ceph', ['osd', 'blocklist', 'rm', address], { env }))
}

/** What a fenced client had to leave, or what somebody has open, is found by another one. */
async function checkLeftover(t: Test, { ioctx, rados }: CopyPool, temporary: string): Promise<void> {
  t.notOk((await imageNames(ioctx)).includes('copy'), 'nothing is published')
  await untilNoneInUse({ ioctx })
  t.match(await cleanupCopies({ ioctx }), [{ name: temporary, target: 'copy', done: true }])
  t.same(await settledNames(ioctx), ['source'])
  t.notOk((await rados('ls')).includes('rbdkit'))
}

t.test('the client is blocklisted: ERR_FENCED', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { job, temporary, close } = await startCopy(pool, t.testdir())
  await blocklistUserOf(t, pool, temporary)
  await t.rejects(Promise.resolve(job), { name: 'CopyError', code: 'ERR_FENCED' })
  await close()
  await checkLeftover(t, pool, temporary)
})

// The copy must end also when librbd does not complete a write (docs/decisions/0020).
t.test('the client is blocklisted between two writes: ERR_FENCED', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx, test } = pool
  const from = join(t.testdir(), 'from')
  makeSparse(from, 48 * mib, [[0, 48 * mib]])
  const cluster = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring })
  const own = await cluster.openIoCtx(ioctx.pool)
  const job = copy({ file: from }, { ioctx: own, image: 'copy' }, { bandwidthLimit: 4 * mib })
  await underWay(job)
  const temporary = (await imageNames(ioctx)).find((name) => name.includes('.rbdkit-'))
  if (temporary === undefined) throw new Error('no temporary image')
  await blocklistUserOf(t, pool, temporary)
  await t.rejects(Promise.resolve(job), { name: 'CopyError', code: 'ERR_FENCED' })
  await own.close()
  await cluster.close()
  await untilNoneInUse({ ioctx })
  t.match(await cleanupCopies({ ioctx }), [{ name: temporary, target: 'copy', done: true }])
  t.same(await settledNames(ioctx), [])
})

t.test('the client is blocklisted while a diff comes in: ERR_FENCED', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { ioctx, test } = pool
  await Image.create(ioctx, 'image', { size: 64 * mib })
  const options = { rbd_cache: false, rbd_disable_zero_copy_writes: false }
  const cluster = await Cluster.connect({ confFile: test.confFile, keyring: test.keyring, options })
  const own = await cluster.openIoCtx(ioctx.pool)
  const records = Array.from({ length: 12 }, (_, i) => ({
    offset: i * 4 * mib,
    content: randomBytes(4 * mib),
  }))
  const diff = makeDiff({ size: 64 * mib, records })
  async function* slowly() {
    for (let at = 0; at < diff.length; at += mib) {
      yield diff.subarray(at, at + mib)
      await sleep(250)
    }
  }
  const job = importDiff(Readable.from(slowly(), { objectMode: false }), { ioctx: own, image: 'image' })
  await underWay(job)
  await blocklistUserOf(t, pool, 'image')
  await t.rejects(Promise.resolve(job), { name: 'CopyError', code: 'ERR_FENCED' })
  await own.close()
  await cluster.close()
})

t.test('the lock of the temporary is broken: ERR_FENCED, or ERR_LOCK_LOST', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { job, temporary, close } = await startCopy(pool, t.testdir())
  await withImage(pool.ioctx, temporary, async (image) => {
    const [owner] = await image.locks.owners()
    await image.locks.break(String(owner?.owner))
  })
  await t.rejects(Promise.resolve(job), { name: 'CopyError', code: /^ERR_(FENCED|LOCK_LOST)$/ })
  await close()
  await checkLeftover(t, pool, temporary)
})

t.test('the lock is taken without blocklisting: ERR_LOCK_LOST', { buffered: true }, async (t) => {
  const pool = await openPool(t)
  const { job, temporary, close } = await startCopy(pool, t.testdir())
  const thief = await Cluster.connect({
    confFile: pool.test.confFile,
    keyring: pool.test.keyring,
    options: { rbd_blocklist_on_break_lock: false },
  })
  const ioctx = await thief.openIoCtx(pool.ioctx.pool)
  const image = await Image.open(ioctx, temporary)
  const [owner] = await image.locks.owners()
  await image.locks.break(String(owner?.owner))
  await t.rejects(Promise.resolve(job), { name: 'CopyError', code: 'ERR_LOCK_LOST' })
  await image.close()
  await ioctx.close()
  await thief.close()
  await close()
  await checkLeftover(t, pool, temporary)
})
