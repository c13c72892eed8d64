/** Writes against the image's size when another client changes it: the size is known without asking, or asked for. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Cluster, Image, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { mib, openPool } from './copy-fixture.js'

const block = Buffer.alloc(4096, 7)

t.test('another client grows and shrinks the image under an open one', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib, features: ['layering'] })
  await using image = await Image.open(ioctx, 'image')
  await using other = await Image.open(ioctx, 'image')
  for (let i = 0; i < 5; i++) {
    await other.resize(8 * mib)
    // resize() ends when every watcher has been told, so this handle knows or has to ask; never the old size.
    t.match(await image.write(block, { position: 8 * mib - 4096 }), { bytesWritten: 4096 })
    await other.resize(4 * mib, { allowShrink: true })
    await t.rejects(image.write(block, { position: 8 * mib - 4096 }), { code: 'ERR_OUT_OF_RANGE' })
    await t.rejects(image.write(block, { position: 4 * mib - 4095 }), { code: 'ERR_OUT_OF_RANGE' })
    await t.rejects(image.discard(4 * mib, 1), { code: 'ERR_OUT_OF_RANGE' })
  }
  await image.resize(6 * mib)
  t.match(await image.write(block, { position: 6 * mib - 4096 }), { bytesWritten: 4096 }, 'its own resize')
})

t.test('a flush covers writes that wait for the size; close() waits for them', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib, features: ['layering'] })
  const image = await Image.open(ioctx, 'image')
  await using other = await Image.open(ioctx, 'image')
  const order: string[] = []
  await other.resize(8 * mib)
  const write = image.write(block, { position: 5 * mib }).then(() => order.push('write'))
  const refused = image.writeZeroes(8 * mib, 1).then(
    () => order.push('written'),
    () => order.push('refused'),
  )
  await image.flush()
  await Promise.all([write, refused])
  t.ok((await other.read({ position: 5 * mib, length: 4096 })).buffer.equals(block))
  t.same(order.sort(), ['refused', 'write'])
  await other.createSnapshot('changes-the-header')
  const last = image.write(block, { position: 6 * mib })
  const flushed = image.flush()
  await image.close()
  t.match(await last, { bytesWritten: 4096 }, 'taken before close()')
  t.equal(await flushed, undefined, 'and the flush that waits for it')
  t.ok((await other.read({ position: 6 * mib, length: 4096 })).buffer.equals(block))
  await t.rejects(image.write(block, { position: 0 }), { code: 'EBADF' })
})

t.test('a write that must ask a dead OSD does not block the event loop', async (t) => {
  await using local = await LocalCluster.start({ objectstore: 'bluestore' })
  await using cluster = await Cluster.connect({ confFile: local.confFile })
  await cluster.pools.create('pool')
  await using ioctx = await cluster.openIoCtx('pool')
  await poolInit(ioctx)
  await Image.create(ioctx, 'image', { size: 4 * mib, features: ['layering'] })
  await using image = await Image.open(ioctx, 'image')
  await using other = await Image.open(ioctx, 'image')
  await other.createSnapshot('changes-the-header')
  await local.osds[0]?.stop()
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const write = image.write(block, { position: 0 })
  await new Promise((resolve) => setTimeout(resolve, 1500))
  delay.disable()
  t.ok(delay.max < 1e9, `the loop waited ${Math.round(delay.max / 1e6)} ms at most`)
  await local.osds[0]?.start()
  t.match(await write, { bytesWritten: 4096 })
})
