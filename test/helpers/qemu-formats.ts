/** Disks in the formats that qemu-nbd reads for us. */

import { randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { DiskFormat } from 'rbdkit'
import { qemuImg } from './qcow2.js'

const mib = 1024 * 1024

export type Form = readonly [name: string, format: DiskFormat, options: string]
export const forms: readonly Form[] = [
  ['sparse.vmdk', 'vmdk', 'subformat=monolithicSparse'],
  ['stream.vmdk', 'vmdk', 'subformat=streamOptimized'],
  ['dynamic.vhdx', 'vhdx', 'subformat=dynamic'],
  ['fixed.vhdx', 'vhdx', 'subformat=fixed'],
  ['dynamic.vdi', 'vdi', 'static=off'],
  ['static.vdi', 'vdi', 'static=on'],
  ['dynamic.vhd', 'vpc', 'subformat=dynamic,force_size=on'],
  ['fixed.vhd', 'vpc', 'subformat=fixed,force_size=on'],
]

/** A raw disk with data at random places, of whole sectors. */
export function makeRaw(file: string, size = 40 * mib + 512 * 77): void {
  const fd = openSync(file, 'w')
  ftruncateSync(fd, size)
  for (let i = 0; i < 12; i++) {
    const length = 1 + Math.floor(Math.random() ** 3 * 2 * mib)
    writeSync(fd, randomBytes(length), 0, length, Math.floor(Math.random() * (size - length)))
  }
  writeSync(fd, Buffer.from('the last byte'), 0, 13, size - 13)
  closeSync(fd)
}

/** That disk in another format; `raw` of the same directory. */
export function make(directory: string, [name, format, options]: Form): { file: string; format: DiskFormat } {
  const file = join(directory, name)
  qemuImg('convert', '-q', '-f', 'raw', '-O', format, '-o', options, join(directory, 'raw'), file)
  return { file, format }
}
