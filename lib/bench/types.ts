import type { JobOptions } from '../internal/job.js'
import type { FioLatency } from './fio-latency.js'

/**
 * What is done to the image. `readwrite` mixes reads and writes by `readPercent`.
 *
 * @since 0.1.0
 */
export type BenchOperation = 'read' | 'write' | 'readwrite' | 'discard' | 'writeZeroes'

/**
 * Which block comes next. `random`: any, each independent of the last. `sequential`: one stream from the start, again
 * from the start at the end. `interleaved`: `depth` streams, evenly spaced over the image, in turn, each again from its
 * own start when it comes to the next one's (what `rbd bench` calls `seq`).
 *
 * @since 0.1.0
 */
export type BenchPattern = 'random' | 'sequential' | 'interleaved'

/**
 * How random blocks are chosen. `zipf`: rank r with a probability as 1/r^theta. `hot`: a share of the operations (0 to
 * 1) goes to a part of the blocks (0 to 1). Blocks that are often chosen are scattered over the image, and are the same
 * whatever the seed.
 *
 * @since 0.1.0
 */
export type BenchDistribution = 'uniform' | { zipf: number } | { hot: { part: number; share: number } }

/**
 * Options of {@link bench}.
 *
 * @since 0.1.0
 */
export interface BenchOptions extends JobOptions<BenchProgress> {
  /** Default `read`. */
  operation?: BenchOperation
  /** How many of a hundred operations of `readwrite` read, default 50. */
  readPercent?: number
  /** Default `random`. */
  pattern?: BenchPattern
  /** The distribution of `random`, default `uniform`. */
  distribution?: BenchDistribution
  /**
   * Bytes of an operation, at least 512 and at most 64 MiB, or sizes with weights. Default 4096. Offsets are multiples
   * of the smallest.
   */
  blockSize?: number | readonly { bytes: number; weight: number }[]
  /** Closed loop: operations in flight an image. Default 16. Each needs a buffer: at most 1 GiB of them altogether. */
  depth?: number
  /**
   * Open loop: operations a second, over all images, begun at their times (Poisson) whatever is in flight, up to
   * `depth` an image (default 128 then). Latency counts from the intended start, so waiting for a free place is part
   * of it.
   */
  rate?: number
  /** Measured seconds, default 10, or none when there is `bytes`. With both, what comes first ends the run. */
  runtime?: number
  /** Ends the run after so many bytes over all images, measured ones. */
  bytes?: number | bigint
  /** Seconds that run before measuring begins, default 0. */
  warmup?: number
  /** A flush after every so many writes of an image; default none but one at the end, inside the measured time. */
  flushEvery?: number
  /**
   * Of what is written: how much of it, 0 to 100 percent, a compressor would take away. Default 0: random bytes, another
   * part of a pool of 8 MiB for each write.
   */
  compressible?: number
  /**
   * Writes stamp each block with its image, offset, count and checksum; reads check the stamp. Reading needs blocks that
   * were stamped by a writing run with the same `seed` and smallest block size, and fails with
   * `ERR_RBDKIT_BENCH_VERIFY` else. Block sizes have to be multiples of the smallest.
   */
  verify?: boolean
  /**
   * Seed of offsets, sizes and payload, below 2^64: the same gives the same operations. Default: a random one, which the
   * result has.
   */
  seed?: number | bigint
  /**
   * Measures reads though less than 99 in a hundred of an image's objects exist: the OSD has nothing to read then, or is
   * not even asked. Default: refused.
   */
  allowUnallocated?: boolean
  /** Lets writes, discards and zeroes loose on the image: its data is lost. Default: refused. */
  destructive?: boolean
}

/**
 * One second of one direction of a run. Latencies in nanoseconds, of the operations that ended in it.
 *
 * @since 0.1.0
 */
export interface BenchInterval {
  /** Seconds from the start of measuring to the interval's end. */
  time: number
  iops: number
  /** Bytes a second. */
  bw_bytes: number
  lat_ns: { mean: number; p50: number; p99: number; max: number }
}

/**
 * How far a run is, ten times a second at most.
 *
 * @since 0.1.0
 */
export interface BenchProgress {
  phase: 'prepare' | 'warmup' | 'run' | 'flush' | 'done'
  /** Measured seconds so far, and how many there will be (0: ends by bytes). */
  seconds: number
  secondsTotal: number
  operations: number
  bytes: number
  /** The rate of the last second, warm-up included. */
  iops: number
  bw_bytes: number
  /** Latencies of the last whole second that was measured; zeros before. */
  lat_ns: { mean: number; p50: number; p99: number; max: number }
  /** Nothing has completed for ten seconds. */
  stalled: boolean
}

