/** Advice with reads and writes, checksums given with writes, and vectored compare-and-write. */

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Image, type IoFlag } from 'rbdkit'
import t from 'tap'
import { cephHas } from '../../helpers/releases.js'
import { mib, openPool } from '../copy/fixture.js'

const every: readonly IoFlag[] = [
  'fadvise-random',
  'fadvise-sequential',
  'fadvise-willneed',
  'fadvise-dontneed',
  'fadvise-nocache',
  'fadvise-fua',
]

t.test('with every flag the bytes are what they are', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib })
  await using image = await Image.open(ioctx, 'image')
  const calls: string[] = []
  for (const [i, flag] of every.entries()) {
    const bytes = randomBytes(8192)
    const position = i * 65_536
    await image.write(bytes, { position, flags: [flag] })
    const { buffer } = await image.read({ position, length: 8192, flags: [flag] })
    t.ok(buffer.equals(bytes), flag)
    const into = Buffer.alloc(9000)
    await image.read(into, { position, offset: 100, length: 8192, flags: ['fadvise-sequential', flag] })
    t.ok(into.subarray(100, 8292).equals(bytes))
    calls.push(flag)
  }
  await image.write(Buffer.from('plain'), { position: 3 * mib, flags: [] })
  t.equal((await image.read({ position: 3 * mib, length: 5, flags: [] })).buffer.toString(), 'plain')
  t.equal((await image.read({ position: 4 * mib, length: 5, flags: ['fadvise-random'] })).bytesRead, 0)
  await t.rejects(image.write(Buffer.alloc(9), { position: 4 * mib - 8, flags: ['fadvise-fua'] }), {
    code: 'ERR_OUT_OF_RANGE',
  })
  for (const flags of [['sequential'], 'fadvise-random', [1]] as unknown as IoFlag[][]) {
    await t.rejects(image.read({ position: 0, length: 1, flags }), {
      code: /ERR_INVALID_ARG_(VALUE|TYPE)/,
    })
  }
})

t.test('the other writes take them, too', async (t) => {
  const { cluster, ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib, features: ['layering'] })
  await using image = await Image.open(ioctx, 'image')
  for (const flag of every) {
    const [before, after] = [randomBytes(512), randomBytes(512)]
    await image.writeSame(before, { position: 0, length: 65_536, flags: [flag] })
    t.ok((await image.read({ position: 65_024, length: 512 })).buffer.equals(before), flag)
    t.same(await image.compareAndWrite(before, after, { position: 512, flags: [flag] }), { written: true })
    t.same(await image.compareAndWritev([after], [before], { position: 512, flags: [flag] }), {
      written: true,
    })
    t.ok((await image.read({ position: 512, length: 512 })).buffer.equals(before))
    await image.writeZeroes(1000, 2000, { flags: [flag] })
    await image.writeZeroes(8192, 4096, { flags: [flag], thick: true })
    const { buffer } = await image.read({ position: 0, length: 16_384 })
    t.ok(buffer.subarray(1000, 3000).equals(Buffer.alloc(2000)))
    t.ok(buffer.subarray(8192, 12_288).equals(Buffer.alloc(4096)))
    t.ok(buffer.subarray(12_288, 12_800).equals(before))
  }
  const wrong = { code: 'ERR_INVALID_ARG_VALUE' }
  const flags = ['sequential'] as unknown as IoFlag[]
  await t.rejects(image.writeSame(randomBytes(512), { position: 0, length: 512, flags }), wrong)
  await t.rejects(image.compareAndWrite(Buffer.alloc(1), Buffer.alloc(1), { position: 0, flags }), wrong)
  await t.rejects(image.compareAndWritev([Buffer.alloc(1)], [Buffer.alloc(1)], { position: 0, flags }), wrong)
  await t.rejects(image.writeZeroes(0, 512, { flags }), wrong)

  // An OSD tells what it was asked, of the longest operations as many as it keeps: the flags arrive there.
  const keep = (count: number) =>
    cluster.osdCommand(0, { prefix: 'config set', var: 'osd_op_history_size', val: [String(count)] })
  await keep(100_000)
  t.teardown(() => keep(20))
  const { blockNamePrefix } = await image.info()
  const zeros = Buffer.alloc(512)
  await image.compareAndWrite(zeros, zeros, { position: mib, flags: ['fadvise-dontneed'] })
  await image.writeZeroes(2 * mib, 512, { thick: true, flags: ['fadvise-nocache'] })
  await image.flush()
  const asked = async (what: string): Promise<string | undefined> => {
    const { ops } = await cluster.osdCommand<{ ops: { description: string }[] }>(0, {
      prefix: 'dump_historic_ops',
    })
    return ops
      .map(({ description }) => description)
      .find((one) => one.includes(blockNamePrefix) && one.includes(what))
  }
  // It takes them down some time later.
  for (const [what, flag] of [
    [`write ${mib}~512`, 'fadvise_dontneed'],
    [`write ${2 * mib}~512`, 'fadvise_nocache'],
  ] as const) {
    let found: string | undefined
    for (let i = 0; i < 100 && found === undefined; i++) {
      found = await asked(what)
      await sleep(100)
    }
    t.match(found, new RegExp(`write \\d+~512 \\[${flag}\\]`))
  }
})

