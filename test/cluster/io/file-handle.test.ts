import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { Image, type ImageFileHandle, type IoCtx } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

async function openImage(ioctx: IoCtx, name: string, size: number): Promise<Image> {
  await Image.create(ioctx, name, { size, objectSize: 65_536 })
  return Image.open(ioctx, name)
}

/** What an operation may be called on: the image's view, or a real file's handle. */
type Handle = Pick<
  FileHandle,
  'read' | 'write' | 'readv' | 'writev' | 'readFile' | 'writeFile' | 'truncate' | 'stat' | 'sync'
>

/** An operation, and what the position and the size were before it: a write must not make the file grow. */
interface Step {
  label: string
  run(handle: Handle, at: { position: number; size: number }): Promise<unknown>
}

const maxSize = 300_000
const place = fc.option(fc.integer({ min: 0, max: maxSize }), { nil: null })
const count = fc.integer({ min: 0, max: 100_000 })

function room(position: number | null, bytes: number, at: { position: number; size: number }): number {
  return Math.max(0, Math.min(bytes, at.size - (position ?? at.position)))
}

const steps: fc.Arbitrary<Step>[] = [
  fc.record({ place, count, form: fc.integer({ min: 0, max: 2 }) }).map(({ place, count, form }) => ({
    label: `read ${form} ${count} at ${place}`,
    async run(handle) {
      const buffer = Buffer.alloc(count + 10)
      const part = { offset: 5, length: count, position: place }
      if (form === 0) return handle.read(buffer, 5, count, place)
      return form === 1 ? handle.read(buffer, part) : handle.read({ buffer, ...part })
    },
  })),
  fc.record({ place, count, seed: fc.nat(255) }).map(({ place, count, seed }) => ({
    label: `write ${count} of ${seed} at ${place}`,
    async run(handle, at) {
      const length = room(place, count, at)
      return length === 0 ? 0 : handle.write(Buffer.alloc(length + 7, seed), 7, length, place)
    },
  })),
  fc.record({ place, text: fc.string({ unit: 'binary', maxLength: 2000 }) }).map(({ place, text }) => ({
    label: `write a text of ${text.length} at ${place}`,
    async run(handle, at) {
      const fits = room(place, Buffer.byteLength(text), at) === Buffer.byteLength(text)
      return fits ? handle.write(text, place) : 0
    },
  })),
  fc.record({ place, count }).map(({ place, count }) => ({
    label: `readv ${count} at ${place}`,
    async run(handle) {
      return handle.readv([new Uint8Array(count), new Uint8Array(9)], place ?? undefined)
    },
  })),
  fc.record({ place, count, seed: fc.nat(255) }).map(({ place, count, seed }) => ({
    label: `writev ${count} of ${seed} at ${place}`,
    async run(handle, at) {
      const buffer = new Uint8Array(room(place, count, at)).fill(seed)
      if (buffer.length === 0) return 0
      return handle.writev([buffer.subarray(0, 3), buffer.subarray(3)], place ?? undefined)
    },
  })),
  fc.integer({ min: 1, max: maxSize }).map((size) => ({
    label: `truncate to ${size}`,
    run: async (handle) => handle.truncate(size),
  })),
  fc.constant({
    label: 'readFile',
    run: async (handle: Handle) => handle.readFile(),
  }),
  fc.nat(200).map((length) => ({
    label: `writeFile ${length}`,
    async run(handle, at) {
      if (room(null, length, at) === length) await handle.writeFile('x'.repeat(length), 'latin1')
    },
  })),
  fc.constant({
    label: 'stat',
    async run(handle: Handle) {
      const stat: Stats = await handle.stat()
      return [stat.size, stat.isFile(), stat.isDirectory(), (await handle.stat({ bigint: true })).size]
    },
  }),
]

/** The kernel's position of a file. */
async function positionOf(file: FileHandle): Promise<number> {
  const info = await readFile(`/proc/self/fdinfo/${file.fd}`, 'latin1')
  return Number(/^pos:\s+(\d+)/.exec(info)?.[1])
}

/** Node's results have no prototype. */
function plain(result: unknown): unknown {
  const record = typeof result === 'object' && !ArrayBuffer.isView(result) && !Array.isArray(result)
  return record ? { ...result } : result
}

