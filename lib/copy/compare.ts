import { native } from '../internal/addon.js'
import { type Job, type JobOptions, jobOptions, startJob } from '../internal/job.js'
import type { NativeComparedSide, NativeCompareResult } from '../internal/native/copy.js'
import { type Known, toSize } from '../internal/validate.js'
import {
  defaultMemory,
  minMemory,
  rateLimits,
  startBetween,
  toDigest,
  toLimits,
  toSource,
} from './endpoints.js'
import type { DiskSource, RateLimits } from './types.js'

const defaultExtents = 1000
/** A list of a million is 100 MB of JavaScript objects. */
const maxExtentsLimit = 1_000_000

/**
 * How far a comparison is. Sizes in bytes, of the longer one's size: holes count as soon as they are known.
 *
 * @since 0.1.0
 */
export interface CompareProgress {
  phase: 'prepare' | 'compare' | 'done'
  bytesDone: number
  /** 0 until both are open. */
  bytesTotal: number
  /** The rate of the last two seconds. */
  bytesPerSecond: number
  /** Nothing has completed for ten seconds: the cluster or the file system does not answer. The comparison waits. */
  stalled: boolean
}

/**
 * One side of a comparison.
 *
 * @since 0.1.0
 */
export interface ComparedSide {
  /** Its size. */
  bytes: number
  /** Bytes read; the rest was known to be zero beforehand. */
  bytesRead: number
  /** The CRC32C of all of it, as `digest` of {@link CopyResult}. */
  digest: string
}

/**
 * A part in which the two differ. Offset and end are multiples of 4096, or the shorter one's end.
 *
 * @since 0.1.0
 */
export interface DifferingExtent {
  /** Bytes from the beginning. */
  offset: number
  /** Bytes. */
  length: number
}

/**
 * What a comparison found.
 *
 * @since 0.1.0
 */
export interface CompareResult {
  /** The sizes are equal, and all bytes. */
  equal: boolean
  a: ComparedSide
  b: ComparedSide
  /** Where they differ before the shorter one's end, ascending: the first `maxExtents`. */
  extents: DifferingExtent[]
  /** How many such extents there are in all. */
  extentCount: number
  /** Bytes of all of them. */
  bytesDiffering: number
  /** What the longer one has after the shorter one's end; absent when the sizes are equal. */
  rest?: DifferingExtent & {
    /** Which is the longer one. */
    of: 'a' | 'b'
    /** All of it reads as zeros: the shorter one only needs to be made longer. */
    zero: boolean
  }
  seconds: number
}

/**
 * Options of {@link compare}.
 *
 * @since 0.1.0
 */
export interface CompareOptions extends JobOptions<CompareProgress>, RateLimits {
  /** The memory, as `maxMemory` of {@link CopyOptions}. */
  maxMemory?: number | bigint
  /** How many differing extents are listed at most, default 1000, up to 1 000 000. The totals are exact anyway. */
  maxExtents?: number
}

const compareOptions: Known<CompareOptions> = {
  ...jobOptions,
  ...rateLimits,
  maxMemory: ['memory'],
  maxExtents: true,
}

function toSide({ crc32c, ...side }: NativeComparedSide): ComparedSide {
  return { ...side, digest: toDigest(crc32c) }
}

function toResult({ restIsZero, ...result }: NativeCompareResult): CompareResult {
  const [shorter, longer] = [result.a.bytes, result.b.bytes].sort((x, y) => x - y) as [number, number]
  const equal = shorter === longer && result.extentCount === 0
  const sides = { a: toSide(result.a), b: toSide(result.b) }
  if (shorter === longer) return { ...result, ...sides, equal }
  const of = result.a.bytes === longer ? 'a' : 'b'
  return {
    ...result,
    ...sides,
    equal,
    rest: { of, offset: shorter, length: longer - shorter, zero: restIsZero },
  }
}

/**
 * Compares two disks: files, block devices or images, of the same or of different clusters, in any two formats that
 * {@link copy} reads.
 *
 * All of it runs in native code. What both have as holes is not read. Images without a snapshot are kept from changing
 * meanwhile, as {@link ImageSource} says; both are confirmed to be what they were before it resolves. That they differ
 * is a result, not an error.
 *
 * Rejects like {@link copy}, for want of a source: `ENOENT`, a {@link CopyError} `ERR_SOURCE_CHANGED` or
 * `ERR_RBDKIT_FORMAT`, the signal's reason.
 *
 * Implements: rbd_aio_read2, rbd_diff_iterate2.
 * @since 0.1.0
 */
export function compare(
  a: DiskSource,
  b: DiskSource,
  options?: CompareOptions,
): Job<CompareProgress, CompareResult> {
  return startJob(options, compareOptions, async (context, given) => {
    const { maxMemory, maxExtents } = given
    const endA = toSource('a', a)
    const endB = toSource('b', b)
    const memory = toSize('options.maxMemory', maxMemory ?? defaultMemory, minMemory)
    const extents = toSize('options.maxExtents', maxExtents ?? defaultExtents, 0, maxExtentsLimit)
    const found = await startBetween(
      native.compare,
      endA,
      endB,
      [memory, extents, ...toLimits(given)],
      context,
    )
    return toResult(found)
  })
}
