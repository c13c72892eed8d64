/** Web streams from and to images. */

import { createHash, randomBytes } from 'node:crypto'
import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from './copy-fixture.js'

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
