import { execFile } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { copy } from 'rbdkit'
import t, { type Test } from 'tap'
import { imageNames, makeSparse, mib, openPool, settledNames, withImage } from './fixture.js'

const exec = promisify(execFile)

t.test(
  'memory stays within twice the default of 64 MiB and 16 MiB, and the event loop is free',
  async (t) => {
    const { ioctx } = await openPool(t)
    const directory = t.testdir()
    const from = join(directory, 'from')
    makeSparse(
      from,
      320 * mib,
      Array.from({ length: 20 }, (_, i) => [i * 16 * mib, 16 * mib] as const),
    )
    // The first copy starts librbd's threads and loads its code.
    makeSparse(join(directory, 'small'), 8 * mib, [[0, 8 * mib]])
    await copy({ file: join(directory, 'small') }, { ioctx, image: 'small' })
    await copy({ ioctx, image: 'small' }, { file: join(directory, 'small-back') })

    for (const [name, job] of [
      ['import', () => copy({ file: from }, { ioctx, image: 'disk' })],
      ['export', () => copy({ ioctx, image: 'disk' }, { file: join(directory, 'to') })],
      ['copy', () => copy({ ioctx, image: 'disk' }, { ioctx, image: 'disk2' })],
    ] as const) {
      const idle = process.memoryUsage.rss()
      let peak = idle
      const sampler = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage.rss())
      }, 10)
      const delay = monitorEventLoopDelay({ resolution: 5 })
      delay.enable()
      for await (const _ of job());
      delay.disable()
      clearInterval(sampler)
      const grown = Math.round((peak - idle) / mib)
      const p99 = Math.round(delay.percentile(99) / 1e6)
      t.comment(`${name}: ${grown} MiB more than idle, event loop p99 ${p99} ms`)
      t.ok(grown <= 2 * 64 + 16, `${name}: ${grown} MiB`)
      // 20 ms is the aim, which bench/ measures; whatever else has the processors delays this, too.
      t.ok(p99 < 500, `${name}: nothing blocked the thread: p99 ${p99} ms`)
    }
  },
)

for (const which of ['pool', 'data pool']) {
  t.test(`a full ${which}: EDQUOT or ENOSPC soon, and nothing is left`, async (t) => {
    await fillUp(t, which === 'data pool')
  })
}

/** The pool of the image's data reaches its quota, be it the image's pool or another one. */
async function fillUp(t: Test, separate: boolean): Promise<void> {
  const { ioctx, test } = await openPool(t)
  const data = separate ? (await openPool(t)).ioctx.pool : ioctx.pool
  const options = separate ? { dataPool: data } : {}
  const directory = t.testdir()
  const from = join(directory, 'from')
  makeSparse(from, 16 * mib, [[0, 16 * mib]])
  await copy({ file: from }, { ioctx, image: 'first', ...options })
  const ceph = async (...args: string[]) => {
    const { stdout } = await exec('ceph', args, { env: { ...process.env, ...test.env }, timeout: 30_000 })
    return stdout
  }
  await ceph('osd', 'pool', 'set-quota', data, 'max_bytes', String(8 * mib))
  const full = async () => {
    const line = (await ceph('osd', 'pool', 'ls', 'detail')).split('\n').find((l) => l.includes(`'${data}'`))
    return line?.includes('full') ?? false
  }
  for (let i = 0; i < 60 && !(await full()); i++) await sleep(500)
  t.ok(await full(), 'the monitor has seen it')
  const started = Date.now()
  await t.rejects(Promise.resolve(copy({ file: from }, { ioctx, image: 'second', ...options })), {
    name: 'CephError',
    code: /^(EDQUOT|ENOSPC)$/,
  })
  t.ok(Date.now() - started < 20_000, 'soon')
  t.same(await settledNames(ioctx), ['first'])
}

t.test('an OSD that dies: the copy says that it is stalled, and goes on when it is back', async (t) => {
  const { LocalCluster } = await import('rbdkit/dev')
  const cluster = await LocalCluster.start({
    objectstore: 'bluestore',
    config: { 'mon osd report timeout': 30 },
  })
  t.teardown(() => cluster.close())
  const { ioctx } = await openPool(t, cluster)
  const from = join(t.testdir(), 'from')
  makeSparse(from, 256 * mib, [[0, 256 * mib]])
  const [osd] = cluster.osds
  if (osd === undefined) throw new Error('the cluster has no OSD')
  const job = copy({ file: from }, { ioctx, image: 'disk' }, { maxMemory: 16 * mib })
  let stalled = false
  let killed = false
  for await (const p of job) {
    if (p.phase === 'copy' && p.bytesDone > 0 && !killed) {
      killed = true
      await osd.kill()
    }
    if (p.stalled && !stalled) {
      stalled = true
      await osd.start()
    }
  }
  t.ok(killed, 'it was killed in time')
  t.ok(stalled)
  const { digest } = await job
  const back = await copy({ ioctx, image: 'disk' }, { file: join(t.testdirName, 'back') })
  t.equal(back.digest, digest, 'nothing was lost')
})

t.test('a worker that is terminated takes its copies along', async (t) => {
  const { ioctx, test } = await openPool(t)
  const script = `
    import { parentPort, workerData } from 'node:worker_threads'
    import { Cluster, copy } from 'rbdkit'
    const { confFile, keyring, pool, file } = workerData
    const cluster = await Cluster.connect({ confFile, keyring })
    const ioctx = await cluster.openIoCtx(pool)
    const jobs = [copy({ ioctx, image: 'source' }, { file }), copy({ file: workerData.from }, { ioctx, image: 'new' })]
    for (const job of jobs) job.then(() => {}, () => {})
    for await (const p of jobs[0]) if (p.phase === 'copy' && p.bytesDone > 0) parentPort.postMessage('under way')
  `
  const directory = t.testdir({ to: {}, 'worker.mjs': script })
  const from = join(directory, 'from')
  makeSparse(from, 96 * mib, [[0, 96 * mib]])
  await copy({ file: from }, { ioctx, image: 'source' })
  await withImage(ioctx, 'source', (image) =>
    image.metadata.set('conf_rbd_qos_read_bps_limit', String(32 * mib)),
  )
  const { confFile, keyring } = test
  const worker = new Worker(join(directory, 'worker.mjs'), {
    workerData: { confFile, keyring, pool: ioctx.pool, from, file: join(directory, 'to', 'file') },
  })
  await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  await worker.terminate()
  t.same(readdirSync(join(directory, 'to')), [], 'no file, no temporary')
  const names = await imageNames(ioctx)
  t.notOk(
    names.some((name) => name.includes('.rbdkit-')),
    'no temporary image',
  )
  // The lock on the source went with it.
  const again = await copy({ ioctx, image: 'source' }, { file: join(directory, 'again') })
  t.equal(again.bytes, 96 * mib)
  t.equal(statSync(join(directory, 'again')).size, 96 * mib)
})
