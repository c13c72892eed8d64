/** This file says which checksums an OSD is asked for, and reads what it answers. */
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  outOfRange,
  toOptions,
  toSize,
} from '../internal/validate.js'
import { maxBytes } from './bytes.js'
import { type ChecksumAlgorithm, toChecksumType } from './flags.js'

/**
 * Which checksums of an object.
 *
 * @since 0.1.0
 */
export interface ChecksumOptions {
  algorithm: ChecksumAlgorithm
  /** Bytes into the object. Default 0. */
  position?: number | bigint
  /** Bytes. They must be there: past the object's end an OSD would answer as if there were none, without an error. */
  length: number | bigint
  /** One checksum for so many bytes, of which `length` is a multiple. Default: one for all. */
  chunkSize?: number
  /**
   * What to begin with. Default: for `'crc32c'` all ones, as elsewhere (Ceph does not invert the result), for the others 0.
   */
  seed?: number | bigint
}

export const checksumOptions: Known<ChecksumOptions> = {
  algorithm: ['type'],
  position: ['offset'],
  length: true,
  chunkSize: ['chunk_size', 'chunk'],
  seed: ['init', 'initValue'],
}

/** The arguments of a checksum step, and where it ends. */
export interface Checksum {
  step: [type: number, seed: Uint8Array, position: number, length: number, piece: number]
  algorithm: ChecksumAlgorithm
}

function toSeed(algorithm: ChecksumAlgorithm, given: unknown): Uint8Array {
  const wide = algorithm === 'xxhash64'
  const value = given ?? (algorithm === 'crc32c' ? 0xffffffff : 0)
  if (typeof value !== 'number' && typeof value !== 'bigint')
    throw invalidArgType('options.seed', 'of type number or bigint', value)
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw outOfRange('options.seed', 'an integer', value)
  const seed = BigInt(value)
  if (seed < 0n || seed >= 1n << (wide ? 64n : 32n))
    throw outOfRange('options.seed', `>= 0 and < 2^${wide ? 64 : 32}`, value)
  const bytes = Buffer.alloc(wide ? 8 : 4)
  if (wide) bytes.writeBigUInt64LE(seed)
  else bytes.writeUInt32LE(Number(seed))
  return bytes
}

export function toChecksum(options: ChecksumOptions): Checksum {
  const given = toOptions('options', options, checksumOptions)
  const type = toChecksumType('options.algorithm', given.algorithm)
  const algorithm = given.algorithm as ChecksumAlgorithm
  const position = toSize('options.position', given.position ?? 0)
  const length = toSize('options.length', given.length, 1, maxBytes)
  const piece = given.chunkSize === undefined ? 0 : toSize('options.chunkSize', given.chunkSize, 1, length)
  if (piece > 0 && length % piece !== 0)
    throw invalidArgValue('options.length', 'must be a multiple of options.chunkSize')
  return { algorithm, step: [type, toSeed(algorithm, given.seed), position, length, piece] }
}

/** How many there are, and they. */
export function readChecksums(answer: Buffer, algorithm: ChecksumAlgorithm): (number | bigint)[] {
  const count = answer.readUInt32LE()
  return Array.from({ length: count }, (_, i) =>
    algorithm === 'xxhash64' ? answer.readBigUInt64LE(4 + 8 * i) : answer.readUInt32LE(4 + 4 * i),
  )
}
