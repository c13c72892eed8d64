/** Diffs in streams of Node and of the web, without a cluster. */

import { randomBytes } from 'node:crypto'
import { createReadStream, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip, gzipSync } from 'node:zlib'
import { applyDiff, type CopyProgress, inspectDiff, mergeDiffs } from 'rbdkit'
import t from 'tap'
import { applied, type DiffSpec, makeDiff } from '../helpers/diff.js'
import { collector, readable } from '../helpers/streams.js'

const mib = 1024 * 1024
const size = 12 * mib

const first: DiffSpec = {
  to: 'a',
  size,
  records: [
    { offset: 0, content: randomBytes(3 * mib + 7) },
    { offset: 4 * mib, content: 70_000 },
    { offset: 5 * mib, content: randomBytes(100) },
  ],
}
const second: DiffSpec = {
  from: 'a',
  to: 'b',
  size,
  records: [
    { offset: 1000, content: 5000 },
    { offset: 2 * mib, content: randomBytes(2 * mib) },
  ],
}
const bytes = [makeDiff(first), makeDiff(second)] as const

t.test('the same of a stream as of a file', async (t) => {
  const directory = t.testdir()
  const files = bytes.map((diff, i) => {
    const file = join(directory, `${i}`)
    writeFileSync(file, diff)
    return { file }
  })
  const [one, two] = files as [{ file: string }, { file: string }]
  const info = await inspectDiff(one)
  t.same(await inspectDiff(readable(bytes[0])), info)
  t.same(await inspectDiff(new Blob([bytes[0]]).stream()), info, 'of the web')
  const behind = Buffer.concat([bytes[0], randomBytes(mib)])
  const source = readable(behind)
  t.same(await inspectDiff(source), info, 'what is behind the diff is let go')
  t.ok(source.readableEnded)

  const merged = { file: join(directory, 'merged') }
  const expected = await mergeDiffs(files, merged)
  const out = collector()
  t.same(await mergeDiffs([readable(bytes[0]), { stream: readable(bytes[1]) }], out.stream), expected)
  t.ok(out.bytes().equals(readFileSync(merged.file)), 'byte for byte')
  t.ok(out.stream.writableFinished, 'the stream is ended')
  const chunks: Uint8Array[] = []
  const sink = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) })
  t.same(await mergeDiffs([one, readable(bytes[1])], sink), expected, 'a file and a stream')
  t.ok(Buffer.concat(chunks).equals(readFileSync(merged.file)))

  const disk = { file: join(directory, 'disk') }
  t.same(await applyDiff(readable(bytes[0]), disk), info)
  await applyDiff(readable(bytes[1]), disk)
  t.ok(readFileSync(disk.file).equals(applied(applied(Buffer.alloc(0), first), second)))
  await mergeDiffs([two, new PassThrough()], merged).then(
    () => t.fail('a name that is taken'),
    (error) => t.match(error, { code: 'EEXIST' }),
  )
})

t.test('a size that is known is the total, and must be right', async (t) => {
  const length = bytes[0].length
  const totals: number[] = []
  const onProgress = ({ phase, bytesTotal }: CopyProgress) => phase === 'copy' && totals.push(bytesTotal)
  await inspectDiff({ stream: readable(bytes[0]), size: BigInt(length) }, { onProgress })
  t.ok(
    totals.every((total) => total === length),
    `${totals}`,
  )
  for (const wrong of [length - 1, length + 1, 0]) {
    const source = readable(bytes[0])
    await t.rejects(inspectDiff({ stream: source, size: wrong }).then(), {
      code: 'ERR_SOURCE_CHANGED',
      message: /'diff stream': .* of its size/,
    })
    t.ok(source.destroyed)
  }
})

