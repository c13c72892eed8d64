/** Backing files: only where they are allowed, and no other file is opened. */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copy } from 'rbdkit'
import t from 'tap'
import { root } from '../helpers/package.js'
import { createQcow2, qemuImg, qemuIo, rawByQemu } from '../helpers/qcow2.js'

const mib = 1024 * 1024

/** Makes an image whose header names `backing`, whatever that is. */
function makeOverlay(file: string, backing: string, format: string, size = mib): void {
  qemuImg('create', '-q', '-u', '-f', 'qcow2', '-F', format, '-b', backing, file, String(size))
}

t.test('a chain is read as one disk, as QEMU reads it', async (t) => {
  const directory = t.testdir({ images: { bases: {} } })
  const images = join(directory, 'images')
  const base = Buffer.alloc(mib + 512)
  base.fill('base', 100_000, 900_000)
  writeFileSync(join(images, 'bases/base.raw'), base)
  // Smaller than what is in front of it, with other cluster sizes.
  makeOverlay(join(images, 'bases/middle.qcow2'), 'base.raw', 'raw', 2 * mib + 1024)
  qemuIo(
    join(images, 'bases/middle.qcow2'),
    'write -P 1 200k 10k',
    'write -z 300k 64k',
    'write -P 2 1536k 5k',
  )
  const top = join(images, 'top.qcow2')
  qemuImg(
    ...['create', '-q', '-f', 'qcow2', '-o', 'cluster_size=16k,extended_l2=on'],
    ...['-F', 'qcow2', '-b', 'bases/middle.qcow2', top, String(4 * mib)],
  )
  qemuIo(top, 'write -P 3 205k 1k', 'write -z 500k 20k', 'discard 600k 64k', 'write -P 4 3M 512')

  const expected = rawByQemu(top)
  for (const [name, directories] of [
    ['one directory', [images]],
    ['several', [join(directory), join(images, 'bases')]],
  ] as const) {
    const file = join(directory, name)
    const result = await copy({ file: top, backingDirectories: directories }, { file })
    t.ok(readFileSync(file).equals(expected), name)
    t.equal(result.bytes, 4 * mib)
  }
  // A link to the directory is as good as its own name.
  symlinkSync(images, join(directory, 'link'))
  const throughLink = join(directory, 'link/top.qcow2')
  await copy({ file: throughLink, backingDirectories: [images] }, { file: join(directory, 'linked') })
  t.ok(readFileSync(join(directory, 'linked')).equals(expected))
})

t.test('what a backing file must not be', async (t) => {
  const directory = t.testdir({ allowed: { sub: {} }, other: { 'secret.raw': 'secret' } })
  const allowed = join(directory, 'allowed')
  const other = join(directory, 'other')
  writeFileSync(join(allowed, 'base.raw'), Buffer.alloc(mib, 1))
  symlinkSync(join(other, 'secret.raw'), join(allowed, 'link.raw'))
  symlinkSync(other, join(allowed, 'linked'))
  execFileSync('mkfifo', [join(allowed, 'fifo'), join(other, 'fifo')])
  mkdirSync(join(directory, 'allowed-too'))
  writeFileSync(join(directory, 'allowed-too/base.raw'), 'x')
  const top = join(allowed, 'top.qcow2')
  const refused = async (backing: string, format: string, message: RegExp, directories = [allowed]) => {
    makeOverlay(top, backing, format)
    const job = copy({ file: top, backingDirectories: directories }, { file: join(directory, 'to') })
    await t.rejects(Promise.resolve(job), { code: 'ERR_RBDKIT_FORMAT', message }, backing)
    t.notOk(readdirSync(directory).includes('to'))
  }
  await refused('base.raw', 'raw', /has a backing file, 'base\.raw'; give backingDirectories/, [])
  await refused('/etc/passwd', 'raw', /'\/etc\/passwd'.*outside the allowed directories/)
  await refused('/no/such/file', 'raw', /outside the allowed directories/)
  await refused('../other/secret.raw', 'raw', /outside the allowed directories/)
  await refused('sub/../../other/secret.raw', 'raw', /outside the allowed directories/)
  await refused('../allowed-too/base.raw', 'raw', /outside the allowed directories/)
  await refused('link.raw', 'raw', /leads out of the allowed directories/)
  await refused('linked/secret.raw', 'raw', /leads out of the allowed directories/)
  await refused('fifo', 'raw', /not a regular file/)
  await refused('sub', 'raw', /not a regular file/)
  await refused('json:{"driver":"file","filename":"/etc/passwd"}', 'raw', /no path of a file/)
  await refused('nbd:unix:/run/nbd', 'raw', /no path of a file/)
  await refused('file:base.raw', 'raw', /no path of a file/)
  await refused('base.raw', 'vmdk', /recorded as 'vmdk'; it must be raw or qcow2/)
  await refused('base.raw', 'qcow2', /not a qcow2 image, in the backing file '.*base\.raw'/)
  await refused('top.qcow2', 'qcow2', /its own backing file/)

  makeOverlay(top, 'missing.raw', 'raw')
  const missing = copy({ file: top, backingDirectories: [allowed] }, { file: join(directory, 'to') })
  await t.rejects(Promise.resolve(missing), { code: 'ENOENT', message: /missing\.raw/ })
  const nowhere = copy(
    { file: top, backingDirectories: [join(directory, 'nowhere')] },
    { file: join(directory, 'to') },
  )
  await t.rejects(Promise.resolve(nowhere), { code: 'ENOENT', message: /nowhere/ })
})

