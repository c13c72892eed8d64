/** This file says what reads and writes of an image take and give. */

import type { Known } from '../internal/validate.js'
import type { IoFlag } from './io-flags.js'

/**
 * Where to read to.
 *
 * @since 0.1.0
 */
export interface ReadOptions<B extends ArrayBufferView = Buffer> {
  /** Filled in place; lent until the promise settles. Default: a new buffer of `length` bytes. */
  buffer?: B
  /** Bytes into the buffer at which to begin. Default 0. */
  offset?: number
  /** Bytes to read. Default: what the buffer holds after `offset`. */
  length?: number
  /** Bytes into the image. */
  position: number | bigint
  /** Advice to librbd and the OSDs. */
  flags?: readonly IoFlag[]
}

/**
 * What to write.
 *
 * @since 0.1.0
 */
export interface WriteOptions {
  /** Bytes into the buffer at which to begin. Default 0. */
  offset?: number
  /** Bytes to write. Default: what the buffer holds after `offset`. */
  length?: number
  /** Bytes into the image. */
  position: number | bigint
  /** Advice to librbd and the OSDs. */
  flags?: readonly IoFlag[]
  /**
   * The CRC-32C of the bytes, begun with -1 and not inverted at the end, from when they were made: bytes that are others now
   * are not written (`EBADMSG`). librbd and the OSDs go on with it, so leave the bytes alone until the write has
   * ended. Needs Ceph 20.2.2.
   */
  crc32c?: number
}

export const rangeOptions = { offset: true, length: ['size'], position: ['at'], flags: ['fadvise'] } as const
export const writeOptions: Known<WriteOptions> = { ...rangeOptions, crc32c: ['crc'] }
export const readOptions: Known<ReadOptions> = { buffer: true, ...rangeOptions }

/**
 * A result of reading: `bytesRead` is less than asked only at the image's end.
 *
 * @since 0.1.0
 */
export interface ReadResult<B> {
  bytesRead: number
  buffer: B
}