/**
 * Latency as fio's JSON has it, in nanoseconds.
 *
 * @since 0.1.0
 */
export interface BenchLatency {
  min: number
  max: number
  mean: number
  stddev: number
  N: number
  /** Keys as fio writes them: `"99.000000"`. From 1 to 99.99. */
  percentile: Record<string, number>
  /** Counts by bucket, keyed by the bucket's middle in ns, as in fio's `json+`: 64 buckets each power of two. */
  bins: Record<string, number>
}

/**
 * One direction of a run, under fio's names.
 *
 * @since 0.1.0
 */
export interface BenchDirection {
  io_bytes: number
  io_kbytes: number
  bw_bytes: number
  /** KiB a second. */
  bw: number
  iops: number
  /** Milliseconds; 0 when there were no operations. */
  runtime: number
  total_ios: number
  short_ios: number
  /** The time from submission (open loop: the intended start) to completion. */
  lat_ns: BenchLatency
  /** The `iops` figures are those of the rows of `series`, not weighted. */
  iops_min: number
  iops_max: number
  iops_mean: number
  iops_stddev: number
  iops_samples: number
  /** KiB a second. */
  bw_min: number
  bw_max: number
  bw_mean: number
  bw_dev: number
  bw_samples: number
  /** A row a second; a last part of a second of less than half is left out. */
  series: BenchInterval[]
}

/**
 * What the figures depend on.
 *
 * @since 0.1.0
 */
export interface BenchSettings {
  images: {
    fsid: string
    pool: string
    namespace: string
    image: string
    snapshot?: string
    size: number
    objectSize: number
    stripeUnit: number
    stripeCount: number
    features: string[]
    /** Whether the exclusive lock was held during the run. */
    exclusiveLock: boolean
    /** Share of the objects that existed before the run, 0 to 1; of a sample where there is no fast diff. */
    allocated: number
    /** librbd's settings that the pool or the image itself (`conf_*` metadata) has in place of the client's. */
    overrides: Record<string, string>
  }[]
  /**
   * Client options that matter, as the first image's cluster handle has them: `rbd_cache`, `rbd_cache_policy`,
   * `rbd_io_scheduler`, ...
   */
  client: Record<string, string>
  /** The first image's. */
  cluster: { fsid: string }
  /** How many cluster handles there were, each with a submitting thread of its own. */
  handles: number
  /** `ceph` is what the monitors run; empty when the user may not ask. */
  versions: { rbdkit: string; librbd: string; librados: string; node: string; ceph: string }
  /** The options of the run, defaults filled in. */
  options: Record<string, unknown>
}

/**
 * A run's result: fio's JSON field names where fio has one, and what fio leaves out.
 *
 * @since 0.1.0
 */
export interface BenchResult {
  /** `rbdkit-` and its version: readers of fio's JSON insist on the key. */
  'fio version': string
  'rbdkit version': string
  /** Unix seconds, and milliseconds, of the end. */
  timestamp: number
  timestamp_ms: number
  time: string
  jobs: [
    FioLatency & {
      jobname: string
      error: number
      /** Seconds of the whole run, warm-up included. */
      elapsed: number
      /** Under fio's names. `numjobs`: how many images, or handles on them, each with `iodepth` in flight. */
      'job options': Record<string, string>
      read: BenchDirection
      write: BenchDirection
      /** Discards and write-zeroes. */
      trim: BenchDirection
      /** Flushes. */
      sync: { total_ios: number; lat_ns: BenchLatency }
      /**
       * Open loop: operations whose time came and that were not begun before the end. More than a few: the cluster did
       * not keep up with the rate, and the latencies are those of the operations that had their turn.
       */
      unstarted_ios: number
      /** Percent of one CPU over the measured time, of the whole process, all threads. */
      usr_cpu: number
      sys_cpu: number
      /** Context switches of the whole process. */
      ctx: number
    },
  ]
  /** What the whole process took while measuring. */
  cpu: { userSeconds: number; systemSeconds: number; microsecondsPerOperation: number }
  settings: BenchSettings
  /** One each worker that took part; absent when only this process did. */
  hosts?: BenchHost[]
  /** With workers: all of them began within so many milliseconds, by the clock of the process that asked them to. */
  started_within_ms?: number
}

/**
 * One worker's part in a run: for the reader who looks for the slow one.
 *
 * @since 0.1.0
 */
export interface BenchHost {
  name: string
  host: string
  pid: number
  images: string[]
  iops: number
  /** Bytes a second. */
  bw_bytes: number
  /** Latencies of all its operations. */
  lat_ns: { mean: number; p99: number; max: number }
}
