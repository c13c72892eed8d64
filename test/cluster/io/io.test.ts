import { randomBytes } from 'node:crypto'
import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

t.test('read and write in every form', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 8 * mib })
  await using image = await Image.open(ioctx, 'image')
  const data = randomBytes(10_000)
  t.same(await image.write(data, { position: 1000 }), { bytesWritten: 10_000, buffer: data })
  t.same(await image.write(data, 100, 50, 20_000n), { bytesWritten: 50, buffer: data })
  const back = await image.read({ position: 1000, length: 10_000 })
  t.equal(back.bytesRead, 10_000)
  t.ok(back.buffer.equals(data))
  const room = Buffer.alloc(100, 0xff)
  t.equal((await image.read({ buffer: room, offset: 10, length: 50, position: 20_000 })).buffer, room)
  t.ok(room.subarray(10, 60).equals(data.subarray(100, 150)))
  t.ok(room.subarray(60).equals(Buffer.alloc(40, 0xff)), 'nothing beyond the length')
  t.equal((await image.read(room, 0, 20, 20_000n)).bytesRead, 20)
  t.equal((await image.read(room, { length: 20, position: 1000 })).bytesRead, 20)
  t.ok(room.subarray(0, 20).equals(data.subarray(0, 20)))

  const parts = [
    data.subarray(0, 1),
    new Uint8Array(data.subarray(1, 5000)),
    Buffer.alloc(0),
    data.subarray(5000),
  ]
  t.match(await image.writev(parts, 4 * mib - 3000), { bytesWritten: 10_000 })
  const into = [
    new Uint8Array(3000),
    new DataView(new ArrayBuffer(10)),
    new Float64Array(10),
    Buffer.alloc(6910),
  ]
  const vector = await image.readv<ArrayBufferView>(into, 4 * mib - 3000)
  t.equal(vector.bytesRead, 10_000)
  t.equal(vector.buffers, into)
  const bytes = into.map((view) => Buffer.from(view.buffer, view.byteOffset, view.byteLength))
  t.ok(Buffer.concat(bytes).equals(data), 'over an object boundary, into all kinds of views')
  const shared = new Uint8Array(new SharedArrayBuffer(512)).fill(9)
  await image.write(shared, { position: 0 })
  t.ok(
    (await image.read({ buffer: new Uint16Array(256), position: 0 })).buffer.every((word) => word === 0x0909),
  )
  await image.flush()
})

t.test("buffers are the caller's again once the promise is settled", async (t) => {
  const { ioctx, cluster } = await openPool(t)
  for (const cache of ['true', 'false']) {
    const name = `cache-${cache}`
    await Image.create(ioctx, name, { size: 8 * mib })
    const first = await Image.open(ioctx, name)
    await first.metadata.set('conf_rbd_cache', cache)
    await first.metadata.set('conf_rbd_cache_policy', 'writeback')
    await first.close()
    const image = await Image.open(ioctx, name)
    const buffer = Buffer.alloc(64 * 1024)
    for (let i = 0; i < 32; i++) {
      buffer.fill(i + 1)
      if (i % 2 === 0) await image.write(buffer, { position: i * buffer.length })
      else await image.writev([buffer.subarray(0, 100), buffer.subarray(100)], i * buffer.length)
      buffer.fill(0xee)
    }
    await image.flush()
    await image.close()
    const again = await Image.open(ioctx, name)
    for (let i = 0; i < 32; i++) {
      const { buffer: got } = await again.read({ position: i * buffer.length, length: buffer.length })
      if (!got.equals(Buffer.alloc(buffer.length, i + 1))) t.fail(`block ${i}, cache ${cache}`)
    }
    await again.close()
  }
  t.notOk(cluster.closed)
})

