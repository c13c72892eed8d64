/** Streams of Node and of the web as ends of a copy. The other end is a file: this needs no cluster. */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip, createGzip, gzipSync } from 'node:zlib'
import { type CopyProgress, copy } from 'rbdkit'
import t from 'tap'
import { collector, readable } from '../helpers/streams.js'

const mib = 1024 * 1024

/** Bytes with zeros between, in pieces of all sizes. */
const content = Buffer.concat([
  randomBytes(3 * mib + 5),
  Buffer.alloc(9 * mib),
  randomBytes(1),
  Buffer.alloc(70_000),
  randomBytes(2 * mib),
])

t.test('in and out again: the same bytes and digest', async (t) => {
  const directory = t.testdir()
  for (const [name, bytes] of [
    ['empty', Buffer.alloc(0)],
    ['byte', Buffer.from('x')],
    ['zeros', Buffer.alloc(5 * mib + 3)],
    ['pieces', content],
  ] as const) {
    const to = { file: join(directory, name) }
    const source = readable(bytes)
    const result = await copy(source, to)
    t.equal(result.bytes, bytes.length, `${name}: the size is the stream's`)
    t.ok(readFileSync(to.file).equals(bytes), `${name}: and the content`)
    const out = collector()
    const back = await copy(to, out.stream)
    t.equal(back.digest, result.digest)
    t.ok(out.bytes().equals(bytes), `${name}: and back`)
    t.ok(out.stream.writableFinished, 'the stream is ended')

    const web = new Blob([bytes]).stream()
    t.equal((await copy(web, { file: `${to.file}.web` })).digest, result.digest, `${name}: from the web`)
    const chunks: Uint8Array[] = []
    const sink = new WritableStream<Uint8Array>({
      async write(chunk) {
        await sleep(1)
        chunks.push(chunk)
      },
    })
    t.equal((await copy(to, sink)).digest, result.digest, `${name}: to the web`)
    t.ok(Buffer.concat(chunks).equals(bytes))
  }
  const both = collector()
  await copy(readable(content), both.stream)
  t.ok(both.bytes().equals(content), 'a stream to a stream')
})

t.test('compressed on the way, as files are', async (t) => {
  const directory = t.testdir()
  const from = { file: join(directory, 'from') }
  writeFileSync(from.file, content)
  const gzip = createGzip({ level: 1 })
  const packed = join(directory, 'from.gz')
  const [result] = await Promise.all([copy(from, gzip), pipeline(gzip, createWriteStream(packed))])
  const gunzip = createGunzip()
  const [, back] = await Promise.all([
    pipeline(createReadStream(packed), gunzip),
    copy(gunzip, { file: join(directory, 'back') }),
  ])
  t.equal(back.digest, result.digest)

  const cut = join(directory, 'cut.gz')
  writeFileSync(cut, readFileSync(packed).subarray(0, mib))
  const broken = createGunzip()
  const outcomes = await Promise.allSettled([
    pipeline(createReadStream(cut), broken),
    copy(broken, { file: join(directory, 'never') }),
  ])
  t.match(outcomes[1], { status: 'rejected', reason: { code: 'Z_BUF_ERROR' } })
  t.same(readdirSync(directory).sort(), ['back', 'cut.gz', 'from', 'from.gz'], 'and nothing is left of it')
})

