/** Diffs and whole images through streams of JavaScript, with `rbd` at the other end. */

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import * as library from 'rbdkit'
import { exportDiff, exportImage, Image, type IoCtx, importDiff, importImage } from 'rbdkit'
import t from 'tap'
import { makeDiff } from '../../helpers/diff.js'
import { root } from '../../helpers/package.js'
import { type CopyPool, contentOf, mib, openPool, settledNames, withImage } from '../copy/fixture.js'

async function makeImage(ioctx: IoCtx, name: string): Promise<void> {
  await Image.create(ioctx, name, { size: 24 * mib })
  await withImage(ioctx, name, async (image) => {
    await image.write(randomBytes(5 * mib), { position: mib })
    await image.snapshots.create('monday')
    await image.write(randomBytes(3 * mib), { position: 8 * mib + 5 })
    await image.discard(2 * mib, mib)
    await image.snapshots.create('tuesday')
  })
}

async function snapshotsOf(ioctx: IoCtx, name: string): Promise<string[]> {
  const image = await Image.open(ioctx, name, { readOnly: true })
  try {
    return (await image.snapshots.list()).map((snapshot) => snapshot.name)
  } finally {
    await image.close()
  }
}

/**
 * `rbd`, with our streams at its ends. It does not wait for the end of what it reads, so its own standard input may close
 * before a stream to it has ended: `cat` waits.
 */
function rbd({ test, ioctx }: CopyPool, ...args: string[]) {
  const command = ['rbd', '--pool', ioctx.pool, ...args]
  const env = { ...process.env, ...test.env }
  const child = spawn('sh', ['-c', 'cat | "$@"', 'sh', ...command], { env })
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const done = once(child, 'close').then(([code]) => {
    if (code !== 0) throw new Error(stderr)
  })
  return { child, done }
}

/** Keeps what it is given, slowly. */
function slowCollector(): { stream: Writable; bytes: () => Buffer } {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk)
      setTimeout(done, 1)
    },
  })
  return { stream, bytes: () => Buffer.concat(chunks) }
}

const readable = (bytes: Buffer): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += 99_991) yield bytes.subarray(at, at + 99_991)
    })(),
    { objectMode: false },
  )

t.test('diffs there and back, with rbd at either end', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeImage(ioctx, 'from')
  const file = join(t.testdir(), 'diff')
  const tuesday = { ioctx, image: 'from', snapshot: 'tuesday' }
  for (const fromSnapshot of [undefined, 'monday']) {
    const begin = fromSnapshot === undefined ? {} : { fromSnapshot }
    const end = fromSnapshot === undefined ? 'monday' : 'tuesday'
    const source = { ioctx, image: 'from', snapshot: end }
    const path = `${file}-${end}`
    const info = await exportDiff(source, { file: path }, begin)
    const out = slowCollector()
    t.same(await exportDiff(source, out.stream, begin), info)
    t.ok(out.bytes().equals(readFileSync(path)), 'byte for byte what is in the file')
    t.ok(out.stream.writableFinished)

    for (const image of ['ours', 'theirs']) {
      if (fromSnapshot === undefined) await Image.create(ioctx, image, { size: 24 * mib })
    }
    const since = fromSnapshot === undefined ? [] : ['--from-snap', fromSnapshot]
    const sender = rbd(pool, 'export-diff', '--no-progress', ...since, `from@${end}`, '-')
    sender.child.stdin.end()
    const [received] = await Promise.all([
      importDiff(sender.child.stdout, { ioctx, image: 'ours' }),
      sender.done,
    ])
    t.equal(received.toSnapshot, end)
    const receiver = rbd(pool, 'import-diff', '--no-progress', '-', 'theirs')
    await Promise.all([exportDiff(source, receiver.child.stdin, begin), receiver.done])
    const want = await contentOf(ioctx, 'from', end)
    for (const image of ['ours', 'theirs']) {
      t.ok((await contentOf(ioctx, image, end)).equals(want), `${image} at ${end}`)
    }
  }
  const web = new TransformStream<Uint8Array, Uint8Array>()
  await Image.create(ioctx, 'web', { size: 24 * mib })
  const [sent, got] = await Promise.all([
    exportDiff(tuesday, web.writable),
    importDiff(web.readable, { ioctx, image: 'web' }),
  ])
  t.same(got, sent, 'from image to image by a web stream')
  t.ok((await contentOf(ioctx, 'web')).equals(await contentOf(ioctx, 'from', 'tuesday')))
})

