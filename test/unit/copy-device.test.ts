/** Block devices, as loop devices have them: where there are none this is skipped, and says so. */

import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { copy } from 'rbdkit'
import t from 'tap'
import { attach, oldDevice, run } from './device-fixture.js'

const mib = 1024 * 1024

/** Data, holes that are large, small and ragged, and zeros that a file system does not know of. */
function makeSource(directory: string, size: number): { file: string; content: Buffer } {
  const content = Buffer.alloc(size)
  for (const [at, length] of [
    [0, 1],
    [mib + 4096, 5 * mib],
    [9 * mib - 100, 200],
    [size - 700, 3],
  ] as const) {
    randomBytes(length).copy(content, at)
  }
  content.fill(0, 3 * mib, 3 * mib + 8192)
  const file = join(directory, 'source')
  const fd = openSync(file, 'w')
  truncateSync(file, size)
  for (let at = 0; at < size; at += 64 * 1024) {
    const part = content.subarray(at, at + 64 * 1024)
    if (at % (4 * mib) === 0 || !part.equals(Buffer.alloc(part.length)))
      writeSync(fd, part, 0, part.length, at)
  }
  closeSync(fd)
  return { file, content }
}

t.test('a block device is copied whole', async (t) => {
  const { file, content } = makeSource(t.testdir(), 9 * mib + 512)
  const device = attach(t, file, '--read-only')
  if (device === undefined) return
  const to = `${file}.copy`
  const result = await copy({ file: device }, { file: to })
  t.equal(result.bytes, content.length)
  t.ok(result.holes > 3 * mib, 'zeros became holes')
  t.ok(readFileSync(to).equals(content))
})

t.test(
  'a block device is overwritten in place: nothing old is left, nothing behind the end is touched',
  async (t) => {
    for (const [name, size, options] of [
      ['blocks of 512', 20 * mib + 512, []],
      ['blocks of 4096, a ragged end', 20 * mib + 1536, ['--sector-size', '4096']],
    ] as const) {
      await t.test(name, async (t) => {
        const directory = t.testdir()
        const device = oldDevice(t, directory, 24 * mib, ...options)
        if (device === undefined) return
        const { file, content } = makeSource(directory, size)
        await t.rejects(copy({ file }, device).then(), {
          code: 'EEXIST',
          path: device.file,
          message: /replace/,
        })
        t.ok(device.content().equals(Buffer.alloc(24 * mib, 'o')), 'not without replace')
        for (const verify of ['read-back', 'full'] as const) {
          const result = await copy({ file }, device, { replace: true, verify })
          t.equal(result.bytes, size)
          const now = device.content()
          t.ok(now.subarray(0, size).equals(content))
          t.ok(now.subarray(size).equals(Buffer.alloc(24 * mib - size, 'o')))
        }
      })
    }
  },
)

t.test('a stream into a device, and one that is too long for it', async (t) => {
  const device = oldDevice(t, t.testdir(), 8 * mib)
  if (device === undefined) return
  const stream = (size: number) => Readable.from([Buffer.alloc(size, 'n')], { objectMode: false })
  const result = await copy(stream(8 * mib), device, { replace: true })
  t.equal(result.bytes, 8 * mib)
  t.ok(device.content().equals(Buffer.alloc(8 * mib, 'n')))
  const long = copy(stream(8 * mib + 1), device, { replace: true })
  await t.rejects(long.then(), { code: 'ENOSPC', path: device.file, message: /8388608 bytes/ })
})

t.test('a device that is too small, in use or read-only is refused and left as it is', async (t) => {
  const directory = t.testdir()
  const device = oldDevice(t, directory, 8 * mib)
  if (device === undefined) return
  const source = { file: join(directory, 'source') }
  writeFileSync(source.file, '')
  truncateSync(source.file, 8 * mib + 512)
  const refused = (to: { file: string }, code: string | RegExp) =>
    t.rejects(copy(source, to, { replace: true }).then(), { code, path: to.file })
  await refused(device, 'ENOSPC')
  t.ok(device.content().equals(Buffer.alloc(8 * mib, 'o')))

  truncateSync(source.file, mib)
  const readOnly = join(directory, 'read-only')
  writeFileSync(readOnly, Buffer.alloc(mib))
  const locked = attach(t, readOnly, '--read-only')
  if (locked !== undefined) await refused({ file: locked }, /^(EACCES|EPERM|EROFS)$/)

  run('mkfs.ext4', '-q', device.file)
  const mounted = join(directory, 'mounted')
  mkdirSync(mounted)
  try {
    run('mount', device.file, mounted)
  } catch (error) {
    t.pass('skipped', { skip: `no mount: ${error instanceof Error ? error.message : String(error)}` })
    return
  }
  try {
    await refused(device, 'EBUSY')
  } finally {
    run('umount', mounted)
  }
})
