/** What workers refuse, and what they and the controller make of what others write into the pool. */

import { BenchWorker, benchWorkers, Image, type IoCtx } from 'rbdkit'
import t, { type Test } from 'tap'
import { mib, openPool } from '../copy/fixture.js'
import { failures, makeImages, ownObjects } from './workers-fixture.js'

/** A worker of this process that ends with the test. */
async function join(t: Test, ioctx: IoCtx, options: Parameters<typeof BenchWorker.start>[1]) {
  const worker = await BenchWorker.start(ioctx, options)
  t.teardown(() => worker.close())
  return worker
}

t.test('a worker does what its operator allowed, whatever the job says', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeImages(pool, ['mine', 'theirs'])
  await join(t, ioctx, { name: 'reader', images: ['mine'] })
  const write = { operation: 'write', destructive: true, runtime: 0.5 } as const
  t.same(await failures(benchWorkers(ioctx, ['mine'], write)), ['reader EACCES'])
  t.same(await failures(benchWorkers(ioctx, ['theirs'], { runtime: 0.5 })), ['reader EACCES'])
  t.same(await failures(benchWorkers(ioctx, ['none'], { runtime: 0.5 })), ['reader EACCES'])
  t.same(await failures(benchWorkers(ioctx, ['mine'], { runtime: 0.5 })), [])

  await join(t, ioctx, { name: 'writer', destructive: true })
  const only = { workers: ['writer'], runtime: 0.5 }
  t.same(await failures(benchWorkers(ioctx, ['none'], only)), ['writer ENOENT'])
  // The controller has to say so as well.
  const careless = benchWorkers(ioctx, ['theirs'], { ...only, operation: 'write' })
  t.same(await failures(careless), ['writer ERR_RBDKIT_BENCH_DESTRUCTIVE'])
  await Image.create(ioctx, 'empty', { size: 8 * mib })
  t.same(await failures(benchWorkers(ioctx, ['empty'], only)), ['writer ERR_RBDKIT_BENCH_UNALLOCATED'])
  t.same(await failures(benchWorkers(ioctx, ['theirs'], { ...only, ...write })), [])
  // A job of another version, or of another pool, is none.
  for (const images of [['../other/theirs'], ['other/theirs'], [''], ['theirs@'], ['theirs@a@b']]) {
    await t.rejects(benchWorkers(ioctx, images, only).then(), { code: 'ERR_INVALID_ARG_VALUE' })
  }
})

t.test('whatever stands in the object or comes by notify, a worker stays up', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeImages(pool, ['one'])
  await join(t, ioctx, { name: 'a' })
  const object = 'rbdkit_bench.default'
  const id = '0123456789abcdef'
  const tell = (value: unknown) =>
    ioctx.notify(object, typeof value === 'string' ? Buffer.from(value) : Buffer.from(JSON.stringify(value)))
  const part = { worker: 'a', images: ['one'], options: {} }
  const prepare = { rbdkit: 1, type: 'prepare', job: id }
  for (const content of [
    'no json',
    '[]',
    'null',
    { rbdkit: 2, id, timeoutMs: 5000, parts: [part] },
    { rbdkit: 1, id: '../..', timeoutMs: 5000, parts: [part] },
    { rbdkit: 1, id, timeoutMs: 1e99, parts: [part] },
    { rbdkit: 1, id, timeoutMs: 5000, parts: {} },
    { rbdkit: 1, id, timeoutMs: 5000, parts: [{ ...part, images: ['other/one'] }] },
    { rbdkit: 1, id, timeoutMs: 5000, parts: [{ ...part, images: [7] }] },
    { rbdkit: 1, id, timeoutMs: 5000, parts: [{ ...part, worker: 'b' }] },
  ]) {
    await ioctx.writeFull(
      object,
      Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)),
    )
    const { replies } = await tell(prepare)
    t.match(JSON.parse(String(replies[0]?.payload)), { name: 'a', state: 'idle' }, JSON.stringify(content))
  }
  for (const message of [
    '',
    'x',
    '{}',
    { rbdkit: 1, type: 'go', job: id },
    { rbdkit: 1, type: 'rm', job: id },
  ]) {
    const { replies } = await tell(message)
    t.equal(replies.length, 1)
  }
  // Options that the engine refuses are a failed job, not a failed worker.
  for (const options of [{ depth: 1e9 }, { runtime: 'long' }, { operation: 'format' }, { blockSize: [] }]) {
    await ioctx.writeFull(
      object,
      Buffer.from(JSON.stringify({ rbdkit: 1, id, timeoutMs: 5000, parts: [{ ...part, options }] })),
    )
    await tell(prepare)
    for (let state = ''; state !== 'failed'; ) {
      const { replies } = await tell({ rbdkit: 1, type: 'status', job: id })
      const report = JSON.parse(String(replies[0]?.payload))
      state = report.state
      if (state === 'failed') t.match(report, { job: id, error: { code: /^(ERR_|E[A-Z]+)/ } })
    }
    await tell({ rbdkit: 1, type: 'abort', job: id })
    for (let state = ''; state !== 'idle'; ) {
      state = JSON.parse(String((await tell({ rbdkit: 1, type: 'hello' })).replies[0]?.payload)).state
    }
  }
  t.equal((await benchWorkers(ioctx, ['one'], { runtime: 0.5 })).hosts?.length, 1)
})

