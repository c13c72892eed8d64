/** Web streams from and to images. */

import { createHash, randomBytes } from 'node:crypto'
import { finished } from 'node:stream/promises'
import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

t.test('there and back, through Response and pipeTo()', async (t) => {
  const { ioctx } = await openPool(t)
  const data = randomBytes(9 * mib + 12_345)
  await Image.create(ioctx, 'image', { size: 16 * mib })
  await Image.create(ioctx, 'other', { size: 16 * mib })
  await using image = await Image.open(ioctx, 'image')
  await using other = await Image.open(ioctx, 'other')

  await new Blob([data]).stream().pipeTo(image.writableWebStream({ start: 1000 }) as never)
  const part = image.readableWebStream({ start: 1000, end: 999 + data.length })
  t.equal(sha(new Uint8Array(await new Response(part as never).arrayBuffer())), sha(data))

  await image.readableWebStream({ chunkSize: 300_000 }).pipeTo(other.writableWebStream() as never)
  const [a, b] = await Promise.all([image, other].map((each) => each.read({ position: 0, length: 16 * mib })))
  t.equal(sha(a?.buffer as Buffer), sha(b?.buffer as Buffer))
})

t.test('a slow reader is waited for, a cancelled one gives everything back', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 64 * mib })
  const image = await Image.open(ioctx, 'image')
  let reads = 0
  const read = image.read.bind(image)
  image.read = ((...args: Parameters<typeof read>) => {
    reads++
    return read(...args)
  }) as typeof image.read
  const reader = image.readableWebStream({ chunkSize: mib, concurrency: 4 }).getReader()
  t.equal((await reader.read()).value?.length, mib)
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.ok(reads < 16, `${reads} reads for one chunk taken`)
  await reader.cancel()
  await image.close()
})

t.test('errors reach the streams', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  const image = await Image.open(ioctx, 'image')
  const writer = image.writableWebStream({ start: mib - 10 }).getWriter()
  writer.closed.catch(() => {})
  await t.rejects(
    writer.write(new Uint8Array(100)).then(() => writer.close()),
    { code: 'ERR_OUT_OF_RANGE' },
  )
  await image.close()
  const reader = image.readableWebStream().getReader()
  await t.rejects(reader.read(), { code: 'EBADF' })
  t.throws(() => image.readableWebStream({ start: -1 }), { code: 'ERR_OUT_OF_RANGE' })
})

t.test('a fast source waits for the image, and abort() for its writes', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 256 * mib })
  const image = await Image.open(ioctx, 'image')
  let open = 0
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const writev = image.writev.bind(image)
  image.writev = (async (...args: Parameters<typeof writev>) => {
    open++
    await gate
    return writev(...args).finally(() => open--)
  }) as typeof image.writev
  let pulled = 0
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setImmediate(resolve)) // else the event loop starves when nobody holds it back
      pulled += mib
      controller.enqueue(new Uint8Array(mib))
    },
  })
  const controller = new AbortController()
  const piped = source.pipeTo(image.writableWebStream({ highWaterMark: 4 * mib }) as never, {
    signal: controller.signal,
  })
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.ok(open > 0)
  t.ok(pulled <= 8 * mib, `${pulled} bytes taken while nothing is written`)
  controller.abort()
  let settled = false
  const end = t.rejects(piped, { name: 'AbortError' }).then(() => {
    settled = true
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.notOk(settled, 'chunks are still lent')
  release()
  await end
  t.equal(open, 0)
  await image.close()
})

t.test('with autoClose the image is closed when its stream is over, however it ends', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib })
  const ends: Record<string, (image: Image) => Promise<unknown>> = {
    'read to the end': (image) =>
      new Response(image.readableWebStream({ autoClose: true }) as never).arrayBuffer(),
    cancelled: (image) => image.readableWebStream({ autoClose: true }).cancel(),
    'written and closed': async (image) => {
      const writer = image.writableWebStream({ autoClose: true }).getWriter()
      await writer.write(Buffer.alloc(4096, 1))
      await writer.close()
    },
    aborted: (image) => image.writableWebStream({ autoClose: true }).abort(),
    'a Node stream': (image) => image.createReadStream({ autoClose: true }).resume().toArray(),
    failed: async (image) => {
      const stream = image.createWriteStream({ start: 4 * mib, autoClose: true })
      stream.end(Buffer.alloc(1))
      await t.rejects(finished(stream), { code: 'ERR_OUT_OF_RANGE' })
    },
  }
  for (const [name, end] of Object.entries(ends)) {
    const image = await Image.open(ioctx, 'image')
    await end(image)
    // What has ended may come a turn before what is closed.
    for (let turn = 0; turn < 100 && !image.closed; turn++) await new Promise(setImmediate)
    t.ok(image.closed, name)
    await image.close()
  }
  await using image = await Image.open(ioctx, 'image')
  await new Response(image.readableWebStream() as never).arrayBuffer()
  t.notOk(image.closed, 'not by default')
  const handle = image.fileHandle()
  await new Response(handle.readableWebStream({ autoClose: true }) as never).arrayBuffer()
  const reader = image.fileHandle().readableWebStream({ type: 'bytes' }).getReader({ mode: 'byob' })
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(1_000_000))
    if (done) break
    bytes += value.length
  }
  t.equal(bytes, 4 * mib, 'into memory of the reader')
  await t.rejects(handle.stat(), { code: 'EBADF' }, 'a file handle closes itself')
  t.notOk(image.closed, 'and not the image')
  t.throws(() => image.createReadStream({ autoClose: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' })
})
