/** Files that QEMU reads become images; test/unit/copy-qemu.test.ts has what can go wrong with them. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { compare, copy } from 'rbdkit'
import t from 'tap'
import { qemuImg } from '../../helpers/qcow2.js'
import { cli } from '../cli/fixture.js'
import { makeSparse, mib, openPool, settledNames } from './fixture.js'

for (const [format, options, ending] of [
  ['vmdk', 'subformat=monolithicSparse', 'vmdk'],
  ['vmdk', 'subformat=streamOptimized', 'vmdk'],
  ['vhdx', 'subformat=dynamic', 'vhdx'],
  ['vdi', 'static=off', 'vdi'],
  ['vpc', 'subformat=dynamic,force_size=on', 'vhd'],
] as const) {
  t.test(`${format}, ${options}: an image of the same content`, async (t) => {
    const { ioctx, test } = await openPool(t)
    const directory = t.testdir()
    const raw = join(directory, 'raw')
    makeSparse(raw, 33 * mib + 512, [
      [0, 5],
      [3 * mib + 4097, 2 * mib],
      [33 * mib, 512],
    ])
    const file = join(directory, `disk.${ending}`)
    qemuImg('convert', '-q', '-f', 'raw', '-O', format, '-o', options, raw, file)
    const { digest } = await copy({ file: raw }, { ioctx, image: 'raw' })
    t.match(await copy({ file }, { ioctx, image: 'ours' }, { verify: 'osd' }), {
      digest,
      bytes: 33 * mib + 512,
    })
    t.match(await compare({ file }, { ioctx, image: 'raw' }), { equal: true })

    const other = join(directory, 'other')
    renameSync(file, other)
    const refused = await cli(test.confFile, 'import', other, `${ioctx.pool}/theirs`)
    t.match(refused, { status: 1, stderr: new RegExp(`a ${format} image; give format`) })
    const imported = await cli(test.confFile, 'import', '--format', format, other, `${ioctx.pool}/theirs`)
    t.match(imported, { status: 0, stdout: new RegExp(digest) })
    for (const image of ['ours', 'theirs']) {
      const args = ['--pool', ioctx.pool, 'export', '--no-progress', image, '-']
      const rbd = spawn('rbd', args, {
        env: { ...process.env, ...test.env },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const cmp = spawn('cmp', ['-', raw], { stdio: [rbd.stdout, 'inherit', 'inherit'] })
      t.same(await once(cmp, 'close'), [0, null], `${image}, by rbd export and cmp`)
    }
    t.same(await settledNames(ioctx), ['ours', 'raw', 'theirs'])
  })
}

t.test('qemu-nbd killed in the middle of an import', async (t) => {
  const { ioctx, test } = await openPool(t)
  const directory = t.testdir()
  const raw = join(directory, 'raw')
  makeSparse(raw, 24 * mib, [[0, 24 * mib]])
  const file = join(directory, 'disk.vmdk')
  qemuImg('convert', '-q', '-f', 'raw', '-O', 'vmdk', raw, file)
  let killed = false
  const onProgress = () => {
    const { stdout } = spawnSync('pgrep', ['-P', String(process.pid), '-x', 'qemu-nbd'], { encoding: 'utf8' })
    if (killed || stdout === '') return
    killed = true
    process.kill(Number(stdout), 'SIGKILL')
  }
  const job = copy({ file }, { ioctx, image: 'disk' }, { bandwidthLimit: 4 * mib, onProgress })
  await t.rejects(job.then(), { code: 'EPIPE', syscall: 'qemu-nbd', path: file })
  t.ok(killed)
  t.same(await settledNames(ioctx), [])
  t.match(await cli(test.confFile, 'import', '--format', 'vdi', '-', `${ioctx.pool}/x`), {
    status: 2,
    stderr: /standard input is raw/,
  })
})