t.test('discard and writeZeroes', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 16 * mib })
  await using image = await Image.open(ioctx, 'image')
  const used = async () => {
    await image.flush()
    const { images } = JSON.parse(await rbd('du', '--format', 'json', 'image')) as {
      images: { used_size: number }[]
    }
    return images[0]?.used_size
  }
  await image.write(Buffer.alloc(16 * mib, 1), { position: 0 })
  await image.discard(0, 4 * mib)
  await image.discard(4n * BigInt(mib), 4n * BigInt(mib))
  t.equal(await used(), 8 * mib, 'objects are given back')
  await image.writeZeroes(8 * mib + 1000, 5000)
  const { buffer } = await image.read({ position: 8 * mib, length: 8000 })
  const expected = Buffer.alloc(8000, 1).fill(0, 1000, 6000)
  t.ok(buffer.equals(expected), 'exactly the range')
  await image.writeZeroes(12 * mib, 4 * mib)
  t.equal(await used(), 4 * mib)
  await image.writeZeroes(0, 4 * mib, { thick: true })
  t.equal(await used(), 8 * mib, 'thick zeros take space')
  t.ok((await image.read({ position: 0, length: 4 * mib })).buffer.equals(Buffer.alloc(4 * mib)))
})

t.test("the image's end", async (t) => {
  const { ioctx } = await openPool(t)
  const size = mib + 100
  await Image.create(ioctx, 'image', { size })
  await using image = await Image.open(ioctx, 'image')
  await image.write(Buffer.alloc(100, 7), { position: mib })
  const over = await image.read({ position: mib, length: 500 })
  t.equal(over.bytesRead, 100)
  t.ok(over.buffer.subarray(0, 100).equals(Buffer.alloc(100, 7)))
  t.equal((await image.readv([Buffer.alloc(60), Buffer.alloc(60)], mib)).bytesRead, 100)
  for (const position of [size, size + 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    t.equal((await image.read({ position, length: 10 })).bytesRead, 0, `at ${position}`)
    t.equal((await image.readv([Buffer.alloc(10)], position)).bytesRead, 0)
  }
  const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }
  for (const position of [size - 9, size, 2 ** 40]) {
    await t.rejects(image.write(Buffer.alloc(10), { position }), range)
    await t.rejects(image.writev([Buffer.alloc(10)], position), range)
    await t.rejects(image.discard(position, 10), range)
    await t.rejects(image.writeZeroes(position, 10), range)
  }
  t.ok((await image.read({ position: mib, length: 100 })).buffer.equals(Buffer.alloc(100, 7)), 'unharmed')
})

t.test('operations of no bytes', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  for (const position of [0, 5, mib, 2 * mib]) {
    t.equal((await image.read({ position, length: 0 })).bytesRead, 0)
    t.equal((await image.read({ position, buffer: Buffer.alloc(0) })).bytesRead, 0)
    t.equal((await image.write(Buffer.alloc(0), { position })).bytesWritten, 0)
    t.equal((await image.readv([Buffer.alloc(0), new Uint8Array(0)], position)).bytesRead, 0)
    t.equal((await image.writev([Buffer.alloc(0)], position)).bytesWritten, 0)
    await image.discard(position, 0)
    await image.writeZeroes(position, 0)
  }
  t.same(await image.locks.owners(), [], 'librbd was not asked')
})

t.test('beyond 4 GiB, and much at once', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 2 ** 44 })
  await using image = await Image.open(ioctx, 'image')
  const places = [2 ** 31 - 5, 2 ** 32 - 5, 2 ** 32, 2 ** 33 + 12_345, 2 ** 40, 2 ** 44 - 10]
  for (const [i, position] of places.entries()) await image.write(Buffer.alloc(10, i + 1), { position })
  // The second one overlaps the third.
  const expected = places.map((_, i) => (i === 1 ? [2, 2, 2, 2, 2, 3, 3, 3, 3, 3] : Array(10).fill(i + 1)))
  for (const [i, position] of places.entries()) {
    t.same(
      [...(await image.read({ position: BigInt(position), length: 10 })).buffer],
      expected[i],
      `at ${position}`,
    )
  }
  const blocks = Array.from({ length: 3000 }, (_, i) => Buffer.alloc(512, i % 251))
  await Promise.all(blocks.map((block, i) => image.write(block, { position: i * 512 })))
  const read = await Promise.all(
    blocks.map((block, i) => image.read({ length: block.length, position: i * 512 })),
  )
  t.ok(read.every(({ buffer }, i) => buffer.equals(blocks[i] ?? Buffer.alloc(0))))
})
