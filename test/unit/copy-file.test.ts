import { randomBytes } from 'node:crypto'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type CopyProgress, type CopySource, copy, IoCtx } from 'rbdkit'
import t from 'tap'

const mib = 1024 * 1024

/** The CRC32C of RFC 3720, bit by bit: slow, and nothing in common with the one under test. */
function crc32c(bytes: Uint8Array): string {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return `crc32c:${((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0')}`
}

/** Makes a sparse file of `size` bytes with random data at the given places. */
function makeSparse(path: string, size: number, data: [offset: number, length: number][]): void {
  const fd = openSync(path, 'w')
  ftruncateSync(fd, size)
  for (const [offset, length] of data) writeSync(fd, randomBytes(length), 0, length, offset)
  closeSync(fd)
}

t.test('content, size and digest of sparse and ragged files', async (t) => {
  const directory = t.testdir()
  const cases: [name: string, size: number, data: [number, number][]][] = [
    ['empty', 0, []],
    ['one byte', 1, [[0, 1]]],
    ['all hole', 3 * mib + 17, []],
    [
      'ragged end',
      5 * mib + 513,
      [
        [4 * mib - 1, 2 * 4096],
        [5 * mib, 513],
      ],
    ],
    [
      'data at both ends',
      9 * mib,
      [
        [0, 4096],
        [9 * mib - 1, 1],
      ],
    ],
    ['dense', 4 * mib + 4097, [[0, 4 * mib + 4097]]],
  ]
  for (const [name, size, data] of cases) {
    const from = join(directory, `${name}.from`)
    const to = join(directory, `${name}.to`)
    makeSparse(from, size, data)
    const result = await copy({ file: from }, { file: to })
    const content = readFileSync(to)
    t.ok(content.equals(readFileSync(from)), `${name}: same bytes`)
    t.equal(result.bytes, size, name)
    t.equal(result.digest, crc32c(content), `${name}: digest`)
    t.equal(result.holes, size - result.bytesWritten, name)
    t.ok(statSync(to).blocks <= statSync(from).blocks + 8, `${name}: no hole became data`)
  }
  t.same(
    readdirSync(directory).filter((name) => name.includes('.rbdkit-')),
    [],
    'no temporary is left',
  )
})

t.test('zeros that the source has as data become holes', async (t) => {
  const directory = t.testdir()
  const from = join(directory, 'from')
  const content = Buffer.alloc(8 * mib)
  for (let at = 0; at < content.length; at += 8192) content.fill(at % 251, at, at + 4096)
  writeFileSync(from, content)
  const to = join(directory, 'to')
  const result = await copy({ file: from }, { file: to })
  t.ok(readFileSync(to).equals(content))
  t.ok(statSync(to).blocks * 512 <= 4 * mib + 64 * 1024, 'half of it')
  t.equal(result.bytesRead, content.length)
  t.ok(result.holes >= 4 * mib)
})

t.test('a 20 GiB hole takes no time and no memory', async (t) => {
  const directory = t.testdir()
  const from = join(directory, 'from')
  makeSparse(from, 20 * 1024 * mib, [[10 * 1024 * mib + 5, 100]])
  const result = await copy({ file: from }, { file: join(directory, 'to') })
  t.ok(result.seconds < 5, `${result.seconds} s`)
  t.ok(result.bytesRead <= 8192)
  t.equal(statSync(join(directory, 'to')).size, 20 * 1024 * mib)
})

t.test('a name that is taken: EEXIST, and nothing is touched', async (t) => {
  const directory = t.testdir({ from: 'new', to: 'old', sub: {} })
  symlinkSync('nowhere', join(directory, 'dangling'))
  const before = readdirSync(directory)
  for (const name of ['to', 'sub', 'dangling', 'from']) {
    const file = join(directory, name)
    await t.rejects(Promise.resolve(copy({ file: join(directory, 'from') }, { file })), {
      code: 'EEXIST',
      syscall: 'open',
      path: file,
      errno: -17,
    })
  }
  t.equal(readFileSync(join(directory, 'to'), 'utf8'), 'old')
  t.same(readdirSync(directory), before)
})