/** CRC-32C, bit by bit. */
function crc32c(bytes: Uint8Array, crc = 0xffff_ffff): number {
  for (const byte of bytes) {
    crc ^= byte
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0)
  }
  return crc >>> 0
}

t.test('a write whose checksum is known', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib, objectSize: 65_536 })
  await using image = await Image.open(ioctx, 'image')
  const bytes = randomBytes(4096)
  const write = image.write(bytes, { position: 0, crc32c: crc32c(bytes) })
  if (cephHas('20.2.2')) {
    await write
    t.ok((await image.read({ position: 0, length: 4096 })).buffer.equals(bytes))
    const wrong = image.write(randomBytes(4096), { position: 0, crc32c: crc32c(bytes) })
    await t.rejects(wrong, { code: 'EBADMSG', image: 'image', message: /not those of the checksum given/ })
    t.ok((await image.read({ position: 0, length: 4096 })).buffer.equals(bytes), 'nothing was written')
    // Across objects, and where it is not aligned.
    const more = randomBytes(10_000)
    await image.write(more, { position: 65_536 - 77, crc32c: crc32c(more) })
    await image.flush()
    await using reader = await Image.open(ioctx, 'image', { readOnly: true })
    t.ok((await reader.read({ position: 65_536 - 77, length: 10_000 })).buffer.equals(more))
  } else {
    await t.rejects(write, {
      code: 'ENOSYS',
      syscall: 'rbd_aio_write_with_crc32c',
      message: /this host's library is older than Ceph 20\.2\.2 \(tentacle\)$/,
    })
    t.same([...new Set((await image.read({ position: 0, length: 4096 })).buffer)], [0], 'nothing was written')
  }
  await t.rejects(image.write(bytes, { position: 0, crc32c: -1 }), { code: 'ERR_OUT_OF_RANGE' })
})

t.test('compare-and-write of several buffers', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib })
  await using image = await Image.open(ioctx, 'image')
  const [before, after] = [randomBytes(512), randomBytes(512)]
  await image.write(before, { position: mib })
  const parts = (bytes: Buffer, at: number) => [bytes.subarray(0, at), bytes.subarray(at)]
  t.same(await image.compareAndWritev(parts(before, 100), parts(after, 300), { position: mib }), {
    written: true,
  })
  t.ok((await image.read({ position: mib, length: 512 })).buffer.equals(after))
  const other = Buffer.from(after)
  other.writeUInt8(other.readUInt8(400) ^ 1, 400)
  t.same(await image.compareAndWritev(parts(other, 7), parts(before, 7), { position: mib }), {
    written: false,
    mismatch: 400,
  })
  t.ok((await image.read({ position: mib, length: 512 })).buffer.equals(after))
  // Neither place begins an object, nor a stripe unit.
  await image.write(before, { position: 5 * 512 })
  for (const call of [
    () => image.compareAndWritev(parts(other, 7), parts(before, 7), { position: mib + 9 * 512 }),
    () => image.compareAndWrite(other, before, { position: mib + 9 * 512 }),
  ]) {
    await image.write(after, { position: mib + 9 * 512 })
    t.same(await call(), { written: false, mismatch: 400 })
  }
  t.same(await image.compareAndWritev(parts(before, 200), parts(after, 9), { position: 5 * 512 }), {
    written: true,
  })
  t.ok((await image.read({ position: 5 * 512, length: 512 })).buffer.equals(after))
  await t.rejects(image.compareAndWritev([before], [after, after], { position: 0 }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await t.rejects(image.compareAndWritev([], [after], { position: 0 }), { code: 'ERR_INVALID_ARG_VALUE' })
})
