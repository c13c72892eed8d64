import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copy } from 'rbdkit'
import t from 'tap'

/** A loop device on a file, or why there is none. */
function attach(file: string): { device: string } | { reason: string } {
  try {
    const device = execFileSync('losetup', ['--find', '--show', '--read-only', file], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
    return { device: device.trim() }
  } catch (error) {
    return { reason: `no loop device: ${error instanceof Error ? error.message : String(error)}` }
  }
}

t.test('a block device is copied whole; as a destination it is a name that is taken', async (t) => {
  const directory = t.testdir()
  const from = join(directory, 'from')
  const content = Buffer.alloc(9 * 1024 * 1024 + 512)
  randomBytes(5000).copy(content, 4 * 1024 * 1024 - 100)
  randomBytes(512).copy(content, content.length - 512)
  writeFileSync(from, content)
  const loop = attach(from)
  if ('reason' in loop) {
    t.pass('skipped', { skip: loop.reason })
    return
  }
  t.teardown(() => execFileSync('losetup', ['--detach', loop.device]))
  const to = join(directory, 'to')
  const result = await copy({ file: loop.device }, { file: to })
  t.equal(result.bytes, content.length)
  t.ok(result.holes > 8 * 1024 * 1024, 'zeros became holes')
  t.ok(readFileSync(to).equals(content))
  const back = copy({ file: to }, { file: loop.device })
  await t.rejects(Promise.resolve(back), { code: 'EEXIST', path: loop.device })
})