t.test('random operations do what they do to a file', async (t) => {
  const { ioctx } = await openPool(t)
  const path = join(t.testdir(), 'file')
  const given = Number(process.env.RBDKIT_TEST_SEED)
  const seed = Number.isInteger(given) && given !== 0 ? given : Date.now() % 2 ** 31
  t.comment(`RBDKIT_TEST_SEED=${seed}`)
  let runs = 0
  const list = fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 60, size: 'max' })
  const property = fc.asyncProperty(list, async (operations) => {
    const image = await openImage(ioctx, `model-${runs++}`, mib / 8)
    const file = await open(path, 'w+')
    try {
      const view = image.fileHandle()
      await file.truncate(mib / 8)
      for (const { label, run } of operations) {
        const at = { position: await positionOf(file), size: await image.size() }
        const expected = await run(file, at)
        assert.deepStrictEqual(plain(await run(view, at)), plain(expected), label)
      }
      const { buffer } = await view.read(Buffer.alloc(maxSize), 0, maxSize, 0)
      assert.ok(buffer.equals((await file.read(Buffer.alloc(maxSize), 0, maxSize, 0)).buffer))
      await view.close()
    } finally {
      await file.close()
      await image.close()
    }
  })
  await fc.assert(property, { seed, numRuns: 12, interruptAfterTimeLimit: 20_000, endOnFailure: true })
  t.ok(runs > 1)
})

t.test('what may be left out', async (t) => {
  const { ioctx } = await openPool(t)
  await using image = await openImage(ioctx, 'image', 20_000)
  const data = randomBytes(20_000)
  await using handle = image.fileHandle()
  t.same(await handle.write(data), { bytesWritten: 20_000, buffer: data })
  t.equal((await handle.read(Buffer.alloc(1))).bytesRead, 0, 'at the end')
  const [first, second] = await Promise.all([
    image.fileHandle().read(),
    image.fileHandle().read(new Uint32Array(3), { position: null }),
  ])
  t.equal(first.bytesRead, 16_384, 'each view has a position of its own')
  t.ok(first.buffer.equals(data.subarray(0, 16_384)))
  t.equal(second.bytesRead, 12)

  const turns = image.fileHandle()
  const parts = await Promise.all(Array.from({ length: 21 }, () => turns.read(Buffer.alloc(1000))))
  t.same(
    parts.map(({ bytesRead }) => bytesRead),
    [...Array(20).fill(1000), 0],
  )
  t.ok(
    Buffer.concat(parts.map(({ buffer }) => buffer))
      .subarray(0, 20_000)
      .equals(data),
    'they take turns',
  )

  const text = image.fileHandle()
  t.same(await text.write('h\u00e9', null, 'latin1'), { bytesWritten: 2, buffer: 'h\u00e9' })
  await text.writeFile(' and more', { encoding: 'utf8' })
  t.equal((await image.fileHandle().readFile('latin1')).slice(0, 11), 'h\u00e9 and more')
  await handle.sync()
  await handle.datasync()

  const stat = await handle.stat()
  const info = await image.info()
  t.match(stat, { size: 20_000, blksize: 65_536, mtime: info.modified, birthtimeMs: Number(info.created) })
  t.equal(stat.mode & 0o777, 0o600)
  t.equal((await handle.stat({ bigint: true })).birthtimeNs, BigInt(Number(info.created)) * 1_000_000n)
  await handle.truncate()
  t.equal(await image.size(), 0)
})