t.test('a source that does not come to its end leaves nothing', async (t) => {
  const directory = t.testdir()
  const to = { file: join(directory, 'to') }
  const never = async (job: PromiseLike<unknown>, error: Error | { code: string; message?: RegExp }) => {
    await t.rejects(Promise.resolve(job), error)
    t.same(readdirSync(directory), [])
  }
  const failure = new Error('the disk of the sender broke')
  const fails = new PassThrough()
  fails.write(content)
  setTimeout(() => fails.destroy(failure), 20)
  await never(copy(fails, to), failure)

  const closes = new PassThrough()
  closes.write(content)
  setTimeout(() => closes.destroy(), 20)
  await never(copy(closes, to), { code: 'ERR_STREAM_PREMATURE_CLOSE' })

  const web = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(content),
    pull: () => Promise.reject(failure),
  })
  await never(copy(web, to), failure)

  for (const size of [content.length - 1, content.length + 1, 0, 100 * mib]) {
    const source = readable(content)
    await never(copy({ stream: source, size }, to), { code: 'ERR_SOURCE_CHANGED', message: /source stream/ })
    t.ok(source.destroyed)
  }
  const totals: number[] = []
  const onProgress = ({ phase, bytesTotal }: CopyProgress) => phase === 'copy' && totals.push(bytesTotal)
  const size = BigInt(content.length)
  await copy({ stream: readable(content), size }, { file: '/dev/null' }, { onProgress })
  t.ok(
    totals.every((total) => total === content.length),
    'a size that is known is the total from the beginning',
  )
})

t.test('a copy that fails or is aborted destroys its streams with the reason', async (t) => {
  const directory = t.testdir()
  const from = { file: join(directory, 'from') }
  writeFileSync(from.file, content)
  const silent = new PassThrough()
  const signal = AbortSignal.timeout(50)
  await t.rejects(copy(silent, { file: join(directory, 'x') }, { signal }).then(), { name: 'TimeoutError' })
  t.equal(silent.errored, signal.reason, 'a source that says nothing')

  const taken = readable(content)
  await t.rejects(copy(taken, from).then(), { code: 'EEXIST' })
  t.match(taken.errored, { code: 'EEXIST' })

  const full = new Writable({ write() {} })
  const aborted = copy(from, full, { signal: AbortSignal.timeout(50) })
  await t.rejects(aborted.then(), { name: 'TimeoutError' })
  t.match(full.errored, { name: 'TimeoutError' }, 'a destination that takes nothing')

  const endless = new Writable({ write: (_chunk, _encoding, done) => done(), final() {} })
  const giveUp = new AbortController()
  setTimeout(() => giveUp.abort(new Error('enough')), 100) // which keeps the process alive: the stream does not
  await t.rejects(copy(from, endless, { signal: giveUp.signal }).then(), { message: 'enough' })

  const reasons: unknown[] = []
  const sink = new WritableStream<Uint8Array>({
    write: () => new Promise(() => {}),
    abort: (reason) => void reasons.push(reason),
  })
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('enough')), 50)
  await t.rejects(copy(from, sink, { signal: controller.signal }).then(), { message: 'enough' })
  const cancelled = new ReadableStream<Uint8Array>({ cancel: (reason) => void reasons.push(reason) })
  const to = { file: join(directory, 'y') }
  await t.rejects(copy(cancelled, to, { signal: controller.signal }).then(), { message: 'enough' })
  t.same(readdirSync(directory), ['from'])
  t.match(reasons[0], { message: 'enough' })
})

