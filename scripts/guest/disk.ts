/**
 * Builds the guest disk: a small raw image that a PC's BIOS boots (MBR, one FAT partition, syslinux, a Debian
 * kernel, a busybox initramfs), without root and without mounting anything.
 *
 * Beyond the partition lie two 4 KiB blocks: the guest reads the first and answers in the second (see `init`).
 */
import { createHash } from 'node:crypto'
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type GuestKernel, guestKernel, moduleClosure, run } from './kernel.js'

const MIB = 1024 * 1024
const PARTITION_START = 1 * MIB
const PARTITION_SIZE = 40 * MIB
const FAT16_LBA = 0x0e
const SECTOR = 512

/** Size of the disk in bytes. */
export const DISK_SIZE = 64 * MIB
/** Bytes in the block that the guest reads, and in the one that it writes. */
export const BLOCK_SIZE = 4096
/** Byte offset of the block that the guest reads. */
export const QUESTION_OFFSET = 48 * MIB
/** Byte offset of the block that the guest writes. */
export const ANSWER_OFFSET = 56 * MIB

const root = fileURLToPath(new URL('../../', import.meta.url))
const cache = join(root, '.rbdkit', 'guest')
const BUSYBOX = '/bin/busybox'
const BOOT_CODE = '/usr/lib/syslinux/mbr/mbr.bin'
const APPEND = `console=ttyS0 quiet panic=-1 rbdkit.read=${QUESTION_OFFSET} rbdkit.write=${ANSWER_OFFSET}`
const SYSLINUX_CONFIG = `DEFAULT guest\nPROMPT 0\nLABEL guest\n  LINUX vmlinuz\n  INITRD initrd.gz\n  APPEND ${APPEND}\n`

/** What a boot of the disk makes of a question block. */
export interface GuestAnswer {
  /** Kernel release that the guest reports. */
  kernel: string
  /** SHA-256 that the guest computed over the block it read, in hexadecimal. */
  sha256: string
}

/** A question block: a line of text for the console, then what `salt` stands for, so no two are alike. */
export function questionBlock(text: string, salt: Uint8Array): Buffer {
  const block = Buffer.alloc(BLOCK_SIZE)
  const line = Buffer.from(`${text}\n`, 'ascii')
  if (line.length + salt.length > BLOCK_SIZE) throw new RangeError(`question exceeds ${BLOCK_SIZE} bytes`)
  line.copy(block)
  block.set(salt, BLOCK_SIZE - salt.length)
  return block
}

/** Reads the guest's answer block; throws when the guest did not write one. */
export function parseAnswer(block: Uint8Array): GuestAnswer {
  const text = Buffer.from(block).toString('latin1')
  const found = /^RBDKIT-GUEST-ANSWER kernel=(\S+) sha256=([0-9a-f]{64})\n\0*$/.exec(text)
  if (!found) throw new Error(`no answer of the guest in the block: ${JSON.stringify(text.slice(0, 80))}`)
  return { kernel: found[1] as string, sha256: found[2] as string }
}

/** The initramfs: busybox, the init script, and the modules that a virtio disk needs, in loading order. */
async function makeInitrd(work: string, kernel: GuestKernel): Promise<Buffer> {
  const tree = join(work, 'initrd')
  await mkdir(join(tree, 'bin'), { recursive: true })
  await mkdir(join(tree, 'modules'))
  await copyFile(BUSYBOX, join(tree, 'bin/busybox'))
  await copyFile(join(root, 'scripts/guest/init'), join(tree, 'init'))
  await chmod(join(tree, 'init'), 0o755)
  const modules = await moduleClosure(kernel, ['virtio_pci', 'virtio_blk'])
  for (const module of modules) await writeFile(join(tree, 'modules', `${module.name}.ko`), module.data)
  await writeFile(join(tree, 'modules/order'), modules.map((module) => `${module.name}.ko\n`).join(''))

  const names = ['.', 'bin', 'bin/busybox', 'init', 'modules', 'modules/order']
  const list = [...names, ...modules.map((module) => `modules/${module.name}.ko`)].join('\n')
  const archive = join(work, 'initrd.cpio')
  run('cpio', ['-o', '-H', 'newc', '-R', '0:0', '--quiet', '-F', archive], { cwd: tree, input: `${list}\n` })
  return gzipSync(await readFile(archive))
}

/** The master boot record: syslinux's boot code and one active FAT partition. */
async function masterBootRecord(): Promise<Buffer> {
  const record = Buffer.alloc(SECTOR)
  const code = await readFile(BOOT_CODE)
  code.copy(record, 0, 0, 440)
  const entry = record.subarray(446, 462)
  entry[0] = 0x80 // active
  entry.set([0xfe, 0xff, 0xff], 1) // CHS fields at their limit: the boot code goes by LBA
  entry[4] = FAT16_LBA
  entry.set([0xfe, 0xff, 0xff], 5)
  entry.writeUInt32LE(PARTITION_START / SECTOR, 8)
  entry.writeUInt32LE(PARTITION_SIZE / SECTOR, 12)
  record.writeUInt16LE(0xaa55, 510)
  return record
}

async function makeDisk(work: string, kernel: GuestKernel): Promise<string> {
  const disk = join(work, 'disk.raw')
  const handle = await open(disk, 'w')
  try {
    await handle.truncate(DISK_SIZE)
    await handle.write(await masterBootRecord(), 0, SECTOR, 0)
  } finally {
    await handle.close()
  }
  const start = String(PARTITION_START / SECTOR)
  const blocks = String(PARTITION_SIZE / 1024)
  run('mkfs.vfat', ['--invariant', '-F', '16', '-n', 'RBDKIT', '--offset', start, disk, blocks])

  const files = join(work, 'files')
  await mkdir(files)
  await copyFile(kernel.vmlinuz, join(files, 'vmlinuz'))
  await writeFile(join(files, 'initrd.gz'), await makeInitrd(work, kernel))
  await writeFile(join(files, 'syslinux.cfg'), SYSLINUX_CONFIG)
  const sources = ['vmlinuz', 'initrd.gz', 'syslinux.cfg'].map((name) => join(files, name))
  run('mcopy', ['-i', `${disk}@@${PARTITION_START}`, ...sources, '::/'])
  run('syslinux', ['--offset', String(PARTITION_START), '--install', disk])
  return disk
}

/** Changes with anything that the disk is made from. */
async function cacheKey(kernel: GuestKernel): Promise<string> {
  const hash = createHash('sha256').update(kernel.id)
  const sources = ['disk.ts', 'kernel.ts', 'init'].map((name) => join(root, 'scripts/guest', name))
  for (const path of [...sources, BUSYBOX, BOOT_CODE]) hash.update(await readFile(path))
  return hash.digest('hex').slice(0, 16)
}

/**
 * The path of the guest disk, built on the first call and kept in `.rbdkit/guest` of the checkout. Never write
 * to the file: copy it first.
 */
export async function guestDisk(): Promise<string> {
  const kernel = await guestKernel(join(cache, 'kernel'))
  const path = join(cache, await cacheKey(kernel), 'disk.raw')
  if (await stat(path).catch(() => undefined)) return path

  const work = await mkdtemp(join(cache, 'build-'))
  try {
    const disk = await makeDisk(work, kernel)
    await mkdir(dirname(path), { recursive: true })
    await rename(disk, path)
    return path
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
