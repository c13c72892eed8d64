import { type BigIntStats, constants, type Stats } from 'node:fs'
import type { ImageInfo } from './info.js'

const sector = 512

const kind = {
  isFile: () => true,
  isDirectory: () => false,
  isBlockDevice: () => false,
  isCharacterDevice: () => false,
  isSymbolicLink: () => false,
  isFIFO: () => false,
  isSocket: () => false,
}

/** @internal An image as `fs.Stats` tells of a regular file. A file's owner and inode it does not have: they are 0. */
export function toStats(info: ImageInfo, readOnly: boolean): Stats {
  // A file has times; what an image does not know is 0, as an inode is.
  const { accessed, modified, created } = {
    accessed: new Date(0),
    modified: new Date(0),
    created: new Date(0),
    ...info,
  }
  return {
    dev: 0,
    ino: 0,
    mode: constants.S_IFREG | (readOnly ? 0o400 : 0o600),
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    size: info.size,
    blksize: info.objectSize,
    blocks: Math.ceil(info.size / sector),
    atimeMs: accessed.getTime(),
    mtimeMs: modified.getTime(),
    ctimeMs: modified.getTime(),
    birthtimeMs: created.getTime(),
    atime: accessed,
    mtime: modified,
    ctime: modified,
    birthtime: created,
    ...kind,
  }
}

/** @internal The same in bigints. */
export function toBigIntStats(stats: Stats): BigIntStats {
  const times = {
    atimeMs: BigInt(stats.atimeMs),
    mtimeMs: BigInt(stats.mtimeMs),
    ctimeMs: BigInt(stats.ctimeMs),
    birthtimeMs: BigInt(stats.birthtimeMs),
  }
  return {
    ...stats,
    ...times,
    dev: BigInt(stats.dev),
    ino: BigInt(stats.ino),
    mode: BigInt(stats.mode),
    nlink: BigInt(stats.nlink),
    uid: BigInt(stats.uid),
    gid: BigInt(stats.gid),
    rdev: BigInt(stats.rdev),
    size: BigInt(stats.size),
    blksize: BigInt(stats.blksize),
    blocks: BigInt(stats.blocks),
    atimeNs: times.atimeMs * 1_000_000n,
    mtimeNs: times.mtimeMs * 1_000_000n,
    ctimeNs: times.ctimeMs * 1_000_000n,
    birthtimeNs: times.birthtimeMs * 1_000_000n,
  }
}