t.test('a name taken while the copy runs is not replaced', async (t) => {
  const directory = t.testdir()
  const from = join(directory, 'from')
  const to = join(directory, 'to')
  makeSparse(from, 64 * mib, [[0, 64 * mib]])
  const job = copy({ file: from }, { file: to }, { maxMemory: 16 * mib })
  while (readdirSync(directory).length < 2) await new Promise((resolve) => setImmediate(resolve))
  writeFileSync(to, 'faster')
  await t.rejects(Promise.resolve(job), { code: 'EEXIST', path: to })
  t.equal(readFileSync(to, 'utf8'), 'faster')
  t.same(readdirSync(directory).sort(), ['from', 'to'])
})

t.test('errors of the file system have its codes', async (t) => {
  const directory = t.testdir({ from: 'x', sub: {} })
  const from = join(directory, 'from')
  const to = { file: join(directory, 'to') }
  const missing = join(directory, 'missing')
  await t.rejects(Promise.resolve(copy({ file: missing }, to)), {
    code: 'ENOENT',
    syscall: 'open',
    path: missing,
  })
  await t.rejects(Promise.resolve(copy({ file: directory }, to)), { code: 'EISDIR' })
  await t.rejects(Promise.resolve(copy({ file: '/dev/null' }, to)), { code: /^(ENOTSUP|EOPNOTSUPP)$/ })
  await t.rejects(Promise.resolve(copy({ file: from }, { file: join(missing, 'to') })), { code: 'ENOENT' })
  await t.rejects(Promise.resolve(copy({ file: from }, { file: join(from, 'to') })), { code: 'ENOTDIR' })
  const longest = join(directory, 'n'.repeat(255))
  await copy({ file: from }, { file: longest })
  t.equal(readFileSync(longest, 'utf8'), 'x', 'the longest name has room for a temporary one')
  await t.rejects(Promise.resolve(copy({ file: from }, { file: `${longest}n` })), { code: 'ENAMETOOLONG' })
  t.same(readdirSync(directory).sort(), ['from', 'n'.repeat(255), 'sub'])
})

t.test('a source that changes meanwhile is not published', async (t) => {
  for (const [name, change] of [
    ['written to', (path: string) => writeFileSync(path, 'x', { flag: 'r+' })],
    ['cut', (path: string) => truncateSync(path, mib)],
  ] as const) {
    const directory = t.testdir()
    const from = join(directory, 'from')
    makeSparse(from, 96 * mib, [[0, 96 * mib]])
    const job = copy({ file: from }, { file: join(directory, 'to') }, { maxMemory: 16 * mib })
    while (readdirSync(directory).length < 2) await new Promise((resolve) => setImmediate(resolve))
    change(from)
    await t.rejects(Promise.resolve(job), { code: 'ERR_SOURCE_CHANGED', message: /from/ }, name)
    t.same(readdirSync(directory), ['from'], name)
  }
})

t.test('aborted at many moments: all or nothing', async (t) => {
  const directory = t.testdir()
  mkdirSync(join(directory, 'to'))
  const from = join(directory, 'from')
  makeSparse(from, 32 * mib, [[0, 32 * mib]])
  let aborted = 0
  for (let moment = 0; moment < 40; moment++) {
    const to = join(directory, 'to', String(moment))
    const controller = new AbortController()
    const reason = new Error(`moment ${moment}`)
    setTimeout(() => controller.abort(reason), moment * 2)
    try {
      await copy({ file: from }, { file: to }, { signal: controller.signal })
      t.equal(statSync(to).size, 32 * mib)
    } catch (error) {
      aborted++
      t.equal(error, reason)
    }
  }
  t.ok(aborted > 0)
  t.equal(readdirSync(join(directory, 'to')).length, 40 - aborted)
})

