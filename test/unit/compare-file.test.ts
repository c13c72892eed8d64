import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { type CompareProgress, compare, copy, type DiskSource } from 'rbdkit'
import t from 'tap'

const mib = 1024 * 1024
const grain = 4096

/** What `cmp` says of two files: the offsets of the bytes that differ, up to the shorter one's end. */
function cmp(a: string, b: string): { status: number; offsets: number[] } {
  const { status, stdout } = spawnSync('cmp', ['-l', a, b], { encoding: 'utf8', maxBuffer: 1 << 28 })
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { status: status as number, offsets: lines.map((line) => Number.parseInt(line, 10) - 1) }
}

/** Those offsets as extents of whole grains, cut at `end`. */
function toExtents(offsets: readonly number[], end: number): { offset: number; length: number }[] {
  const extents: { offset: number; length: number }[] = []
  for (const start of new Set(offsets.map((offset) => offset - (offset % grain)))) {
    const length = Math.min(grain, end - start)
    const last = extents.at(-1)
    if (last && last.offset + last.length === start) last.length += length
    else extents.push({ offset: start, length })
  }
  return extents
}

interface Write {
  offset: number
  length: number
  byte: number
}

function makeFile(path: string, size: number, writes: readonly Write[]): void {
  const fd = openSync(path, 'w')
  for (const { offset, length, byte } of writes) writeSync(fd, Buffer.alloc(length, byte), 0, length, offset)
  ftruncateSync(fd, size)
  closeSync(fd)
}

const anySize = fc.oneof(
  fc.integer({ min: 0, max: 12 * mib }),
  fc.constantFrom(0, 1, grain - 1, grain, 4 * mib - 1, 4 * mib, 4 * mib + 1, 8 * mib),
)
const anyWrite = fc.record({
  offset: fc.integer({ min: 0, max: 12 * mib }),
  length: fc.oneof(fc.integer({ min: 1, max: 3 * grain }), fc.integer({ min: 1, max: 300_000 })),
  byte: fc.constantFrom(0, 0, 1, 255), // zeros that are written count as zeros
})
const anyWrites = fc.array(anyWrite, { maxLength: 8 })

t.test('random sparse pairs: what cmp says', async (t) => {
  const directory = t.testdir()
  const a = join(directory, 'a')
  const b = join(directory, 'b')
  const property = fc.asyncProperty(
    fc.tuple(anySize, anySize, fc.boolean()),
    anyWrites,
    anyWrites,
    async ([sizeA, sizeB, same], writes, more) => {
      makeFile(a, sizeA, writes)
      makeFile(b, same ? sizeA : sizeB, [...writes, ...more])
      const result = await compare({ file: a }, { file: b }, { maxMemory: 16 * mib })
      const expected = cmp(a, b)
      t.equal(result.equal, expected.status === 0)
      const common = Math.min(result.a.bytes, result.b.bytes)
      const extents = toExtents(expected.offsets, common)
      t.same(result.extents, extents)
      t.equal(result.extentCount, extents.length)
      t.equal(
        result.bytesDiffering,
        extents.reduce((sum, extent) => sum + extent.length, 0),
      )
      t.equal(result.rest !== undefined, result.a.bytes !== result.b.bytes)
      if (result.equal) t.equal(result.a.digest, result.b.digest)
    },
  )
  await fc.assert(property, { numRuns: 40 })
})