t.test('a diff that breaks off makes no snapshot, and can be applied again', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 16 * mib })
  const target = { ioctx, image: 'image' }
  const content = randomBytes(12 * mib)
  const diff = makeDiff({ to: 'a', size: 16 * mib, records: [{ offset: mib, content }] })
  const cut = readable(diff.subarray(0, -1))
  await t.rejects(importDiff(cut, target).then(), { code: 'ERR_RBDKIT_FORMAT', message: /diff stream/ })
  t.ok(cut.destroyed)

  for (const [reason, code] of [
    [new Error('cable'), undefined],
    [undefined, 'ERR_STREAM_PREMATURE_CLOSE'],
  ] as const) {
    const destroyed = new PassThrough()
    destroyed.write(diff) // whole, but it does not end
    setTimeout(() => destroyed.destroy(reason), 100)
    await t.rejects(importDiff(destroyed, target).then(), reason ?? { code })
  }
  const silent = new PassThrough()
  silent.write(diff.subarray(0, 5 * mib))
  await t.rejects(importDiff(silent, target, { signal: AbortSignal.timeout(200) }).then(), {
    name: 'TimeoutError',
  })
  t.match(silent.errored, { name: 'TimeoutError' })
  const taken = readable(makeDiff({ from: 'none', size: 16 * mib, records: [] }))
  await t.rejects(importDiff(taken, target).then(), { code: 'ENOENT', image: 'image' })
  t.ok(taken.destroyed)
  t.same(await snapshotsOf(ioctx, 'image'), [])

  await importDiff(readable(diff), target)
  t.same(await snapshotsOf(ioctx, 'image'), ['a'])
  t.ok((await contentOf(ioctx, 'image', 'a')).subarray(mib, 13 * mib).equals(content))
})

t.test('a sink that fails, that is slow, that takes nothing', async (t) => {
  const { ioctx } = await openPool(t)
  await makeImage(ioctx, 'from')
  const source = { ioctx, image: 'from' }
  const failure = new Error('no room')
  for (const start of [
    (sink: Writable, signal?: AbortSignal) => exportDiff(source, sink, { signal }),
    (sink: Writable, signal?: AbortSignal) => exportImage(source, sink, { signal }),
  ]) {
    const fails = new Writable({
      write: (_chunk, _encoding, done) => void setTimeout(() => done(failure), 5),
    })
    await t.rejects(start(fails).then(), failure)
    const final = new Writable({
      write: (_chunk, _encoding, done) => done(),
      final: (done) => done(failure),
    })
    await t.rejects(start(final).then(), failure, 'also when all is written')
    const full = new Writable({ write() {} })
    await t.rejects(start(full, AbortSignal.timeout(200)).then(), { name: 'TimeoutError' })
    t.match(full.errored, { name: 'TimeoutError' })
  }
  const unasked = new PassThrough()
  await t.rejects(exportImage({ ioctx, image: 'none' }, unasked).then(), { code: 'ENOENT', image: 'none' })
  t.match(unasked.errored, { code: 'ENOENT' })
})