t.test('a signal that is aborted already starts nothing', async (t) => {
  const directory = t.testdir({ from: 'x' })
  const job = copy(
    { file: join(directory, 'from') },
    { file: join(directory, 'to') },
    { signal: AbortSignal.abort(7) },
  )
  const reason = await job.catch((error) => error)
  t.equal(reason, 7)
  t.same(readdirSync(directory), ['from'])
})

t.test('progress: phases in order, bytes up to the total, the last one final', async (t) => {
  const directory = t.testdir()
  const from = join(directory, 'from')
  makeSparse(from, 200 * mib, [[0, 150 * mib]])
  const called: CopyProgress[] = []
  const job = copy({ file: from }, { file: join(directory, 'to') }, { onProgress: (p) => called.push(p) })
  const seen: CopyProgress[] = []
  for await (const p of job) seen.push(p)
  const { bytes, seconds } = await job
  t.equal(bytes, 200 * mib)
  const order = ['prepare', 'copy', 'flush', 'publish', 'done']
  for (const list of [called, seen]) {
    const last = list.at(-1)
    t.match(last, { phase: 'done', bytesDone: 200 * mib, bytesTotal: 200 * mib, stalled: false })
    t.ok((last?.bytesPerSecond ?? 0) > 0)
    for (let i = 1; i < list.length; i++) {
      const [before, after] = [list[i - 1], list[i]]
      if (!before || !after) continue
      t.ok(after.bytesDone >= before.bytesDone)
      t.ok(order.indexOf(after.phase) >= order.indexOf(before.phase))
    }
    t.ok(list.length <= seconds * 10 + 3, `${list.length} in ${seconds} s`)
  }
})

t.test('a throw in onProgress aborts the copy with that error', async (t) => {
  const directory = t.testdir()
  const from = join(directory, 'from')
  makeSparse(from, 64 * mib, [[0, 64 * mib]])
  const error = new Error('in the callback')
  const onProgress = () => {
    throw error
  }
  const job = copy({ file: from }, { file: join(directory, 'to') }, { onProgress })
  t.equal(await job.catch((e) => e), error)
  t.same(readdirSync(directory), ['from'])
})

t.test('wrong arguments reject with Node codes', async (t) => {
  const source = { file: '/nowhere/from' }
  const destination = { file: '/nowhere/to' }
  const type = { code: 'ERR_INVALID_ARG_TYPE' }
  const value = { code: 'ERR_INVALID_ARG_VALUE' }
  const range = { code: 'ERR_OUT_OF_RANGE' }
  const bad = (end: unknown) => end as CopySource & { file: string }
  const ioctx = Object.create(IoCtx.prototype) as IoCtx
  const cases: [job: PromiseLike<unknown>, expected: { code: string }][] = [
    [copy(bad(null), destination), type],
    [copy(bad('path'), destination), type],
    [copy({ file: '' }, destination), value],
    [copy({ file: 'a\0b' }, destination), value],
    [copy(bad({ file: 7 }), destination), type],
    [copy(bad({ file: 'x', format: 'qed' }), destination), value],
    [copy({ file: 'x', format: 'raw', backingDirectories: ['/images'] }, destination), value],
    [copy(bad({ file: 'x.qcow2', backingDirectories: '/images' }), destination), type],
    [copy(bad({ file: 'x.qcow2', backingDirectories: [7] }), destination), type],
    [copy(bad({ file: 'x', ioctx }), destination), value],
    [copy(bad({ ioctx: {}, image: 'x' }), destination), type],
    [copy({ ioctx, image: '' }, destination), value],
    [copy({ ioctx, image: 'a', snapshot: 'b\0c' }, destination), value],
    [copy(source, bad(undefined)), type],
    [copy(source, { ioctx, image: 'a@b' }), value],
    [copy(source, { ioctx, image: 'a', objectSize: 5000 }), value],
    [copy(source, destination, { maxMemory: 1024 }), range],
    [copy(source, destination, { maxMemory: Number.NaN }), range],
    [copy(source, destination, { signal: {} as AbortSignal }), type],
    [copy(source, destination, 7 as unknown as object), type],
  ]
  for (const [job, expected] of cases) await t.rejects(Promise.resolve(job), expected)
})