t.test('a destination that fails ends the copy with its error', async (t) => {
  const directory = t.testdir()
  const from = { file: join(directory, 'from') }
  writeFileSync(from.file, content)
  const failure = new Error('no room')
  const late = new Writable({
    write: (_chunk, _encoding, done) => void setTimeout(() => done(failure), 20),
  })
  await t.rejects(copy(from, late).then(), failure)
  const final = new Writable({
    write: (_chunk, _encoding, done) => done(),
    final: (done) => done(failure),
  })
  await t.rejects(copy(from, final).then(), failure, 'also when all is written')
  const closes = new Writable({ write() {} })
  setTimeout(() => closes.destroy(), 20)
  await t.rejects(copy(from, closes).then(), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  const ends = new PassThrough()
  setTimeout(() => ends.resume().end(), 20)
  await t.rejects(copy(new PassThrough(), ends).then(), { code: 'ERR_INVALID_ARG_VALUE' }, 'ended by another')
  const sink = new WritableStream<Uint8Array>({ write: () => Promise.reject(failure) })
  await t.rejects(copy(from, sink).then(), failure)
})

t.test('a source is read no faster than it is copied', async (t) => {
  let produced = 0
  const endless = new Readable({
    read() {
      if (produced >= 200 * mib) this.push(null)
      else this.push(Buffer.alloc(mib, 'x'))
      produced += mib
    },
  })
  let open: (() => void) | undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const slow = new Writable({ write: (_chunk, _encoding, done) => void gate.then(() => done()) })
  const job = copy(endless, slow, { maxMemory: 16 * mib })
  await sleep(500)
  t.ok(produced < 40 * mib, `${produced / mib} MiB`)
  open?.()
  t.equal((await job).bytes, 200 * mib)
})

t.test('what is no stream of bytes to be had is refused and left alone', async (t) => {
  const to = { file: join(t.testdir(), 'to') }
  const refused = { code: 'ERR_INVALID_ARG_VALUE' }
  const ended = readable(Buffer.from('x')).resume()
  await once(ended, 'end')
  const destroyed = new PassThrough()
  destroyed.destroy()
  const text = new PassThrough()
  text.setEncoding('utf8')
  const objects = Readable.from([{ a: 1 }])
  const locked = new Blob(['x']).stream()
  locked.getReader()
  for (const source of [ended, destroyed, text, objects, locked]) {
    await t.rejects(copy(source as never, to).then(), refused)
  }
  t.notOk(text.destroyed || objects.destroyed)
  const failed = new PassThrough()
  failed.on('error', () => {}).destroy(new Error('gone'))
  await t.rejects(copy(failed, to).then(), { message: 'gone' })
  await t.rejects(copy({ stream: to } as never, to).then(), refused)
  await t.rejects(copy({ stream: new PassThrough(), size: -1 }, to).then(), { code: 'ERR_OUT_OF_RANGE' })

  const from = { file: '/dev/null' }
  const over = new PassThrough().end()
  const lockedSink = new WritableStream()
  lockedSink.getWriter()
  const objectSink = new Writable({ objectMode: true, write() {} })
  for (const sink of [over, destroyed, lockedSink, objectSink]) {
    await t.rejects(copy(from, sink as never).then(), refused)
  }
  t.notOk(objectSink.destroyed)
  for (const verify of ['full', 'read-back', 'osd'] as const) {
    await t.rejects(copy(from, new PassThrough(), { verify }).then(), refused)
  }
  const words = new Transform({
    readableObjectMode: false,
    transform: (chunk, _encoding, done) => done(null, chunk),
  })
  words.setEncoding('latin1')
  await t.rejects(copy(words, to).then(), { code: 'ERR_INVALID_ARG_VALUE', message: /setEncoding/ })
})

/** Serves until the test's end. */
async function serve(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

t.test('an async iterable of bytes is a source', async (t) => {
  const directory = t.testdir()
  let ended = 0
  async function* pieces(count = Infinity): AsyncGenerator<Buffer> {
    try {
      for (let i = 0; i < count; i++) yield Buffer.alloc(100_000, i)
    } finally {
      ended++
    }
  }
  const expected = Buffer.concat(Array.from({ length: 30 }, (_, i) => Buffer.alloc(100_000, i)))
  for (const [name, source] of [
    ['generator', pieces(30)],
    ['with its size', { stream: pieces(30), size: expected.length }],
    ['told', Readable.from(pieces(30), { objectMode: false })],
  ] as const) {
    const result = await copy(source, { file: join(directory, name) })
    t.equal(result.bytes, expected.length)
    t.ok(readFileSync(join(directory, name)).equals(expected), name)
  }
  t.equal(ended, 3)

  const abort = new AbortController()
  const onProgress = ({ bytesDone }: CopyProgress) => bytesDone > 0 && abort.abort(new Error('enough'))
  const endless = copy(pieces(), { file: join(directory, 'endless') }, { signal: abort.signal, onProgress })
  await t.rejects(endless.then(), { message: 'enough' })
  t.equal(ended, 4, "the generator's finally has run")
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(10)
    throw new Error('the source broke')
  }
  await t.rejects(copy(broken(), { file: join(directory, 'broken') }).then(), { message: 'the source broke' })
  async function* text(): AsyncGenerator<never> {
    yield 'text' as never
  }
  await t.rejects(copy(text(), { file: join(directory, 'text') }).then(), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /async iterable of Buffers or Uint8Arrays/,
  })
  await t.rejects(copy({ stream: pieces(2), size: 5 }, { file: join(directory, 'short') }).then(), {
    code: 'ERR_SOURCE_CHANGED',
  })
  t.same(readdirSync(directory).sort(), ['generator', 'told', 'with its size'], 'nothing else has a name')
})

