import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { diffExtents, inspectDiff, mergeDiffs } from 'rbdkit'
import t from 'tap'
import { applied, type DiffSpec, makeDiff, randomDiff, seeded, text, u64 } from '../helpers/diff.js'

const mib = 1024 * 1024

const sample: DiffSpec = {
  from: 'one',
  to: 'two',
  size: mib,
  records: [
    { offset: 0, content: Buffer.from('hello') },
    { offset: 5, content: 100 },
    { offset: 4096, content: Buffer.alloc(200_000, 'x') },
    { offset: mib - 1, content: 1 },
  ],
}

/** The CRC32C of RFC 3720, bit by bit. */
function crc32c(bytes: Uint8Array): string {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return `crc32c:${((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0')}`
}

t.test('inspectDiff tells what is in a diff, diffExtents where', async (t) => {
  for (const version of [1, 2] as const) {
    const bytes = makeDiff({ ...sample, version })
    const file = join(t.testdir(), 'diff')
    writeFileSync(file, Buffer.concat([bytes, Buffer.from('after the end')]))
    t.same(await inspectDiff({ file }), {
      version,
      fromSnapshot: 'one',
      toSnapshot: 'two',
      size: mib,
      dataExtents: 2,
      dataBytes: 200_005,
      zeroExtents: 2,
      zeroBytes: 101,
      fileBytes: bytes.length,
      digest: crc32c(bytes),
    })
    const extents = []
    for await (const extent of diffExtents({ file })) extents.push(extent)
    t.same(
      extents,
      sample.records.map(({ offset, content }) => ({
        offset,
        length: typeof content === 'number' ? content : content.length,
        data: typeof content !== 'number',
      })),
    )
  }
})

t.test('more extents than are read at once', async (t) => {
  const file = join(t.testdir(), 'diff')
  const count = 2 * 4096
  const records = Array.from({ length: count }, (_, i) => ({
    offset: 3 * i,
    content: i % 2 ? 1 : Buffer.from('ab'),
  }))
  writeFileSync(file, makeDiff({ size: 3 * count, records }))
  let seen = 0
  for await (const { offset } of diffExtents({ file })) {
    if (offset !== 3 * seen) t.fail(`extent ${seen} is at ${offset}`)
    seen++
  }
  t.equal(seen, count)
  t.equal((await inspectDiff({ file })).dataExtents, count / 2)
})

t.test('a diff that is cut anywhere is not whole', async (t) => {
  const directory = t.testdir()
  const bytes = makeDiff({ ...sample, records: [{ offset: 7, content: Buffer.from('data') }] })
  const file = join(directory, 'cut')
  for (let length = 0; length < bytes.length; length++) {
    writeFileSync(file, bytes.subarray(0, length))
    await t.rejects(Promise.resolve(inspectDiff({ file })), { code: 'ERR_RBDKIT_FORMAT' }, `${length} bytes`)
  }
})

t.test('diffs that lie are refused, with the place, and take no memory', async (t) => {
  const directory = t.testdir()
  const head = Buffer.concat([Buffer.from('rbd diff v1\nt'), text('a'), Buffer.from('s'), u64(mib)])
  const huge = 2n ** 63n
  const cases: [name: string, bytes: Buffer, message: RegExp][] = [
    ['not a diff', Buffer.alloc(mib), /not an rbd diff, at byte 0/],
    ['2^63 bytes of data', Buffer.concat([head, Buffer.from('w'), u64(0), u64(huge)]), /beyond the image/],
    [
      'overlap',
      makeDiff({
        to: 'a',
        size: mib,
        records: [
          { offset: 0, content: 9 },
          { offset: 8, content: 1 },
        ],
      }),
      /before 9/,
    ],
    [
      'descending',
      makeDiff({
        to: 'a',
        size: mib,
        records: [
          { offset: 9, content: 1 },
          { offset: 0, content: 1 },
        ],
      }),
      /before 10/,
    ],
    [
      'a name of 4 GiB',
      Buffer.concat([Buffer.from('rbd diff v1\nf'), Buffer.alloc(4, 0xff)]),
      /4294967295 bytes/,
    ],
    ['size twice', Buffer.concat([head, Buffer.from('s'), u64(mib), Buffer.from('e')]), /twice, at byte 27/],
    [
      'a million empty records',
      Buffer.concat([
        head,
        ...Array.from({ length: 1e6 }, () => Buffer.concat([Buffer.from('z'), u64(0), u64(0)])),
      ]),
      /no bytes 0\+0, at byte 27/,
    ],
    [
      'metadata late',
      Buffer.concat([head, Buffer.from('z'), u64(0), u64(1), Buffer.from('t'), text('a')]),
      /after/,
    ],
  ]
  const before = process.memoryUsage().rss
  for (const [name, bytes, message] of cases) {
    const file = join(directory, name.replaceAll(' ', '-'))
    writeFileSync(file, bytes)
    const error = { code: 'ERR_RBDKIT_FORMAT', message }
    await t.rejects(Promise.resolve(inspectDiff({ file })), error, name)
    const good = join(directory, 'good')
    writeFileSync(good, makeDiff({ from: 'a', size: mib, records: [] }))
    await t.rejects(
      Promise.resolve(mergeDiffs([{ file }, { file: good }], { file: join(directory, 'out') })),
      error,
      `${name}, merged`,
    )
  }
  t.ok(process.memoryUsage().rss - before < 64 * mib, 'the test itself holds 17 MiB')
  t.notOk(existsSync(join(directory, 'out')))
  t.notOk(
    readdirSync(directory).some((name) => name.includes('.rbdkit-')),
    'nothing is left',
  )
})

