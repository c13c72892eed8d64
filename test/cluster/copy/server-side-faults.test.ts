/** Copies that the OSDs do among themselves while OSDs do not answer, or die. */

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { compare, copy, Image } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { mib, openPool, settledNames, withImage } from './fixture.js'

const started = LocalCluster.start({ osds: 2, config: { 'osd pool default size': 1 } })
t.teardown(async () => (await started).close())

t.test('abort() does not wait for an OSD that is silent', async (t) => {
  const cluster = await started
  const { ioctx } = await openPool(t, cluster)
  // Without fast diff each object is asked for, which takes a while.
  await Image.create(ioctx, 'source', { size: 32768 * mib, features: ['layering', 'exclusive-lock'] })
  await withImage(ioctx, 'source', (image) => image.snapshots.create('snap'))
  const controller = new AbortController()
  const job = copy(
    { ioctx, image: 'source', snapshot: 'snap' },
    { ioctx, image: 'copy' },
    { serverSide: 'require', signal: controller.signal },
  )
  for await (const { phase, bytesDone } of job) {
    t.not(phase, 'flush', 'it is still at it')
    if (phase === 'copy' && bytesDone === 0) break
  }
  const pids = cluster.osds.map(({ pid }) => Number(pid))
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  // By another process, for this one's thread may be what hangs.
  const rescue = spawn('sh', ['-c', `sleep 4; kill -CONT ${pids.join(' ')}`])
  await sleep(500)
  const before = performance.now()
  controller.abort()
  const blocked = performance.now() - before
  await once(rescue, 'exit')
  await t.rejects(Promise.resolve(job), { name: 'AbortError' })
  t.ok(blocked < 2000, `the thread was blocked for ${blocked.toFixed()} ms`)
  t.same(await settledNames(ioctx), ['source'])
})

t.test('an OSD is killed, and comes back: the copy goes on', async (t) => {
  const cluster = await started
  const { ioctx } = await openPool(t, cluster)
  await Image.create(ioctx, 'source', { size: 64 * mib })
  await withImage(ioctx, 'source', async (image) => {
    for (let at = 0; at < 64 * mib; at += 4 * mib) await image.write(randomBytes(4 * mib), { position: at })
    await image.snapshots.create('snap')
  })
  const from = { ioctx, image: 'source', snapshot: 'snap' }
  const job = copy(from, { ioctx, image: 'copy' }, { serverSide: 'require', bandwidthLimit: 16 * mib })
  const [osd] = cluster.osds
  let killed = false
  for await (const { phase, bytesDone } of job) {
    if (killed || phase !== 'copy' || bytesDone === 0) continue
    killed = true
    await osd?.kill()
    await sleep(1000)
    await osd?.start()
  }
  t.ok(killed)
  const result = await job
  t.equal(result.serverSide?.objects, 16)
  const { equal, a } = await compare(from, { ioctx, image: 'copy' })
  t.ok(equal)
  t.equal(result.digest, a.digest)
})
