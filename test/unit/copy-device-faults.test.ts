/** Block devices that fail under a copy, and a copy that is killed while it writes one. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmdirSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copy } from 'rbdkit'
import t from 'tap'
import { attach, oldDevice, run } from './device-fixture.js'

const mib = 1024 * 1024

t.test('a device that cannot be read: EIO, and nothing has the name', async (t) => {
  const directory = t.testdir()
  const backing = join(directory, 'backing')
  writeFileSync(backing, Buffer.alloc(24 * mib, 'd'))
  const file = attach(t, backing, '--direct-io=on')
  if (file === undefined) return
  truncateSync(backing, 12 * mib) // what the device still has and its file does not
  const to = join(directory, 'copy')
  await t.rejects(copy({ file }, { file: to }).then(), { code: 'EIO', path: file, syscall: 'pread' })
  t.notOk(existsSync(to))
})

t.test('a device that cannot take what it is given: an error, at the latest by the flush', async (t) => {
  const small = mkdtempSync(join(tmpdir(), 'rbdkit-small-'))
  t.teardown(() => rmdirSync(small))
  try {
    run('mount', '-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', small)
  } catch (error) {
    t.pass('skipped', { skip: `no mount: ${error instanceof Error ? error.message : String(error)}` })
    return
  }
  t.teardown(() => run('umount', small))
  const backing = join(small, 'backing')
  writeFileSync(backing, '')
  truncateSync(backing, 24 * mib)
  const file = attach(t, backing)
  if (file === undefined) return
  const from = join(t.testdir(), 'from')
  writeFileSync(from, Buffer.alloc(24 * mib, 'n'))
  const copying = copy({ file: from }, { file }, { replace: true, verify: 'none' })
  await t.rejects(copying.then(), {
    code: /^(EIO|ENOSPC)$/,
    path: file,
    message: /^(?!.*the source more)/, // the device's size is not what was wrong
  })
})

t.test('SIGKILL while a device is written: what it left is overwritten by the next copy', async (t) => {
  const directory = t.testdir()
  const device = oldDevice(t, directory, 64 * mib)
  if (device === undefined) return
  const from = join(directory, 'from')
  writeFileSync(from, Buffer.alloc(64 * mib, 'n'))
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('copy-device-child.mjs', import.meta.url)), from, device.file],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  const left = device.content()
  t.ok(left.includes('n') && left.includes('o'), 'it was killed on its way')
  await copy({ file: from }, device, { replace: true })
  t.ok(device.content().equals(readFileSync(from)))
})
