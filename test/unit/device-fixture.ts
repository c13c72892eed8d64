/** Loop devices, for tests of block devices: where there are none a test is skipped, and says so. */

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

export function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' }).trim()
}

/** A loop device on a file until the test's end; undefined when there is none, which the test says then. */
export function attach(t: Test, file: string, ...options: string[]): string | undefined {
  try {
    const device = run('losetup', '--find', '--show', ...options, file)
    t.teardown(() => run('losetup', '--detach', device))
    return device
  } catch (error) {
    t.pass('skipped', { skip: `no loop device: ${error instanceof Error ? error.message : String(error)}` })
    return undefined
  }
}

/** A block device, as a copy takes one. */
class Device {
  constructor(readonly file: string) {}

  content(): Buffer {
    return readFileSync(this.file)
  }
}

/** A device whose bytes are all 'o', as far as reading past the page cache tells. */
export function oldDevice(t: Test, directory: string, size: number, ...options: string[]) {
  const backing = join(directory, 'backing')
  writeFileSync(backing, Buffer.alloc(size, 'o'))
  const file = attach(t, backing, ...options)
  return file === undefined ? undefined : new Device(file)
}