t.test('only a stream that comes to its own end is whole', async (t) => {
  const directory = t.testdir()
  const disk = { file: join(directory, 'disk') }
  const never = async (job: PromiseLike<unknown>, error: Error | { code: string; message?: RegExp }) => {
    await t.rejects(Promise.resolve(job), error)
    t.same(readdirSync(directory), [], 'and nothing is left')
  }
  const cut = readable(bytes[0].subarray(0, 2 * mib))
  await never(applyDiff(cut, disk), { code: 'ERR_RBDKIT_FORMAT', message: /'diff stream': .*ends too early/ })
  t.ok(cut.destroyed)

  const failure = new Error('the sender broke')
  for (const part of [mib, bytes[0].length]) {
    const fails = new PassThrough()
    fails.write(bytes[0].subarray(0, part))
    setTimeout(() => fails.destroy(failure), 20)
    await never(applyDiff(fails, disk), failure)
    const closes = new PassThrough()
    closes.write(bytes[0].subarray(0, part))
    setTimeout(() => closes.destroy(), 20)
    const both = mergeDiffs([closes, readable(bytes[1])], disk)
    await never(both, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  }

  // All of the diff, and then the decompressor finds that it is not what was packed.
  const packed = gzipSync(bytes[0], { level: 1 })
  packed.writeUInt8(packed.readUInt8(packed.length - 8) ^ 1, packed.length - 8)
  const gunzip = createGunzip()
  gunzip.end(packed)
  await never(applyDiff(gunzip, disk), { code: 'Z_DATA_ERROR' })
})

t.test('a job that fails or is aborted destroys its streams with the reason', async (t) => {
  const directory = t.testdir()
  const file = join(directory, 'diff')
  writeFileSync(file, bytes[0])
  const silent = new PassThrough()
  const signal = AbortSignal.timeout(50)
  await t.rejects(inspectDiff(silent, { signal }).then(), { name: 'TimeoutError' })
  t.equal(silent.errored, signal.reason)

  const failure = new Error('no room')
  const source = new PassThrough()
  source.write(bytes[0])
  const fails = new Writable({ write: (_chunk, _encoding, done) => void setTimeout(() => done(failure), 20) })
  await t.rejects(mergeDiffs([{ file }, readable(bytes[1])], fails).then(), failure)
  const full = new Writable({ write() {} })
  const aborted = mergeDiffs([source, new PassThrough()], full, { signal: AbortSignal.timeout(50) })
  await t.rejects(aborted.then(), { name: 'TimeoutError' })
  t.match([source.errored, full.errored], [{ name: 'TimeoutError' }, { name: 'TimeoutError' }])

  const good = new PassThrough()
  good.write(bytes[0])
  const bad = readable(Buffer.from('not a diff at all'))
  await t.rejects(mergeDiffs([good, bad], { file: `${file}.out` }).then(), {
    code: 'ERR_RBDKIT_FORMAT',
    message: /'diffs\[1\] stream'/,
  })
  t.match(good.errored, { code: 'ERR_RBDKIT_FORMAT' }, 'the other one as well')
  t.same(readdirSync(directory), ['diff'])

  const locked = new Blob(['x']).stream()
  locked.getReader()
  const text = new PassThrough().setEncoding('utf8')
  for (const wrong of [locked, text, Readable.from([{}]), { stream: 1 }, {}, 5]) {
    const error = await inspectDiff(wrong as never).then(
      () => undefined,
      (reason) => reason,
    )
    t.match(error, { code: /^ERR_INVALID_ARG_/ })
  }
})

t.test('a source is read no faster than its diff is taken', async (t) => {
  const directory = t.testdir()
  const file = join(directory, 'diff')
  const spec = { size: 40 * mib, records: [{ offset: 0, content: Buffer.alloc(40 * mib, 'x') }] }
  writeFileSync(file, makeDiff({ ...spec, to: 'a' }))
  const source = createReadStream(file, { highWaterMark: mib })
  let open: (() => void) | undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const slow = new Writable({ write: (_chunk, _encoding, done) => void gate.then(() => done()) })
  const empty = makeDiff({ from: 'a', size: 40 * mib, records: [] })
  const job = mergeDiffs([source, readable(empty)], slow)
  await sleep(300)
  t.ok(source.bytesRead < 16 * mib, `${source.bytesRead / mib} MiB`)
  open?.()
  t.equal((await job).dataBytes, 40 * mib)
  const gunzip = createGunzip()
  const [info] = await Promise.all([
    inspectDiff(gunzip),
    pipeline(readable(gzipSync(bytes[0], { level: 1 })), gunzip),
  ])
  t.equal(info.fileBytes, bytes[0].length)
})
