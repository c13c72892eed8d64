/** Controllers, workers and clusters that go away during benchmarks on several hosts. */

import { fileURLToPath } from 'node:url'
import { BenchWorker, benchWorkers, Cluster } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t, { type Test } from 'tap'
import { type CopyPool, openPool } from '../copy/fixture.js'
import { failures, listenTo, makeImages, ownObjects, startWorker } from './workers-fixture.js'

const names = ['a', 'b', 'c']
const child = fileURLToPath(new URL('workers-child.mjs', import.meta.url))

function startController(t: Test, { ioctx, test }: CopyPool, options: object) {
  const { confFile, keyring } = test
  return listenTo(t, [child, JSON.stringify({ confFile, keyring, pool: ioctx.pool, images: names, options })])
}

t.test(
  'a controller is killed: the workers end by themselves, the next one finds what is left',
  async (t) => {
    const pool = await openPool(t)
    await makeImages(pool, names)
    const workers = await Promise.all(names.map((name) => startWorker(t, pool, name)))
    // One is done long before the others, and its result is there when the controller dies.
    const controller = startController(t, pool, { runtime: 600, timeoutMs: 3000 })
    await Promise.all(workers.map((worker) => worker.line(/started/)))
    controller.kill('SIGKILL')
    await controller.ended
    for (const worker of workers) await worker.line(/aborted: the controller has been silent for 3000 ms/)

    // What a controller and a worker that both died leave.
    const [object] = await ownObjects(pool)
    const job = JSON.parse(String(await pool.ioctx.readObject(String(object)))) as { id: string }
    await pool.ioctx.writeFull(`${object}.${job.id}.1`, Buffer.from('left'))
    const { hosts } = await benchWorkers(pool.ioctx, names, { runtime: 0.5, timeoutMs: 3000 })
    t.equal(hosts?.length, 3)
    t.same(await ownObjects(pool), [object])
    t.equal((await pool.ioctx.statObject(String(object))).size, 0)
    for (const worker of workers) worker.kill('SIGTERM')
    for (const worker of workers) await worker.ended
    t.same(await ownObjects(pool), [])
  },
)

t.test('a second controller waits for the first, and is told when it takes too long', async (t) => {
  const pool = await openPool(t)
  await makeImages(pool, names)
  await Promise.all(names.map((name) => startWorker(t, pool, name)))
  const first = benchWorkers(pool.ioctx, names, { runtime: 3 })
  const second = benchWorkers(pool.ioctx, names, { runtime: 0.5 })
  t.equal((await second).hosts?.length, 3)
  t.equal((await first).hosts?.length, 3)

  const long = new AbortController()
  const busy = benchWorkers(pool.ioctx, names, { runtime: 600, signal: long.signal })
  for await (const { phase } of busy) if (phase === 'run') break
  await t.rejects(benchWorkers(pool.ioctx, names, { timeoutMs: 2000 }).then(), {
    name: 'BenchWorkersError',
    code: 'ERR_RBDKIT_BENCH_WORKERS_BUSY',
  })
  long.abort(new Error('enough'))
  await t.rejects(busy.then(), { message: 'enough' })
})

t.test('a worker that leaves during a run, and one that was started anew, are missed', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeImages(pool, ['one', 'two'])
  const leaver = await startWorker(t, pool, 'leaver')
  await startWorker(t, pool, 'stayer')
  const job = failures(benchWorkers(ioctx, ['one', 'two'], { runtime: 600, timeoutMs: 2000 }))
  await leaver.line(/started/)
  leaver.kill('SIGTERM')
  t.same(await leaver.ended, [143, null])
  await startWorker(t, pool, 'leaver')
  t.match(await job, [/^leaver (DEAD|GONE)$/])
})

t.test('the object is removed under the workers: they join again', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeImages(pool, ['one'])
  const worker = await startWorker(t, pool, 'a')
  await ioctx.removeObject('rbdkit_bench.default')
  const lost = await worker.line(/^lost/)
  await worker.line(/^joined/, lost)
  t.equal((await benchWorkers(ioctx, ['one'], { runtime: 0.5 })).hosts?.length, 1)
})

t.test('the cluster stops: aborting is a way out for the controller', async (t) => {
  const local = await LocalCluster.start()
  t.teardown(() => local.close())
  const { confFile, keyring } = local
  const cluster = await Cluster.connect({ confFile, keyring, operationTimeoutMs: 3000 })
  await cluster.pools.create('p')
  const ioctx = await cluster.openIoCtx('p')
  const worker = await BenchWorker.start(ioctx, { name: 'a' })
  const controller = new AbortController()
  const job = benchWorkers(ioctx, ['one', 'two'], { workers: 2, signal: controller.signal }).then()
  job.catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 500))
  await local.close()
  setTimeout(() => controller.abort(new Error('enough')), 500)
  await t.rejects(job)
  await worker.close().catch(() => {})
  await cluster.close().catch(() => {})
})
