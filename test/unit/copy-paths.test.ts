/** Paths that lead to neither files nor block devices: FIFOs, /dev/null and other character devices. */

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compare, copy } from 'rbdkit'
import t from 'tap'

const mib = 1024 * 1024

t.test('/dev/null takes everything, and tells the digest; /dev/full takes nothing', async (t) => {
  const directory = t.testdir()
  const from = { file: join(directory, 'from') }
  writeFileSync(from.file, randomBytes(5 * mib))
  truncateSync(from.file, 2 ** 43)
  const null1 = await copy(from, { file: '/dev/null' })
  t.same([null1.bytes, null1.bytesWritten], [2 ** 43, 5 * mib])
  truncateSync(from.file, 6 * mib + 1)
  const link = { file: join(directory, 'link') }
  symlinkSync('/dev/null', link.file)
  const null2 = await copy(from, link)
  t.equal((await copy(from, { file: join(directory, 'to') })).digest, null2.digest)
  await t.rejects(copy(from, { file: '/dev/full' }).then(), { code: 'ENOSPC', path: '/dev/full' })
  await t.rejects(copy(from, { file: '/dev/null' }, { verify: 'full' }).then(), {
    code: 'ERR_VERIFY_UNSUPPORTED',
  })
})

t.test('a character device has no end, so it is no source', async (t) => {
  const directory = t.testdir()
  for (const file of ['/dev/zero', '/dev/null', '/dev/urandom']) {
    const job = copy({ file }, { file: join(directory, 'to') })
    await t.rejects(job.then(), { code: 'ENOTSUP', path: file, message: /block device/ })
  }
  t.same(readdirSync(directory), [])
})

t.test('a FIFO is written to and read from by its path, whoever opens it first', async (t) => {
  const directory = t.testdir()
  const from = { file: join(directory, 'from') }
  const fifo = { file: join(directory, 'fifo') }
  execFileSync('mkfifo', [fifo.file])
  const content = Buffer.concat([randomBytes(3 * mib), Buffer.alloc(9 * mib), randomBytes(77)])
  writeFileSync(from.file, content)
  for (const first of ['reader', 'writer']) {
    const to = { file: join(directory, first) }
    const jobs = [() => copy(fifo, to), () => copy(from, fifo)]
    if (first === 'writer') jobs.reverse()
    const [a, b] = await Promise.all(jobs.map((start) => start()))
    t.equal(a?.digest, b?.digest)
    t.ok(readFileSync(to.file).equals(content))
  }
  const timeout = () => ({ signal: AbortSignal.timeout(100) })
  const never = { file: join(directory, 'never') }
  await t.rejects(copy(fifo, never, timeout()).then(), { name: 'TimeoutError' }, 'there is no writer')
  await t.rejects(copy(from, fifo, timeout()).then(), { name: 'TimeoutError' }, 'there is no reader')
  await t.rejects(compare(from, fifo).then(), { code: 'ENOTSUP' }, 'it cannot be compared')
  t.same(readdirSync(directory).sort(), ['fifo', 'from', 'reader', 'writer'])
})
