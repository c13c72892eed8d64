/** Damaged images end with a clear error and leave nothing. native/test/copy/format/qcow2_test.cc has many more. */

import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CopyError, copy } from 'rbdkit'
import t from 'tap'
import { convertToQcow2, rawByQemu } from '../helpers/qcow2.js'

const kib = 1024

/** The bytes of a small image with every kind of cluster, and the disk in it. */
function makeImage(directory: string, zstd: boolean): { bytes: Buffer; disk: Buffer } {
  const raw = join(directory, 'raw')
  const disk = Buffer.alloc(256 * kib)
  for (const at of [0, 70, 130, 250]) disk.fill(`text at ${at}, over and over; `, at * kib, (at + 5) * kib)
  for (let at = 100 * kib; at < 110 * kib; at++) disk[at] = randomInt(256) // does not compress
  writeFileSync(raw, disk)
  const image = join(directory, 'image')
  convertToQcow2(raw, image, ['-c'], `cluster_size=1k,compression_type=${zstd ? 'zstd' : 'zlib'}`)
  t.ok(rawByQemu(image).equals(disk))
  const bytes = readFileSync(image)
  for (const file of [raw, image]) rmSync(file)
  return { bytes, disk }
}

async function attempt(directory: string, bytes: Buffer): Promise<Buffer | CopyError> {
  const file = join(directory, 'image')
  const to = join(directory, 'to')
  writeFileSync(file, bytes)
  try {
    await copy({ file, format: 'qcow2' }, { file: to })
    return readFileSync(to)
  } catch (error) {
    return error as CopyError
  } finally {
    rmSync(to, { force: true })
    rmSync(file)
  }
}

t.test('cut anywhere, an image is refused, not copied as far as it goes', async (t) => {
  const directory = t.testdir()
  const { bytes } = makeImage(directory, false)
  // Behind the last byte of the last stream its sector is filled up with zeros, which nobody misses.
  let end = bytes.length
  while (bytes[end - 1] === 0) end--
  const wrong: unknown[] = []
  for (let length = 0; length < end - 1; length += 1 + randomInt(300)) {
    const result = await attempt(directory, bytes.subarray(0, length))
    if (!(result instanceof Error) || result.code !== 'ERR_RBDKIT_FORMAT') wrong.push([length, result])
  }
  t.same(wrong, [])
  t.same(readdirSync(directory), [])
})

t.test('with some bits flipped it is read or refused', async (t) => {
  const directory = t.testdir()
  for (const zstd of [false, true]) {
    const { bytes } = makeImage(directory, zstd)
    const wrong: unknown[] = []
    for (let round = 0; round < 60; round++) {
      const damaged = Buffer.from(bytes)
      for (let flip = 0; flip < 3; flip++) {
        // The disk's size is left alone: a copy of so many petabytes would be right.
        const at = randomInt(round % 2 === 0 ? 2048 : bytes.length)
        if (at >= 24 && at < 32) continue
        damaged[at] = (damaged[at] ?? 0) ^ (1 << randomInt(8))
      }
      const result = await attempt(directory, damaged)
      if (result instanceof Error && result.code !== 'ERR_RBDKIT_FORMAT') wrong.push(result)
    }
    t.same(wrong, [])
    t.same(readdirSync(directory), [])
  }
})
