/** Compare-and-write, write-same and lists of extents. */

import { randomBytes } from 'node:crypto'
import { Cluster, Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

t.test('compare-and-write', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 16 * mib })
  await rbd('create', 'striped', '--size', '16M', '--stripe-unit', '65536', '--stripe-count', '4')
  for (const name of ['image', 'striped']) {
    await using image = await Image.open(ioctx, name)
    for (const position of [0, 512, 4 * mib, 4 * mib + 131_072, 12 * mib + 4096]) {
      const [before, after] = [randomBytes(512), randomBytes(512)]
      await image.write(before, { position })
      t.same(await image.compareAndWrite(before, after, { position }), { written: true })
      t.ok((await image.read({ position, length: 512 })).buffer.equals(after))
      for (const at of [0, 5, 511]) {
        const other = Buffer.from(after)
        other.writeUInt8(other.readUInt8(at) ^ 1, at)
        t.same(
          await image.compareAndWrite(other, before, { position: BigInt(position) }),
          { written: false, mismatch: at },
          `${name} at ${position}, byte ${at}`,
        )
      }
      t.ok((await image.read({ position, length: 512 })).buffer.equals(after), 'nothing was written')
    }
    await t.rejects(image.compareAndWrite(Buffer.alloc(8), Buffer.alloc(9), { position: 0 }), {
      code: 'ERR_INVALID_ARG_VALUE',
    })
    await t.rejects(image.compareAndWrite(Buffer.alloc(8), Buffer.alloc(8), { position: 4 * mib - 4 }), {
      code: 'EINVAL',
      syscall: 'rbd_aio_compare_and_write',
    })
    await t.rejects(image.compareAndWrite(Buffer.alloc(8), Buffer.alloc(8), { position: 16 * mib - 4 }), {
      code: 'ERR_OUT_OF_RANGE',
    })
  }
  await using image = await Image.open(ioctx, 'image')
  const counter = Buffer.alloc(512)
  await image.write(counter, { position: 8 * mib })
  const add = async (): Promise<void> => {
    for (;;) {
      const { buffer } = await image.read({ position: 8 * mib, length: 512 })
      const next = Buffer.from(buffer)
      next.writeUInt32LE(next.readUInt32LE() + 1)
      if ((await image.compareAndWrite(buffer, next, { position: 8 * mib })).written) return
    }
  }
  await Promise.all(Array.from({ length: 20 }, add))
  t.equal((await image.read({ position: 8 * mib, length: 512 })).buffer.readUInt32LE(), 20, 'nobody lost')
  const closing = await Image.open(ioctx, 'image')
  const refused = closing.compareAndWrite(Buffer.alloc(512, 0xff), counter, { position: 8 * mib })
  await closing.close()
  t.same(await refused, { written: false, mismatch: 0 }, 'close() waits for the whole answer')
})

t.test('write-same', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 16 * mib })
  await using image = await Image.open(ioctx, 'image')
  const pattern = randomBytes(512)
  await image.writeSame(pattern, { position: 3 * mib, length: 3 * mib })
  const { buffer } = await image.read({ position: 3 * mib - 512, length: 3 * mib + 1024 })
  t.ok(buffer.subarray(0, 512).equals(Buffer.alloc(512)))
  t.ok(buffer.subarray(-512).equals(Buffer.alloc(512)))
  for (let i = 512; i < buffer.length - 512; i += 512) {
    if (!buffer.subarray(i, i + 512).equals(pattern)) t.fail(`differs at ${i}`)
  }
  await t.rejects(image.writeSame(pattern, { position: 0, length: 513 }), {
    code: 'EINVAL',
    syscall: 'rbd_aio_writesame',
  })
  await t.rejects(image.writeSame(Buffer.alloc(0), { position: 0, length: 512 }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await t.rejects(image.writeSame(pattern, { position: 16 * mib, length: 512 }), { code: 'ERR_OUT_OF_RANGE' })
})