t.test('merged diffs do what they do one after another, whatever the sizes', async (t) => {
  const directory = t.testdir()
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed)
    const sizes = Array.from({ length: 4 }, () => 1 + Math.floor(random() * 60_000))
    const specs: DiffSpec[] = sizes.slice(1).map((size, i) => ({
      version: seed % 5 === 0 && i === 1 ? 2 : 1,
      from: `s${i}`,
      to: `s${i + 1}`,
      size,
      records: randomDiff(random, size, 30),
    }))
    const files = specs.map((spec, i) => {
      const file = join(directory, `${seed}-${i}`)
      writeFileSync(file, makeDiff(spec))
      return { file }
    })
    const merged = join(directory, `${seed}-merged`)
    const result = await mergeDiffs(files, { file: merged })
    t.match(result, { fromSnapshot: 's0', toSnapshot: 's3', size: sizes[3], version: seed % 5 === 0 ? 2 : 1 })
    t.same(await inspectDiff({ file: merged }), result, 'what was written is what is there')
    const base = Buffer.alloc(sizes[0] as number, 'base')
    const want = specs.reduce(applied, base)
    t.ok(applied(base, parse(readFileSync(merged))).equals(want), `seed ${seed}`)
  }
})

/** A diff of either version, read the simple way. */
function parse(bytes: Buffer): DiffSpec {
  const lengths = bytes[10] === 0x32 ? 8 : 0
  const spec = { size: 0, records: [] as { offset: number; content: Buffer | number }[] }
  let at = 12
  const word = (): number => {
    at += 8
    return Number(bytes.readBigUInt64LE(at - 8))
  }
  for (;;) {
    const tag = String.fromCharCode(bytes[at] as number)
    if (tag === 'e') return spec
    at += 1 + lengths
    if (tag === 's') {
      spec.size = word()
    } else if (tag === 'f' || tag === 't') {
      at += 4 + bytes.readUInt32LE(at)
    } else {
      const offset = word()
      const length = word()
      spec.records.push({ offset, content: tag === 'z' ? length : bytes.subarray(at, at + length) })
      if (tag === 'w') at += length
    }
  }
}

