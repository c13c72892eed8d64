/** qcow2 images that QEMU made, read as QEMU reads them. */

import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { type CopyResult, copy } from 'rbdkit'
import t, { type Test } from 'tap'
import { convertToQcow2, createQcow2, qemuImg, qemuIo, rawByQemu } from '../helpers/qcow2.js'

const kib = 1024
const mib = 1024 * kib

/** A disk with text, random data, zeros and holes; its size is a multiple of nothing but a sector. */
function makeDisk(): Buffer {
  const disk = Buffer.alloc(5 * mib + 512)
  const text = Buffer.from('The quick brown fox jumps over the lazy dog, and so on and on. '.repeat(2000))
  text.copy(disk, 100)
  text.copy(disk, 2 * mib - 70_000)
  randomBytes(200_000).copy(disk, 3 * mib + 4096)
  text.copy(disk, disk.length - 5000, 0, 5000)
  return disk
}

/** Copies `file` to a file, and checks it against what QEMU reads. */
async function copiesAsQemu(t: Test, file: string, name: string): Promise<CopyResult> {
  const to = `${file}.copy`
  const result = await copy({ file, format: 'qcow2' }, { file: to })
  const expected = rawByQemu(file)
  t.ok(readFileSync(to).equals(expected), `${name}: as QEMU reads it`)
  t.equal(result.bytes, expected.length, name)
  rmSync(to)
  return result
}

const forms: [name: string, flags: string[], options: string][] = [
  ['version 3', [], ''],
  ['version 2', [], 'compat=0.10'],
  ['version 2, compressed', ['-c'], 'compat=0.10,cluster_size=4k'],
  ['zlib', ['-c'], ''],
  ['zstd', ['-c'], 'compression_type=zstd'],
  ['zlib, the smallest clusters', ['-c'], 'cluster_size=512'],
  ['zlib, the largest clusters', ['-c'], 'cluster_size=2M'],
  ['zlib, written in any order', ['-c', '-W', '-m', '8'], 'cluster_size=16k'],
  ['extended L2', [], 'extended_l2=on,cluster_size=64k'],
  ['extended L2, zstd', ['-c'], 'extended_l2=on,cluster_size=16k,compression_type=zstd'],
  ['lazy refcounts', [], 'lazy_refcounts=on'],
  ['preallocated metadata', [], 'preallocation=metadata'],
  ['preallocated, extended L2', [], 'preallocation=metadata,extended_l2=on'],
  ['preallocated', [], 'preallocation=falloc'],
]

t.test('every form of image, then written to, zeroed, discarded, resized', async (t) => {
  const directory = t.testdir()
  const raw = join(directory, 'disk.raw')
  const disk = makeDisk()
  writeFileSync(raw, disk)
  const plain = await copy({ file: raw }, { file: join(directory, 'plain') })
  for (const [name, flags, options] of forms) {
    const file = join(directory, 'disk.qcow2')
    convertToQcow2(raw, file, flags, options)
    const result = await copiesAsQemu(t, file, name)
    t.equal(result.digest, plain.digest, `${name}: the digest of the same disk as a file`)
    t.ok(result.holes >= plain.holes, `${name}: no hole became data`)

    qemuIo(
      file,
      'write -P 7 1000k 3k',
      'write -z 3100k 200k',
      'write -z -u 64k 64k',
      'discard 2M 128k',
      'write -P 9 5M 512',
    )
    qemuImg('resize', '-q', file, String(9 * mib + 1536))
    qemuIo(file, 'write -P 11 9M 1536')
    await copiesAsQemu(t, file, `${name}, changed`)
  }
})

t.test('an image with internal snapshots is read as it is now', async (t) => {
  const directory = t.testdir()
  const file = join(directory, 'disk.qcow2')
  createQcow2(file, 3 * mib)
  qemuIo(file, 'write -P 1 0 1M')
  qemuImg('snapshot', '-c', 'before', file)
  qemuIo(file, 'write -P 2 512k 1M', 'write -z 0 64k')
  await copiesAsQemu(t, file, 'after the snapshot')
  qemuImg('snapshot', '-a', 'before', file)
  await copiesAsQemu(t, file, 'back at the snapshot')
})

t.test('empty, tiny and very large disks', async (t) => {
  const directory = t.testdir()
  for (const size of [0, 512, 64 * kib, 64 * kib + 512]) {
    const file = join(directory, `${size}.qcow2`)
    createQcow2(file, size)
    await copiesAsQemu(t, file, `${size} bytes, a hole`)
    if (size > 0) qemuIo(file, `write -P 5 ${size - 512} 512`)
    await copiesAsQemu(t, file, `${size} bytes`)
  }
  const file = join(directory, 'large.qcow2')
  createQcow2(file, 4 * 1024 ** 4)
  qemuIo(file, 'write -P 5 3T 4k')
  const to = join(directory, 'large')
  const result = await copy({ file }, { file: to })
  t.equal(result.bytes, 4 * 1024 ** 4)
  t.ok(result.bytesWritten <= 64 * kib)
  t.ok(statSync(to).blocks * 512 <= 256 * kib, 'its holes are holes')
})