t.test('what is refused leaves position and image as they were', async (t) => {
  const { ioctx } = await openPool(t)
  await using image = await openImage(ioctx, 'image', 1000)
  await image.write(Buffer.alloc(1000, 7), { position: 0 })
  const handle = image.fileHandle()
  await handle.read(Buffer.alloc(900))
  await t.rejects(handle.write(Buffer.alloc(101)), { code: 'ERR_OUT_OF_RANGE' }, "past the image's end")
  await t.rejects(handle.writev([Buffer.alloc(101)]), { code: 'ERR_OUT_OF_RANGE' })
  await t.rejects(handle.write('x'.repeat(101)), { code: 'ERR_OUT_OF_RANGE' })
  const bad: [Promise<unknown>, string][] = [
    [handle.read(Buffer.alloc(4), 0, 5), 'ERR_OUT_OF_RANGE'],
    [handle.read(Buffer.alloc(4), 5), 'ERR_OUT_OF_RANGE'],
    [handle.read(Buffer.alloc(4), 0, 4, -2), 'ERR_OUT_OF_RANGE'],
    [handle.read(Buffer.alloc(4), 0, 4, 0.5), 'ERR_OUT_OF_RANGE'],
    [handle.read(5 as never), 'ERR_INVALID_ARG_TYPE'],
    [handle.read({ buffer: 'text' as never }), 'ERR_INVALID_ARG_TYPE'],
    [handle.read(Buffer.alloc(4), { position: '0' as never }), 'ERR_INVALID_ARG_TYPE'],
    [handle.write(5 as never), 'ERR_INVALID_ARG_TYPE'],
    [handle.write(undefined as never), 'ERR_INVALID_ARG_TYPE'],
    [handle.write('text', 0, 'utf9' as never), 'ERR_UNKNOWN_ENCODING'],
    [handle.writeFile({} as never), 'ERR_INVALID_ARG_TYPE'],
    [handle.truncate(-1), 'ERR_OUT_OF_RANGE'],
    [handle.stat({ bigint: 1 as never }), 'ERR_INVALID_ARG_TYPE'],
    [handle.readFile({ signal: AbortSignal.abort() }), 'ABORT_ERR'],
  ]
  for (const [call, code] of bad) await t.rejects(call, { code })
  t.throws(() => handle.createReadStream({ start: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => handle.createReadStream({ signal: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' })
  t.equal((await handle.readFile()).length, 100)
  t.ok((await image.read({ position: 0, length: 1000 })).buffer.equals(Buffer.alloc(1000, 7)))

  const reader = await Image.open(ioctx, 'image', { readOnly: true })
  const view = reader.fileHandle()
  t.equal((await view.stat()).mode & 0o777, 0o400)
  await t.rejects(view.write(Buffer.alloc(1)), { code: 'EROFS' })
  await t.rejects(view.truncate(1), { code: 'EROFS' })
  await reader.close()
  await t.rejects(view.read(), { code: 'EBADF', image: 'image' }, 'the image under it is closed')
})

t.test('streams', async (t) => {
  const { ioctx } = await openPool(t)
  await using image = await openImage(ioctx, 'image', 300_000)
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`)
  const out = image.fileHandle()
  await pipeline(lines, out.createWriteStream())
  await t.rejects(out.read(), { code: 'EBADF' }, 'the stream closed its handle')

  const handle = image.fileHandle()
  const end = lines.join('').length - 1
  const input = handle.createReadStream({ end, encoding: 'utf8', highWaterMark: 5000, autoClose: false })
  let count = 0
  for await (const line of createInterface({ input })) assert.equal(line, `line ${count++}`)
  t.equal(count, lines.length)
  await handle.read(Buffer.alloc(5))
  const rest = Buffer.from(await new Response(handle.readableWebStream() as never).arrayBuffer())
  t.equal(rest.length, 300_000 - 5, 'from the current position')
  t.equal(rest.toString('latin1', 0, 8), '0\nline 1')
  const ended = new AbortController()
  const stream = handle.createReadStream({ signal: ended.signal })
  ended.abort()
  await t.rejects(finished(stream), { code: 'ABORT_ERR' })
})

t.test('close() waits for operations, ends streams, and leaves the image open', async (t) => {
  const { ioctx } = await openPool(t)
  await using image = await openImage(ioctx, 'image', 4 * mib)
  const handle: ImageFileHandle = image.fileHandle()
  let over = 0
  const running = Array.from({ length: 20 }, () => handle.write(Buffer.alloc(65_536, 1)).then(() => over++))
  const stream: Readable = handle.createReadStream({ highWaterMark: 4096 })
  stream.once('readable', () => {})
  await handle.close()
  t.equal(over, 20)
  t.ok(stream.closed)
  await Promise.all(running)
  t.equal(handle.close(), handle.close(), 'idempotent')
  const calls: Promise<unknown>[] = [
    handle.read(),
    handle.write('x'),
    handle.readv([Buffer.alloc(1)]),
    handle.writev([Buffer.alloc(1)]),
    handle.stat(),
    handle.sync(),
    handle.truncate(1),
    handle.readFile(),
    handle.writeFile('x'),
  ]
  for (const call of calls) await t.rejects<unknown>(call, { code: 'EBADF', image: 'image' })
  t.throws(() => handle.createReadStream(), { code: 'EBADF' })
  t.throws(() => handle.createWriteStream(), { code: 'EBADF' })
  t.equal((await image.read({ position: 0, length: 1 })).buffer[0], 1)
})
