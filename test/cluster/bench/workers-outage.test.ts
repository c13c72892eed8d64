/** The only OSD dies and comes back: watches, notifies and a run on workers outlive that. */

import { setTimeout as sleep } from 'node:timers/promises'
import { BenchWorker, benchWorkers, Cluster, Image, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { mib } from '../copy/fixture.js'
import { makeImages } from './workers-fixture.js'

t.test('watches and a run go on when the OSD is back', async (t) => {
  const local = await LocalCluster.start({ objectstore: 'bluestore' })
  t.teardown(() => local.close())
  const { confFile, keyring } = local
  const cluster = await Cluster.connect({ confFile, keyring })
  t.teardown(() => cluster.close())
  await cluster.pools.create('p')
  const ioctx = await cluster.openIoCtx('p')
  await poolInit(ioctx)
  await makeImages({ ioctx }, ['one', 'two'], 4 * mib)
  await ioctx.createObject('board')
  const heard: string[] = []
  const watch = await ioctx.watch('board', ({ payload }) => void heard.push(String(payload)))

  const events: string[] = []
  const workers: BenchWorker[] = []
  for (const name of ['a', 'b']) {
    const own = await Cluster.connect({ confFile, keyring })
    t.teardown(() => own.close())
    const onEvent = ({ type }: { type: string }): void => void events.push(`${name} ${type}`)
    workers.push(await BenchWorker.start(await own.openIoCtx('p'), { name, onEvent }))
  }
  const job = benchWorkers(ioctx, ['one', 'two'], { runtime: 25, depth: 2, timeoutMs: 10_000 })
  for await (const { phase } of job) if (phase === 'run') break
  const [osd] = local.osds
  await osd?.kill()
  // Longer than the silence that means death: nobody can be heard now.
  await sleep(12_000)
  await osd?.start()
  const { hosts, jobs } = await job
  t.same(
    hosts?.map(({ name }) => name),
    ['a', 'b'],
  )
  const rates = jobs[0].read.series.map(({ iops }) => iops)
  t.ok(rates.some((iops) => iops === 0) && Number(rates[0]) > 0, rates.map(Math.round).join(' '))
  t.same(
    events.filter((event) => /failed|aborted/.test(event)),
    [],
  )
  const { replies } = await ioctx.notify('board', Buffer.from('still there'))
  t.equal(replies.length, 1)
  t.same(heard, ['still there'])
  await watch.close()
  for (const worker of workers) await worker.close()
  t.same((await Image.list(ioctx)).map(({ name }) => name).sort(), ['one', 'two'])
})