t.test('a format that is not recorded, a chain that is too long or goes round', async (t) => {
  const directory = t.testdir()
  const refused = async (name: string, message: RegExp) => {
    const job = copy(
      { file: join(directory, name), backingDirectories: [directory] },
      { file: join(directory, 'to') },
    )
    await t.rejects(Promise.resolve(job), { code: 'ERR_RBDKIT_FORMAT', message }, name)
  }
  writeFileSync(join(directory, 'base.raw'), Buffer.alloc(mib))
  const unrecorded = join(directory, 'unrecorded.qcow2')
  makeOverlay(unrecorded, 'base.raw', 'raw')
  const bytes = readFileSync(unrecorded)
  const at = bytes.indexOf(Buffer.from('e2792aca', 'hex'))
  t.ok(at > 0)
  bytes.writeUInt32BE(0x12345678, at)
  writeFileSync(unrecorded, bytes)
  await refused('unrecorded.qcow2', /recorded nowhere/)

  makeOverlay(join(directory, 'a.qcow2'), 'b.qcow2', 'qcow2')
  makeOverlay(join(directory, 'b.qcow2'), 'a.qcow2', 'qcow2')
  await refused('a.qcow2', /its own backing file/)

  createQcow2(join(directory, '0.qcow2'), mib)
  for (let i = 1; i <= 16; i++) makeOverlay(join(directory, `${i}.qcow2`), `${i - 1}.qcow2`, 'qcow2')
  await refused('16.qcow2', /more than 15 backing files/)
  const source = { file: join(directory, '15.qcow2'), backingDirectories: [directory] }
  t.equal((await copy(source, { file: join(directory, 'to') })).bytes, mib)
})

t.test('no other file is opened, nor asked for', async (t) => {
  const directory = t.testdir({ allowed: {} })
  const top = join(directory, 'allowed/top.qcow2')
  const program = `
    import { copy } from ${JSON.stringify(join(root, 'dist/index.js'))}
    const [file, to, ...backingDirectories] = process.argv.slice(1)
    await copy({ file, backingDirectories }, { file: to }).catch((error) => console.log(error.code))`
  makeOverlay(top, '/etc/passwd', 'raw')
  for (const directories of [[], [join(directory, 'allowed')]]) {
    const log = join(directory, 'log')
    const args = [
      '-f',
      '-e',
      'trace=%file',
      '-o',
      log,
      process.execPath,
      '--input-type=module',
      '-e',
      program,
    ]
    const traced = spawnSync('strace', [...args, top, join(directory, 'to'), ...directories], {
      encoding: 'utf8',
    })
    t.equal(traced.stdout.trim(), 'ERR_RBDKIT_FORMAT', traced.stderr)
    const calls = readFileSync(log, 'utf8')
    t.match(calls, /openat\(.*top\.qcow2/, 'the trace is whole')
    t.notMatch(calls, /etc\/passwd/)
  }
})