t.test('diffs that do not follow each other, and names that are taken', async (t) => {
  const directory = t.testdir()
  const make = (name: string, spec: Partial<DiffSpec>): { file: string } => {
    const file = join(directory, name)
    writeFileSync(file, makeDiff({ size: mib, records: [], ...spec }))
    return { file }
  }
  const toA = make('a', { to: 'a' })
  const fromB = make('b', { from: 'b' })
  const nameless = make('nameless', {})
  const out = { file: join(directory, 'out') }
  const error = { code: 'EINVAL', errno: -22, syscall: 'merge', path: out.file }
  await t.rejects(Promise.resolve(mergeDiffs([toA, fromB], out)), {
    ...error,
    message: /one ends at snapshot 'a', the next begins at snapshot 'b'/,
  })
  await t.rejects(Promise.resolve(mergeDiffs([nameless, nameless], out)), error)
  await t.rejects(Promise.resolve(mergeDiffs([toA, fromB], fromB)), { code: 'EEXIST', path: fromB.file })
  await t.rejects(Promise.resolve(mergeDiffs([toA, { file: join(directory, 'none') }], out)), {
    code: 'ENOENT',
    syscall: 'open',
    path: join(directory, 'none'),
  })
  await t.rejects(Promise.resolve(inspectDiff({ file: directory })), { code: 'EISDIR', path: directory })
  await t.rejects(Promise.resolve(inspectDiff({ fd: 9999 })), { code: 'EBADF', path: 'fd 9999' })
  await t.rejects(Promise.resolve(mergeDiffs([toA], out)), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(Promise.resolve(mergeDiffs([toA, {} as { fd: number }], out)), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  t.same(readdirSync(directory).sort(), ['a', 'b', 'nameless'])
})

const big: DiffSpec = {
  to: 'a',
  size: 64 * mib,
  records: Array.from({ length: 16 }, (_, i) => ({
    offset: 4 * i * mib,
    content: Buffer.alloc(3 * mib, i + 1),
  })),
}

t.test('through pipes and sockets', async (t) => {
  const directory = t.testdir()
  const first = join(directory, 'first')
  const second = { file: join(directory, 'second') }
  writeFileSync(first, makeDiff(big))
  writeFileSync(second.file, makeDiff({ ...sample, from: 'a', size: big.size }))
  const whole = join(directory, 'whole')
  const result = await mergeDiffs([{ file: first }, second], { file: whole })

  const fifo = join(directory, 'fifo')
  await promisify(execFile)('mkfifo', [fifo])
  // In both directions at once: cat writes what we read, and reads what we write.
  const feeder = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', first, fifo])
  const out = join(directory, 'out')
  const collector = spawn('sh', ['-c', 'cat > "$1"', 'sh', out], { stdio: ['pipe', 'ignore', 'inherit'] })
  const reading = openSync(fifo, 'r')
  // A child's stdin is a socket.
  const socket = (collector.stdin as unknown as { _handle: { fd: number } })._handle.fd
  const merging = mergeDiffs([{ fd: reading }, second], { fd: socket })
  closeSync(reading) // the job has its own
  t.same(await merging, result)
  collector.stdin.end()
  await once(collector, 'close')
  if (feeder.exitCode === null) await once(feeder, 'close')
  t.ok(readFileSync(out).equals(readFileSync(whole)))
})

t.test('a job ends that waits for a pipe', async (t) => {
  const directory = t.testdir()
  const fifo = join(directory, 'fifo')
  await promisify(execFile)('mkfifo', [fifo])
  const fd = openSync(fifo, 'r+') // a reader and a writer: never the end
  t.teardown(() => closeSync(fd))
  const first = { file: join(directory, 'first') }
  const second = { file: join(directory, 'second') }
  writeFileSync(first.file, makeDiff(big))
  writeFileSync(second.file, makeDiff({ from: 'a', size: mib, records: [] }))

  const reads = new AbortController()
  const inspecting = inspectDiff({ fd }, { signal: reads.signal })
  setTimeout(() => reads.abort(new Error('enough')), 50)
  await t.rejects(Promise.resolve(inspecting), { message: 'enough' })

  const writes = new AbortController()
  const merging = mergeDiffs([first, second], { fd }, { signal: writes.signal })
  for await (const { bytesDone } of merging) if (bytesDone > 0) break
  writes.abort(new Error('enough'))
  await t.rejects(Promise.resolve(merging), { message: 'enough' })

  const empty = join(directory, 'empty')
  await promisify(execFile)('mkfifo', [empty])
  const half = openSync(empty, 'r+')
  t.teardown(() => closeSync(half))
  writeSync(half, makeDiff(big).subarray(0, 1000))
  const controller = new AbortController()
  const out = { file: join(directory, 'out') }
  const toFile = mergeDiffs([{ fd: half }, second], out, { signal: controller.signal })
  setTimeout(() => controller.abort(), 50)
  await t.rejects(Promise.resolve(toFile), { name: 'AbortError' })
  t.same(readdirSync(directory).sort(), ['empty', 'fifo', 'first', 'second'], 'nothing is left')
})

t.test('a reader that has gone: EPIPE', async (t) => {
  const directory = t.testdir()
  const first = { file: join(directory, 'first') }
  const second = { file: join(directory, 'second') }
  writeFileSync(first.file, makeDiff(big))
  writeFileSync(second.file, makeDiff({ from: 'a', size: 64 * mib, records: [] }))
  const fifo = join(directory, 'fifo')
  await promisify(execFile)('mkfifo', [fifo])
  const child = spawn('sh', ['-c', 'head -c 1000 "$1" > /dev/null', 'sh', fifo])
  const fd = openSync(fifo, 'w')
  await t.rejects(Promise.resolve(mergeDiffs([first, second], { fd })), { code: 'EPIPE', syscall: 'write' })
  closeSync(fd)
  if (child.exitCode === null) await once(child, 'close')
})