t.test('lists of extents', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 16 * mib })
  const image = await Image.open(ioctx, 'image')
  const extents = Array.from({ length: 300 }, (_, i) => ({
    position: (i * 7919 * 512) % (12 * mib),
    buffer: randomBytes(512),
  }))
  await image.writeExtents(extents)
  const back = extents.map(({ position }) => ({ position: BigInt(position), buffer: new Uint8Array(512) }))
  t.same(new Set(await image.readExtents(back)), new Set([512]))
  t.ok(back.every(({ buffer }, i) => extents[i]?.buffer.equals(buffer)))
  t.same(
    await image.readExtents([
      { position: 16 * mib - 100, buffer: Buffer.alloc(512) },
      { position: 16 * mib, buffer: Buffer.alloc(512) },
      { position: 0, buffer: Buffer.alloc(512) },
      { position: 2 ** 45, buffer: Buffer.alloc(1) },
    ]),
    [100, 0, 512, 0],
    'the end',
  )
  t.same(await image.readExtents([]), [])
  const untouched = Buffer.alloc(512, 1)
  await t.rejects(
    image.writeExtents([
      { position: 15 * mib, buffer: untouched },
      { position: 16 * mib - 511, buffer: untouched },
    ]),
    { code: 'ERR_OUT_OF_RANGE' },
  )
  t.ok((await image.read({ position: 15 * mib, length: 512 })).buffer.equals(Buffer.alloc(512)))
  await t.rejects(image.readExtents([{ position: -1, buffer: untouched }]), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(image.readExtents([{ position: 0, buffer: Buffer.alloc(0) }]), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await t.rejects(image.readExtents([{ position: 0 } as never]), { code: 'ERR_INVALID_ARG_TYPE' })
  // Nothing of it is touched: the pages are never there.
  const huge = { position: 0, buffer: new Uint8Array(2 ** 31) }
  await t.rejects(image.readExtents([huge]), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(image.writeExtents([huge]), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(image.readExtents('x' as never), { code: 'ERR_INVALID_ARG_TYPE' })
  const many = Array.from({ length: 2000 }, (_, i) => ({ position: i * 4096, buffer: Buffer.alloc(4096) }))
  const reading = image.readExtents(many)
  const atEnd = image.readExtents([{ position: 16 * mib, buffer: Buffer.alloc(8) }])
  await image.close()
  t.same(await atEnd, [0], 'and for the size')
  t.equal((await reading).length, 2000, 'close() waits')
  await t.rejects(image.readExtents(many), { code: 'EBADF' })

  await using readOnly = await Image.open(ioctx, 'image', { readOnly: true })
  await t.rejects(readOnly.writeExtents(extents), { code: 'EROFS', syscall: 'rbd_aio_write' })
})

t.test('zero-copy writes: the buffer is free when the promise settles', async (t) => {
  const { ioctx, test } = await openPool(t)
  await using cluster = await Cluster.connect({
    confFile: test.confFile,
    keyring: test.keyring,
    options: { rbd_cache: false, rbd_disable_zero_copy_writes: false },
  })
  await using zeroCopy = await cluster.openIoCtx(ioctx.pool)
  await Image.create(ioctx, 'image', { size: 64 * mib })
  await using image = await Image.open(zeroCopy, 'image')
  const data = randomBytes(4 * mib)
  const write = async (i: number): Promise<void> => {
    const buffer = Buffer.from(data)
    buffer.writeUInt32LE(i)
    await image.write(buffer, { position: i * 4 * mib })
    buffer.fill(0xff)
  }
  await Promise.all(Array.from({ length: 16 }, (_, i) => write(i)))
  for (let i = 0; i < 16; i++) {
    const { buffer } = await image.read({ position: i * 4 * mib, length: 4 * mib })
    data.writeUInt32LE(i)
    t.ok(buffer.equals(data), `object ${i}`)
  }
})
