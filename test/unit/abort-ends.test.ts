/** Whatever the other end does, or does not do, an abort is heard. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Readable } from 'node:stream'
import { compare, copy } from 'rbdkit'
import t from 'tap'
import { plainNode } from '../helpers/child.js'
import { makeDiff } from '../helpers/diff.js'

const mib = 1024 * 1024
const index = new URL('../../dist/index.js', import.meta.url).href

t.test('comparing with a disk whose qemu-nbd does not answer', async (t) => {
  const directory = t.testdir({ 'b.raw': 'x' })
  const bin = join(directory, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'qemu-nbd'), '#!/bin/sh\nexec /bin/sleep 60\n')
  chmodSync(join(bin, 'qemu-nbd'), 0o755)
  const { PATH } = process.env
  process.env.PATH = `${bin}${delimiter}${PATH}`
  t.teardown(() => {
    process.env.PATH = PATH
  })
  const disk = { file: join(directory, 'a.vmdk') }
  const made = spawn('qemu-img', ['create', '-q', '-f', 'vmdk', disk.file, '1M'])
  t.same(await once(made, 'close'), [0, null])
  const raw = { file: join(directory, 'b.raw') }
  for (const [a, b] of [
    [disk, raw],
    [raw, disk],
  ] as const) {
    const controller = new AbortController()
    const job = compare(a, b, { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), 300)
    await t.rejects(job.then(), { message: 'enough' })
  }
})

t.test(
  'a pipe that belongs to somebody else and that nobody reads',
  {
    skip: process.getuid?.() !== 0 && 'only root can become somebody else',
  },
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'rbdkit-ends-'))
    t.teardown(() => rmSync(directory, { recursive: true }))
    chmodSync(directory, 0o755)
    const record = (content: number) => [{ offset: 0, content: Buffer.alloc(4 * mib, content) }]
    writeFileSync(join(directory, 'a'), makeDiff({ to: 'x', size: 4 * mib, records: record(1) }))
    writeFileSync(join(directory, 'b'), makeDiff({ from: 'x', to: 'y', size: 4 * mib, records: record(2) }))
    const fifo = join(directory, 'fifo')
    t.same(await once(spawn('mkfifo', ['-m', '600', fifo]), 'close'), [0, null])
    const fd = openSync(fifo, 'r+')
    t.teardown(() => closeSync(fd))
    const program = `
    import { mergeDiffs } from ${JSON.stringify(index)}
    process.setgid(65534)
    process.setuid(65534)
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')), 500)
    setTimeout(() => { console.error('not settled'); process.kill(process.pid, 'SIGKILL') }, 10_000).unref()
    try {
      await mergeDiffs([{ file: 'a' }, { file: 'b' }], { fd: 1 }, { signal: controller.signal })
    } catch ({ message }) {
      console.error(message)
    }`
    const [command, args] = plainNode(['--input-type=module', '-e', program])
    const child = spawn(command, args, { cwd: directory, stdio: ['ignore', fd, 'pipe'] })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    await once(child, 'close')
    t.equal(stderr, 'enough\n')
  },
)

/** Three chunks of which somebody else who listens takes the memory with `take`. */
function streamWithThief(memory: () => ArrayBuffer, take: (memory: ArrayBuffer) => void): Readable {
  const chunks = [memory(), memory(), memory()]
  for (const chunk of chunks) new Uint8Array(chunk).fill(7)
  const stream = new Readable({ highWaterMark: 64 * mib, read() {} })
  for (const chunk of chunks) stream.push(new Uint8Array(chunk))
  stream.push(null)
  stream.on('data', ({ buffer }) => setImmediate(() => take(buffer)))
  return stream
}

t.test('chunks whose memory somebody else transfers or shrinks', async (t) => {
  const to = { file: join(t.testdir(), 'to') }
  const transferred = streamWithThief(
    () => new ArrayBuffer(16 * mib),
    (memory) => structuredClone(memory, { transfer: [memory] }),
  )
  await t.rejects(copy(transferred, to).then(), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /"source" is invalid: the memory of one of its chunks was transferred away/,
  })
  const Resizable = ArrayBuffer as unknown as new (size: number, o: { maxByteLength: number }) => ArrayBuffer
  const shrunk = streamWithThief(
    () => new Resizable(16 * mib, { maxByteLength: 32 * mib }),
    (memory) => (memory as unknown as { resize(size: number): void }).resize(0),
  )
  await t.rejects(copy(shrunk, to).then(), { code: 'ERR_INVALID_ARG_VALUE', message: /is resizable/ })
})
