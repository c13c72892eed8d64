import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { Image } from 'rbdkit'
import t from 'tap'
import { contentOf, makeSparse, mib, openPool } from '../copy/fixture.js'

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

t.test('reading ranges', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 5 * mib + 77 })
  await using image = await Image.open(ioctx, 'image')
  const data = randomBytes(5 * mib + 77)
  await image.write(data, { position: 0 })
  t.ok((await collect(image.createReadStream())).equals(data), 'all of it')
  t.ok(
    (await collect(image.createReadStream({ start: 10, end: 19 }))).equals(data.subarray(10, 20)),
    'end included',
  )
  t.ok((await collect(image.createReadStream({ start: 10n, end: 10 }))).equals(data.subarray(10, 11)))
  const odd = image.createReadStream({ start: mib - 1, chunkSize: 99_991, concurrency: 3 })
  t.ok((await collect(odd)).equals(data.subarray(mib - 1)))
  t.equal((await collect(image.createReadStream({ start: 6 * mib }))).length, 0, 'behind the end')
  t.equal((await collect(image.createReadStream({ start: 5 * mib, end: 9 * mib }))).length, 77)
  for (const options of [
    { start: -1 },
    { start: 5, end: 4 },
    { chunkSize: 0 },
    { concurrency: 257 },
    { start: 0.5 },
  ]) {
    t.throws(() => image.createReadStream(options), { code: 'ERR_OUT_OF_RANGE' }, JSON.stringify(options))
  }
})

t.test('a slow reader does not make the stream read ahead without end', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 64 * mib })
  await using image = await Image.open(ioctx, 'image')
  const stream = image.createReadStream({ chunkSize: 65_536, concurrency: 4 })
  stream.once('readable', () => {})
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.ok(stream.readableLength <= 2 * 65_536, `${stream.readableLength} bytes wait`)
  stream.destroy()
  await finished(stream).catch((error: unknown) => t.match(error, { code: 'ERR_STREAM_PREMATURE_CLOSE' }))
  t.equal((await image.read({ position: 0, length: 1 })).bytesRead, 1, 'usable after an early end')
})

t.test('a file into an image and out again', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 8 * mib })
  await using image = await Image.open(ioctx, 'image')
  const file = join(t.testdir(), 'file')
  makeSparse(file, 6 * mib, [
    [0, 3 * mib],
    [5 * mib, 1000],
  ])
  const hash = createHash('sha256')
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(createReadStream(file), tap, image.createWriteStream({ start: mib }))
  const back = createHash('sha256')
  for await (const chunk of image.createReadStream({ start: mib, end: 7 * mib - 1 }))
    back.update(chunk as Buffer)
  t.equal(back.digest('hex'), hash.digest('hex'))
  t.equal(
    (await contentOf(ioctx, 'image')).subarray(0, mib).every((byte) => byte === 0),
    true,
  )
})

t.test("a chunk is its owner's again when write() calls back", async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib })
  await using image = await Image.open(ioctx, 'image')
  const stream = image.createWriteStream({ concurrency: 16 })
  const pool = Array.from({ length: 5 }, () => Buffer.alloc(7000))
  const expected: Buffer[] = []
  for (let i = 0; i < 200; i++) {
    const buffer = pool.pop()
    if (buffer === undefined) throw new Error('no buffer came back')
    buffer.fill(i)
    expected.push(Buffer.from(buffer))
    const done = new Promise<void>((resolve, reject) => {
      stream.write(buffer, (error) => {
        buffer.fill(0xff)
        pool.push(buffer)
        if (error) reject(error)
        else resolve()
      })
    })
    if (pool.length === 0)
      await done // callbacks come in order
    else done.catch(() => {})
  }
  stream.end('and text')
  await finished(stream)
  const length = 200 * 7000
  const { buffer } = await image.read({ position: 0, length: length + 8 })
  t.ok(buffer.subarray(0, length).equals(Buffer.concat(expected)))
  t.equal(buffer.subarray(length).toString(), 'and text')
})

t.test('errors end the stream', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib })
  const image = await Image.open(ioctx, 'image')
  const much = () => Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(65_536, 1)))
  await t.rejects(pipeline(much(), image.createWriteStream()), { code: 'ERR_OUT_OF_RANGE' }, 'more than fits')
  const broken = new Error('the source broke')
  async function* source(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(1000, 2)
    throw broken
  }
  await t.rejects(pipeline(source(), image.createWriteStream()), broken)
  const reader = await Image.open(ioctx, 'image', { readOnly: true })
  await t.rejects(pipeline(much(), reader.createWriteStream()), { code: 'EROFS', image: 'image' })
  await reader.close()

  const early = image.createWriteStream()
  early.write(Buffer.alloc(mib, 3))
  early.destroy(broken)
  await t.rejects(finished(early), broken)
  const reading = image.createReadStream({ chunkSize: 4096 })
  const got = (async () => {
    for await (const _chunk of reading) await image.close()
  })()
  await t.rejects(got, { code: 'EBADF', image: 'image' }, 'closing the image under a stream')
  t.throws(() => image.createWriteStream({ start: -1 }), { code: 'ERR_OUT_OF_RANGE' })
})