t.test('a watcher that only claims to be a worker cannot pass for one', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeImages(pool, ['one'])
  const object = 'rbdkit_bench.default'
  await ioctx.createObject(object)
  let result: Uint8Array | undefined
  const watch = await ioctx.watch(object, async ({ payload }) => {
    const { type, job } = JSON.parse(String(payload)) as { type: string; job?: string }
    const state = { prepare: 'ready', go: 'running', status: 'done' }[type] ?? 'idle'
    if (state === 'done' && result) await ioctx.writeFull(`${object}.${job}.0`, result)
    const report = { rbdkit: 1, name: 'liar\u001b[31m', host: 'x\u001b[31m', pid: 1e308, state, job }
    return Buffer.from(
      JSON.stringify(
        type === 'end' || type === 'abort' ? { ...report, state: 'idle', job: undefined } : report,
      ),
    )
  })
  t.teardown(() => watch.close())
  // Its name has a control character: it is nobody.
  await t.rejects(benchWorkers(ioctx, ['one'], { joinTimeoutMs: 1000 }).then(), {
    code: 'ERR_RBDKIT_BENCH_WORKERS_MISSING',
    message: /none has joined/,
  })
  await watch.close()

  const other = await ioctx.watch(object, async ({ payload }) => {
    const { type, job } = JSON.parse(String(payload)) as { type: string; job?: string }
    const state = { prepare: 'ready', go: 'running', status: 'done' }[type] ?? 'idle'
    if (state === 'done' && result) await ioctx.writeFull(`${object}.${job}.0`, result)
    return Buffer.from(
      JSON.stringify({
        rbdkit: 1,
        name: 'liar',
        host: 'x\u001b[31m',
        pid: 1,
        state,
        job: state === 'idle' ? undefined : job,
      }),
    )
  })
  t.teardown(() => other.close())
  t.same(await failures(benchWorkers(ioctx, ['one'], { runtime: 0.5 })), ['liar ENOENT'])
  for (const forged of ['no gzip', '']) {
    result = Buffer.from(forged)
    await t.rejects(benchWorkers(ioctx, ['one'], { runtime: 0.5 }).then(), {
      code: 'ERR_RBDKIT_BENCH_WORKER_FAILED',
      message: /^1 of 1 worker failed: 'liar' \(x \[31m, pid 1\): its result is not readable$/,
    })
  }
  t.same(await ownObjects(pool), [object])
})

t.test('arguments are checked', async (t) => {
  const { ioctx } = await openPool(t)
  const rejects = (job: PromiseLike<unknown>, code: string) => t.rejects(Promise.resolve(job), { code })
  await rejects(benchWorkers(undefined as never, ['one']), 'ERR_INVALID_ARG_TYPE')
  await rejects(benchWorkers(ioctx, undefined as never), 'ERR_INVALID_ARG_TYPE')
  await rejects(benchWorkers(ioctx, ['one'], { workers: 0 }), 'ERR_OUT_OF_RANGE')
  await rejects(benchWorkers(ioctx, ['one'], { workers: [] }), 'ERR_INVALID_ARG_VALUE')
  await rejects(benchWorkers(ioctx, ['one'], { workers: ['a', 'a'] }), 'ERR_INVALID_ARG_VALUE')
  await rejects(benchWorkers(ioctx, ['one'], { group: 'a/b' }), 'ERR_INVALID_ARG_VALUE')
  await rejects(benchWorkers(ioctx, ['one'], { share: 'some' as 'all' }), 'ERR_INVALID_ARG_VALUE')
  await rejects(benchWorkers(ioctx, ['one'], { timeoutMs: 10 }), 'ERR_OUT_OF_RANGE')
  await rejects(benchWorkers(ioctx, ['one'], { depth: 0 }), 'ERR_OUT_OF_RANGE')
  await rejects(BenchWorker.start(ioctx, { name: 'a\nb' }), 'ERR_INVALID_ARG_VALUE')
  await rejects(BenchWorker.start(ioctx, { images: ['a@b'] }), 'ERR_INVALID_ARG_VALUE')
  await rejects(BenchWorker.start(ioctx, { onEvent: 1 as never }), 'ERR_INVALID_ARG_TYPE')
  await join(t, ioctx, { name: 'a' })
  await join(t, ioctx, { name: 'b' })
  await rejects(benchWorkers(ioctx, ['one']), 'ERR_INVALID_ARG_VALUE') // one image for two
  const shared = { operation: 'write', destructive: true, share: 'all' } as const
  await rejects(benchWorkers(ioctx, ['one'], shared), 'ERR_INVALID_ARG_VALUE')
})
