/** This file has the flags and words of librados, by their numbers. */
import {
  LIBRADOS_ALLOC_HINT_FLAG,
  LIBRADOS_CHECKSUM_TYPE,
  LIBRADOS_CMPXATTR_OP,
  LIBRADOS_OP_FLAG,
  LIBRADOS_OPERATION,
} from '../internal/generated/librados.js'
import { invalidArgType, toOneOf } from '../internal/validate.js'

/**
 * How a value is compared: equal, not equal, greater, greater or equal, less, less or equal.
 *
 * @since 0.1.0
 */
export type Comparison = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte'

/**
 * Flags of one step of an operation. `'failok'`: the others are done though it fails. `'excl'`: a create fails when the
 * object is there. The rest says how the bytes are going to be used.
 *
 * @since 0.1.0
 */
export type StepFlag =
  | 'excl'
  | 'failok'
  | 'fadvise-random'
  | 'fadvise-sequential'
  | 'fadvise-willneed'
  | 'fadvise-dontneed'
  | 'fadvise-nocache'
  | 'fadvise-fua'

/**
 * Flags of a whole operation, by librados's names. `'balance-reads'` and `'localize-reads'`: any replica may answer.
 * `'full-force'`: even in a full pool, for removals.
 *
 * @since 0.1.0
 */
export type OperationFlag =
  | 'balance-reads'
  | 'localize-reads'
  | 'order-reads-writes'
  | 'ignore-cache'
  | 'skiprwlocks'
  | 'ignore-overlay'
  | 'full-try'
  | 'full-force'
  | 'ignore-redirect'
  | 'ordersnap'
  | 'returnvec'

/**
 * How an object is going to be written and read: for the OSD's choice of allocation and compression.
 *
 * @since 0.1.0
 */
export type AllocationHint =
  | 'sequential-write'
  | 'random-write'
  | 'sequential-read'
  | 'random-read'
  | 'append-only'
  | 'immutable'
  | 'shortlived'
  | 'longlived'
  | 'compressible'
  | 'incompressible'
  /** It is a log. Ceph before 20 takes no notice of it. */
  | 'log'

/**
 * Checksums that an OSD computes.
 *
 * @since 0.1.0
 */
export type ChecksumAlgorithm = 'crc32c' | 'xxhash32' | 'xxhash64'

type Numbers = Readonly<Record<string, number>>

/** The number of a word: `FADVISE_RANDOM` is `'fadvise-random'`. */
function numberOf(name: string, word: unknown, numbers: Numbers): number {
  const words = new Map(
    Object.entries(numbers).map(([key, n]) => [key.toLowerCase().replaceAll('_', '-'), n]),
  )
  return words.get(toOneOf(name, word, [...words.keys()])) as number
}

function maskOf(name: string, words: unknown, numbers: Numbers): number {
  if (words === undefined) return 0
  if (!Array.isArray(words)) throw invalidArgType(name, 'an instance of Array', words)
  return words.reduce((mask: number, word, i) => mask | numberOf(`${name}[${i}]`, word, numbers), 0)
}

export const toComparison = (name: string, word: unknown): number =>
  numberOf(name, word, LIBRADOS_CMPXATTR_OP)
export const toChecksumType = (name: string, word: unknown): number =>
  numberOf(name, word, LIBRADOS_CHECKSUM_TYPE)
export const toStepFlags = (name: string, words: unknown): number => maskOf(name, words, LIBRADOS_OP_FLAG)
export const toOperationFlags = (name: string, words: unknown): number => {
  const { NOFLAG: _, ...numbers } = LIBRADOS_OPERATION
  return maskOf(name, words, numbers)
}
export const toAllocationHints = (name: string, words: unknown): number =>
  maskOf(name, words, LIBRADOS_ALLOC_HINT_FLAG)
