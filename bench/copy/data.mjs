// What is copied: files of a kind, and images with the same content.
import { execFileSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const MiB = 2 ** 20
const GiB = 2 ** 30
const block = 4096

/** Calls `fill` for each piece of data of a file: `[offset, length]`. */
const kinds = {
  /** Random bytes everywhere. */
  dense: { size: (dense) => dense, data: (size) => [[0, size]] },
  /** A disk of which little is in use: 64 pieces of a MiB, none of them aligned to an object. */
  sparse: {
    size: (dense) => 20 * Math.min(dense, GiB),
    data: (size) => Array.from({ length: 64 }, (_, i) => [(i * size) / 64 + MiB, MiB]),
  },
  /** Every other block of 4 KiB zero, and written as zeros: what a file system's free list leaves behind. */
  mixed: { size: (dense) => dense / 2, data: (size) => [[0, size]], zeros: true },
  /** Sixteen different bytes in any order: half of it can be compressed away. */
  halved: { size: (dense) => dense / 2, data: (size) => [[0, size]], halved: true },
}

/** How much data a kind has. */
export function dataBytes(kind, dense) {
  const { size, data, zeros } = kinds[kind]
  const bytes = data(size(dense)).reduce((sum, [, length]) => sum + length, 0)
  return zeros ? bytes / 2 : bytes
}

export const diskBytes = (kind, dense) => kinds[kind].size(dense)

/** Makes `DIRECTORY/KIND.raw`; afterwards it is in the page cache. */
export function makeFile(directory, kind, dense) {
  const { size, data, zeros, halved } = kinds[kind]
  const path = join(directory, `${kind}.raw`)
  const bytes = size(dense)
  const buffer = Buffer.alloc(16 * MiB)
  const fd = openSync(path, 'wx+')
  try {
    ftruncateSync(fd, bytes)
    for (const [offset, length] of data(bytes)) {
      for (let at = 0; at < length; at += buffer.length) {
        const part = buffer.subarray(0, Math.min(buffer.length, length - at))
        randomFillSync(part)
        for (let i = 0; halved && i < part.length; i++) part[i] &= 0x0f
        for (let zero = block; zeros && zero < part.length; zero += 2 * block) {
          part.fill(0, zero, zero + block)
        }
        writeSync(fd, part, 0, part.length, offset + at)
      }
    }
  } finally {
    closeSync(fd)
  }
  execFileSync('sync', [path])
  warm(path)
  return path
}

function warm(path) {
  const buffer = Buffer.alloc(16 * MiB)
  const fd = openSync(path, 'r')
  while (readSync(fd, buffer) > 0);
  closeSync(fd)
}

/** `DIRECTORY/KIND.qcow2` of a raw file; `compression` is `zlib`, `zstd` or undefined. */
export function makeQcow2(raw, compression) {
  const path = raw.replace(/raw$/, 'qcow2')
  const options = compression === undefined ? [] : ['-c', '-o', `compression_type=${compression}`]
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', ...options, raw, path], { stdio: 'pipe' })
  warm(path)
  return path
}

export function removeFile(path) {
  rmSync(path, { force: true })
}

/** Makes an image of a file, with the tool that everybody trusts. */
export function importImage(conf, file, image) {
  execFileSync('rbd', ['-c', conf, 'import', '--no-progress', file, image], { stdio: 'pipe' })
}

export function removeImage(conf, image) {
  execFileSync('rbd', ['-c', conf, 'rm', '--no-progress', image], { stdio: 'pipe' })
}