t.test('whole images, with rbd at either end', async (t) => {
  const pool = await openPool(t)
  const { ioctx } = pool
  await makeImage(ioctx, 'from')
  const file = join(t.testdir(), 'image')
  const info = await exportImage({ ioctx, image: 'from' }, { file })
  const out = slowCollector()
  t.same(await exportImage({ ioctx, image: 'from' }, out.stream), info)
  t.ok(out.bytes().equals(readFileSync(file)), 'byte for byte what is in the file')

  const sender = rbd(pool, 'export', '--no-progress', '--export-format', '2', 'from', '-')
  sender.child.stdin.end()
  const [ours] = await Promise.all([importImage(sender.child.stdout, { ioctx, image: 'ours' }), sender.done])
  t.same(ours.snapshots, ['monday', 'tuesday'])
  const receiver = rbd(pool, 'import', '--no-progress', '--export-format', '2', '-', 'theirs')
  await Promise.all([exportImage({ ioctx, image: 'from' }, receiver.child.stdin), receiver.done])
  for (const image of ['ours', 'theirs']) {
    for (const snapshot of ['monday', 'tuesday', undefined]) {
      const want = await contentOf(ioctx, 'from', snapshot)
      t.ok((await contentOf(ioctx, image, snapshot)).equals(want), `${image} at ${snapshot}`)
    }
  }

  const bytes = out.bytes()
  const cut = readable(bytes.subarray(0, -1))
  await t.rejects(importImage(cut, { ioctx, image: 'cut' }).then(), { code: 'ERR_RBDKIT_FORMAT' })
  const failure = new Error('cable')
  const destroyed = new PassThrough()
  destroyed.write(bytes)
  setTimeout(() => destroyed.destroy(failure), 300)
  await t.rejects(importImage(destroyed, { ioctx, image: 'cut' }).then(), failure)
  const silent = new PassThrough()
  silent.write(bytes.subarray(0, 3 * mib))
  const signal = AbortSignal.timeout(300)
  await t.rejects(importImage(silent, { ioctx, image: 'cut' }, { signal }).then(), { name: 'TimeoutError' })
  const size = bytes.length + 1
  await t.rejects(importImage({ stream: readable(bytes), size }, { ioctx, image: 'cut' }).then(), {
    code: 'ERR_SOURCE_CHANGED',
  })
  t.same(await settledNames(ioctx), ['from', 'ours', 'theirs'], 'nothing is left of them')
})

t.test('a worker that is terminated while an export looks at its image', async (t) => {
  const { ioctx, test } = await openPool(t)
  await makeImage(ioctx, 'from')
  const program = `
    import { PassThrough } from 'node:stream'
    import { parentPort } from 'node:worker_threads'
    import { Cluster, exportImage } from ${JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)}
    const cluster = await Cluster.connect(${JSON.stringify({ confFile: test.confFile, keyring: test.keyring })})
    const ioctx = await cluster.openIoCtx(${JSON.stringify(ioctx.pool)})
    exportImage({ ioctx, image: 'from' }, new PassThrough()).catch(() => {})
    parentPort.postMessage('begun')`
  for (let i = 0; i < 3; i++) {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
      execArgv: [],
    })
    await once(worker, 'message')
    const began = performance.now()
    await Promise.race([worker.terminate(), sleep(20_000)])
    t.ok(performance.now() - began < 15_000, 'is not waited for')
  }
})

t.test("the guide's example", async (t) => {
  const { ioctx } = await openPool(t)
  await makeImage(ioctx, 'disk')
  const guide = readFileSync(join(root, 'docs/guide/diffs.md'), 'utf8')
  const sample = /## Through streams\n[\s\S]*?```ts\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''
  const directory = t.testdir()
  const code = sample
    .replace(/^import (\{.*\}) from ('.*')$/gm, 'const $1 = await load($2)')
    .replaceAll("'tuesday.diff.gz'", JSON.stringify(join(directory, 'tuesday.diff.gz')))
  await Image.create(ioctx, 'copy', { size: 24 * mib })
  await exportDiff({ ioctx, image: 'disk', snapshot: 'monday' }, { file: join(directory, 'monday') })
  await importDiff({ file: join(directory, 'monday') }, { ioctx, image: 'copy' })
  const load = (name: string) => (name === 'rbdkit' ? library : import(name))
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<void>
  await new AsyncFunction('ioctx', 'elsewhere', 'load', code)(ioctx, ioctx, load)
  t.same(readdirSync(directory).sort(), ['monday', 'tuesday.diff.gz'])
  const want = await contentOf(ioctx, 'disk', 'tuesday')
  t.ok((await contentOf(ioctx, 'copy', 'tuesday')).equals(want))
})