t.test('what is nearly a source says what it lacks', async (t) => {
  const to = { file: join(t.testdir(), 'to') }
  const of = (source: unknown) => copy(source as Readable, to).then()
  await t.rejects(of(Readable.from([Buffer.alloc(1)])), {
    code: 'ERR_INVALID_ARG_VALUE',
    message:
      /objectMode.*give the async iterable itself, or Readable\.from\(iterable, \{ objectMode: false \}\)/,
  })
  async function* secret() {
    yield Buffer.from('the source text is not quoted')
  }
  await t.rejects(of(secret), {
    code: 'ERR_INVALID_ARG_TYPE',
    message: /generator function returns when it is called. Received function secret$/,
  })
  await t.rejects(of({ stream: 'x' }), { code: 'ERR_INVALID_ARG_VALUE', message: /nor an async iterable/ })
  t.same(readdirSync(join(to.file, '..')), [])
})

t.test('HTTP: a request body in, a response out; a failed upload is answered', async (t) => {
  const directory = t.testdir()
  const file = (name: string) => ({ file: join(directory, name) })
  const errors: unknown[] = []
  const server = createServer((req, res) => {
    const path = file(req.url?.slice(1) ?? '')
    const done = (result: { digest: string }) => res.end(result.digest)
    if (req.method === 'GET') {
      copy(path, res).catch((error) => res.writeHead(404).end((error as NodeJS.ErrnoException).code))
    } else {
      copy(req, path).then(done, (error) => {
        errors.push(error)
        res.writeHead(409, { connection: 'close' }).end((error as NodeJS.ErrnoException).code)
      })
    }
  })
  const port = await serve(server)
  const url = `http://127.0.0.1:${port}/disk`
  const put = (body: Buffer) => fetch(url, { method: 'PUT', body })
  const first = await put(content)
  t.match(await first.text(), /^crc32c:/)
  t.ok(readFileSync(join(directory, 'disk')).equals(content))
  const taken = await put(content.subarray(0, 100_000))
  t.same([taken.status, await taken.text()], [409, 'EEXIST'])
  const got = await fetch(url)
  t.ok(Buffer.from(await got.arrayBuffer()).equals(content))
  const missing = await fetch(`${url}-that-is-not`)
  t.same([missing.status, await missing.text()], [404, 'ENOENT'])
  const web = await fetch(url)
  await copy(web.body as ReadableStream<Uint8Array>, file('by-fetch'))
  t.ok(readFileSync(join(directory, 'by-fetch')).equals(content))

  for (const headers of [{}, { 'content-length': String(content.length) }]) {
    const cut = request({ port, host: '127.0.0.1', path: '/cut', method: 'PUT', headers })
    cut.on('error', () => {}).write(content.subarray(0, 5 * mib))
    const before = errors.length
    await once(server, 'request') // not before: of a connection without a request the server says nothing
    await sleep(30)
    cut.destroy()
    while (errors.length === before) await sleep(5)
    t.match(errors.at(-1), { code: 'ECONNRESET' }, 'a client that goes away')
  }
  t.same(readdirSync(directory).sort(), ['by-fetch', 'disk'])
})

t.test('gzip of a stream to a stream, with nobody reading it', async (t) => {
  const gzip = createGzip()
  await t.rejects(copy(readable(gzipSync(content)), gzip, { signal: AbortSignal.timeout(100) }).then(), {
    name: 'TimeoutError',
  })
  t.ok(gzip.destroyed)
})