t.test('what the longer one has after the end of the shorter one', async (t) => {
  const directory = t.testdir()
  const [short, zeros, data] = ['short', 'zeros', 'data'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  const write = { offset: 100, length: 5000, byte: 7 }
  makeFile(short, 5 * mib + 11, [write])
  makeFile(zeros, 9 * mib, [write, { offset: 6 * mib, length: 1000, byte: 0 }])
  makeFile(data, 9 * mib, [write, { offset: 9 * mib - 1, length: 1, byte: 1 }])
  const rest = { offset: 5 * mib + 11, length: 4 * mib - 11 }
  const none = { equal: false, extents: [], extentCount: 0, bytesDiffering: 0 }
  t.match(await compare({ file: short }, { file: zeros }), {
    ...none,
    rest: { ...rest, of: 'b', zero: true },
  })
  t.match(await compare({ file: data }, { file: short }), {
    ...none,
    rest: { ...rest, of: 'a', zero: false },
  })
})

t.test('the list is bounded, the totals are exact', async (t) => {
  const directory = t.testdir()
  const [a, b] = [join(directory, 'a'), join(directory, 'b')]
  makeFile(a, 40 * mib, [])
  makeFile(
    b,
    40 * mib,
    Array.from({ length: 3000 }, (_, i) => ({ offset: i * 3 * grain, length: 1, byte: 1 })),
  )
  const result = await compare({ file: a }, { file: b })
  t.equal(result.extents.length, 1000)
  t.equal(result.extentCount, 3000)
  t.equal(result.bytesDiffering, 3000 * grain)
  t.equal(result.a.bytesRead, 0, 'holes are not read')
  const short = await compare({ file: a }, { file: b }, { maxExtents: 0 })
  t.same([short.extents, short.extentCount, short.equal], [[], 3000, false])
})

t.test('a TiB of holes takes no time, and the digest is that of a copy', async (t) => {
  const directory = t.testdir()
  const [a, b] = [join(directory, 'a'), join(directory, 'b')]
  makeFile(a, 1024 * 1024 * mib, [{ offset: 5000 * mib + 3, length: 10_000, byte: 9 }])
  const copied = await copy({ file: a }, { file: b })
  const seen: CompareProgress[] = []
  const result = await compare({ file: a }, { file: b }, { onProgress: (progress) => seen.push(progress) })
  t.ok(result.equal)
  t.equal(result.a.digest, copied.digest)
  t.equal(result.b.digest, copied.digest)
  t.match(seen.at(-1), { phase: 'done', bytesDone: 1024 * 1024 * mib, bytesTotal: 1024 * 1024 * mib })
})

t.test('bad arguments, sources that are missing or change, an abort', async (t) => {
  const directory = t.testdir()
  const [a, b] = [join(directory, 'a'), join(directory, 'b')]
  makeFile(a, 64 * mib, [{ offset: 0, length: 64 * mib, byte: 1 }])
  makeFile(b, 64 * mib, [{ offset: 0, length: 64 * mib, byte: 1 }])
  const [from, to] = [{ file: a }, { file: b }]
  const bad: [DiskSource, DiskSource, object, string][] = [
    [from, 5 as never, {}, 'ERR_INVALID_ARG_TYPE'],
    [{ file: '' }, to, {}, 'ERR_INVALID_ARG_VALUE'],
    [from, { file: b, format: 'vmdx' } as never, {}, 'ERR_INVALID_ARG_VALUE'],
    [from, { file: b, format: 'vmdk' }, {}, 'ERR_RBDKIT_FORMAT'],
    [from, { image: 'x' } as never, {}, 'ERR_INVALID_ARG_TYPE'],
    [from, to, { maxExtents: -1 }, 'ERR_OUT_OF_RANGE'],
    [from, to, { maxExtents: 1e9 }, 'ERR_OUT_OF_RANGE'],
    [from, to, { maxMemory: 1 }, 'ERR_OUT_OF_RANGE'],
  ]
  for (const [x, y, options, code] of bad) await t.rejects(Promise.resolve(compare(x, y, options)), { code })

  const missing = { file: join(directory, 'none') }
  await t.rejects(Promise.resolve(compare(missing, to)), { code: 'ENOENT', path: missing.file })
  await t.rejects(Promise.resolve(compare(from, missing)), { code: 'ENOENT', path: missing.file })
  await t.rejects(Promise.resolve(compare(from, { file: directory })), { code: 'EISDIR', path: directory })

  const reason = new Error('enough')
  await t.rejects(Promise.resolve(compare(from, to, { signal: AbortSignal.abort(reason) })), reason)
  const controller = new AbortController()
  const job = compare(from, to, { signal: controller.signal, onProgress: () => controller.abort(reason) })
  await t.rejects(Promise.resolve(job), reason)

  const changing = compare(from, to, { onProgress: () => truncateSync(b, 10 * mib) })
  await t.rejects(Promise.resolve(changing), {
    code: 'ERR_SOURCE_CHANGED',
    message: new RegExp(`while it was read: '${b}'`),
  })
  writeFileSync(b, 'QFI\xfb', 'latin1')
  await t.rejects(Promise.resolve(compare(from, to)), { code: 'ERR_RBDKIT_FORMAT', message: new RegExp(b) })
})
