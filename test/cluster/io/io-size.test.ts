/** Writes against the image's size when another client changes it: the size is known without asking, or asked for. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Cluster, Image, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

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
  await other.snapshots.create('changes-the-header')
  const last = image.write(block, { position: 6 * mib })
  const flushed = image.flush()
  await image.close()
  t.match(await last, { bytesWritten: 4096 }, 'taken before close()')
  t.equal(await flushed, undefined, 'and the flush that waits for it')
  t.ok((await other.read({ position: 6 * mib, length: 4096 })).buffer.equals(block))
  await t.rejects(image.write(block, { position: 0 }), { code: 'EBADF' })
})

const mark = (n: number): Buffer => Buffer.alloc(4096, n)

t.test('the first read after another client has grown the image, in every form', async (t) => {
  const { ioctx } = await openPool(t)
  const file = 'image'
  for (const features of [['layering'], undefined] as const) {
    await Image.create(ioctx, file, { size: 4 * mib, ...(features && { features: [...features] }) })
    await using image = await Image.open(ioctx, file)
    await using handle = image.fileHandle()
    const collect = async (chunks: AsyncIterable<Buffer>): Promise<Buffer[]> => {
      const all: Buffer[] = []
      for await (const chunk of chunks) all.push(chunk)
      return [Buffer.concat(all)]
    }
    /** Each reads `length` bytes at `position`, which is to be the image's end. */
    const forms: Record<string, (position: number, length: number) => Promise<Buffer[]>> = {
      read: async (position, length) => {
        const { bytesRead, buffer } = await image.read({ position, length })
        return [buffer.subarray(0, bytesRead)]
      },
      readv: async (position, length) => {
        const buffers = [Buffer.alloc(10), Buffer.alloc(length - 10)]
        const { bytesRead } = await image.readv(buffers, position)
        return [Buffer.concat(buffers).subarray(0, bytesRead)]
      },
      readExtents: async (position, length) => {
        const buffers = [Buffer.alloc(10), Buffer.alloc(length - 10)] as const
        const [first, second] = buffers.map((buffer, i) => ({ position: position + 10 * i, buffer }))
        const bytes = await image.readExtents([first, second] as never)
        return buffers.map((buffer, i) => buffer.subarray(0, bytes[i]))
      },
      createReadStream: (start) => collect(image.createReadStream({ start, chunkSize: 1000 })),
      readableWebStream: (start) => collect(image.readableWebStream({ start, concurrency: 1 })),
      'fileHandle.read': async (position, length) => {
        const { bytesRead, buffer } = await handle.read({ position, buffer: Buffer.alloc(length) })
        return [buffer.subarray(0, bytesRead)]
      },
    }
    let n = 0
    for (const [form, read] of Object.entries(forms)) {
      // A read that begins past the old end, one that begins at it, and one across it.
      for (const [from, length] of [
        [8192, 4096],
        [0, 12288],
        [-10, 12298],
      ] as const) {
        n++
        const end = await image.size()
        await using other = await Image.open(ioctx, file)
        await other.resize(end + 12288)
        await other.write(mark(n), { position: end + 8192 })
        await other.flush()
        const old = Buffer.alloc(from < 0 ? -from : 0, n - 1)
        const expected = Buffer.concat([old, Buffer.alloc(length - 4096 - old.length), mark(n)])
        const bytes = Buffer.concat(await read(end + from, length))
        t.ok(bytes.equals(expected), `${form} from ${from}: ${bytes.length} of ${length}`)
      }
    }
    const end = await image.size()
    await using other = await Image.open(ioctx, file)
    await other.resize(end + 512)
    const before = Buffer.alloc(512)
    t.match(await image.compareAndWrite(before, Buffer.alloc(512, 1), { position: end }), { written: true })
    await other.resize(end, { allowShrink: true })
    t.match(await image.read({ position: end - 10, length: 100 }), { bytesRead: 10 }, 'and a shorter one')
    t.match(await image.read({ position: end, length: 100 }), { bytesRead: 0 })
    await image.close()
    await other.close()
    await Image.remove(ioctx, file)
  }
})

t.test(
  'a stream ends where it met the end, without what was read ahead of it from a larger image',
  async (t) => {
    const { ioctx } = await openPool(t)
    await Image.create(ioctx, 'image', { size: 4 * mib, features: ['layering'] })
    await using image = await Image.open(ioctx, 'image')
    await image.write(mark(1), { position: 4 * mib - 4096 })
    const { read } = image
    let reads = 0
    image.read = async function (this: Image, options: { length: number; position: number }) {
      // The second read comes when the first has met the end, and the image has grown.
      if (reads++ === 1) await image.resize(8 * mib)
      return (read as (given: unknown) => unknown).call(this, options)
    } as never
    const chunks: Buffer[] = []
    const options = { start: 4 * mib - 4096, chunkSize: 8192, concurrency: 2 }
    for await (const chunk of image.createReadStream(options)) chunks.push(chunk)
    t.equal(reads, 2)
    t.ok(Buffer.concat(chunks).equals(mark(1)))
  },
)

t.test('a write that must ask a dead OSD does not block the event loop', async (t) => {
  await using local = await LocalCluster.start({ objectstore: 'bluestore' })
  await using cluster = await Cluster.connect({ confFile: local.confFile })
  await cluster.pools.create('pool')
  await using ioctx = await cluster.openIoCtx('pool')
  await poolInit(ioctx)
  await Image.create(ioctx, 'image', { size: 4 * mib, features: ['layering'] })
  await using image = await Image.open(ioctx, 'image')
  await using other = await Image.open(ioctx, 'image')
  await other.snapshots.create('changes-the-header')
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