t.test('random patterns', async (t) => {
  const directory = t.testdir()
  let round = 0
  const write = fc.record({
    kind: fc.constantFrom('write -P', 'write -z', 'write -z -u', 'discard', 'write -c -P'),
    at: fc.nat(63),
    count: fc.integer({ min: 1, max: 40 }),
    value: fc.integer({ min: 1, max: 255 }),
  })
  const image = fc.record({
    cluster: fc.constantFrom(512, 4096, 16384, 65536),
    extended: fc.boolean(),
    old: fc.boolean(),
    zstd: fc.boolean(),
    writes: fc.array(write, { maxLength: 12 }),
  })
  await fc.assert(
    fc.asyncProperty(image, async ({ cluster, extended, old, zstd, writes }) => {
      const file = join(directory, `${round++}.qcow2`)
      const options = [`cluster_size=${cluster}`]
      if (old) options.push('compat=0.10')
      else if (extended && cluster >= 16384) options.push('extended_l2=on')
      if (!old && zstd) options.push('compression_type=zstd')
      createQcow2(file, 64 * 65536 + 1024, options.join(','))
      // QEMU refuses a compressed cluster where there is another one, compressed or not.
      const compressed = writes.filter(
        ({ kind, at }, index) =>
          kind.includes('-c') &&
          !writes.slice(0, index).some((earlier) => earlier.kind.includes('-c') && earlier.at === at),
      )
      const others = writes.filter(({ kind }) => !kind.includes('-c'))
      const commands = [...compressed, ...others].map(({ kind, at, count, value }) => {
        // A compressed write is of one whole cluster.
        if (kind.includes('-c')) return `${kind} ${value} ${at * cluster} ${cluster}`
        const pattern = kind === 'write -P' ? ` ${value}` : ''
        return `${kind}${pattern} ${at * 65536 + count * 512} ${count * 1024}`
      })
      if (commands.length > 0) qemuIo(file, ...commands)
      await copiesAsQemu(t, file, `image ${round}`)
      rmSync(file)
    }),
    { numRuns: 15 },
  )
})

t.test('how a file is read is decided by its name, or said; never by what it begins with', async (t) => {
  const directory = t.testdir()
  const image = join(directory, 'disk.qcow2')
  createQcow2(image, mib)
  qemuIo(image, 'write -P 1 0 4k')
  const to = join(directory, 'to')
  t.equal((await copy({ file: image }, { file: to })).bytes, mib, 'named .qcow2')
  rmSync(to)

  // A guest can write all of this to a raw disk.
  const disk = join(directory, 'disk.raw')
  copyFileSync(image, disk)
  await t.rejects(Promise.resolve(copy({ file: disk }, { file: to })), {
    name: 'CopyError',
    code: 'ERR_RBDKIT_FORMAT',
    message: /qcow2.*format: 'qcow2'.*format: 'raw'.*disk\.raw/s,
  })
  t.equal((await copy({ file: disk, format: 'qcow2' }, { file: to })).bytes, mib)
  rmSync(to)
  for (const file of [disk, image]) {
    await copy({ file, format: 'raw' }, { file: to })
    t.ok(readFileSync(to).equals(readFileSync(image)))
    rmSync(to)
  }

  writeFileSync(join(directory, 'not.qcow2'), 'a page that says that the image is not there')
  await t.rejects(Promise.resolve(copy({ file: join(directory, 'not.qcow2') }, { file: to })), {
    code: 'ERR_RBDKIT_FORMAT',
    message: /not a qcow2 image.*not\.qcow2/s,
  })
  t.notOk(readdirSync(directory).includes('to'))
})

t.test('a source that changes meanwhile is not published', async (t) => {
  for (const [name, change] of [
    ['written to', (image: string) => qemuIo(image, 'write -P 1 0 4k')],
    ['cut', (image: string) => truncateSync(image, mib)],
  ] as const) {
    const directory = t.testdir({ to: {} })
    const raw = join(directory, 'raw')
    writeFileSync(raw, randomBytes(64 * mib))
    const file = join(directory, 'disk.qcow2')
    convertToQcow2(raw, file, [], '')
    const to = join(directory, 'to')
    // Two seconds, so that it is still at work when the other program has changed the file.
    const job = copy({ file }, { file: join(to, 'disk') }, { bandwidthLimit: 32 * mib })
    while (readdirSync(to).length === 0) await new Promise((resolve) => setImmediate(resolve))
    change(file)
    await t.rejects(Promise.resolve(job), { code: 'ERR_SOURCE_CHANGED', message: /disk\.qcow2/ }, name)
    t.same(readdirSync(to), [], name)
  }
})
