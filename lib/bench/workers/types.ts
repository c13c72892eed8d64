import type { JobOptions } from '../../internal/job.js'
import type { BenchOptions, BenchProgress } from '../types.js'

/**
 * Which images the workers use: `'image'` or `'image@snapshot'` of the ioctx's pool and namespace, to be shared out, or
 * by the workers' names.
 *
 * @since 0.1.0
 */
export type BenchImages = readonly string[] | Readonly<Record<string, readonly string[]>>

/**
 * Options of {@link benchWorkers}: those of {@link bench}, `rate` and `bytes` being those of all workers together, and
 * what concerns the workers.
 *
 * @since 0.1.0
 */
export interface BenchWorkersOptions
  extends Omit<BenchOptions, 'signal' | 'onProgress'>,
    JobOptions<BenchWorkersProgress> {
  /** How many, or which by name. Default: all that have joined; when `images` names them, those. */
  workers?: number | readonly string[]
  /** `split`: each image belongs to one worker. `all`: each worker uses all of them, for reading only. Default `split`. */
  share?: 'split' | 'all'
  /** The workers' group, as they were started with. Default `'default'`. */
  group?: string
  /** Milliseconds to wait for workers to join. Default 30 000. */
  joinTimeoutMs?: number
  /**
   * Milliseconds after which a worker that says nothing counts as dead, and workers take this process for dead if they
   * hear nothing. At least 2000, default 10 000.
   */
  timeoutMs?: number
}

/**
 * How far a run on several workers is: sums over all of them, and each one's part. Latencies are the slowest worker's,
 * but the mean.
 *
 * @since 0.1.0
 */
export interface BenchWorkersProgress extends BenchProgress {
  workers: { name: string; host: string; phase: BenchProgress['phase']; iops: number; bw_bytes: number }[]
}

/**
 * Options of {@link BenchWorker.start}.
 *
 * @since 0.1.0
 */
export interface BenchWorkerOptions {
  /** Unique in the group. Default: the host's name. */
  name?: string
  /** Which controllers it works for: those with the same. Letters, digits, `-` and `_`. Default `'default'`. */
  group?: string
  /** The only images that it touches, by name. Default: any of the ioctx's pool and namespace. */
  images?: readonly string[]
  /** Lets controllers overwrite these images. Default: this worker only reads. */
  destructive?: boolean
  /** What happens, for the one who looks on. */
  onEvent?: (event: BenchWorkerEvent) => void
}

/**
 * What a worker does: it `joined`; got a job (`preparing`), is `ready` for it, has `started`; is `done`, or the job
 * `failed`, or the controller or its silence `aborted` it. `lost`: the cluster has lost the worker's watch; it joins
 * again as soon as it can.
 *
 * @since 0.1.0
 */
export interface BenchWorkerEvent {
  type: 'joined' | 'preparing' | 'ready' | 'started' | 'done' | 'failed' | 'aborted' | 'lost'
  /** The job's id; none for `joined` and `lost`. */
  job?: string
  /** The images of a worker that is `preparing`. */
  images?: string[]
  /** The error of a worker that is `failed`, `aborted` or `lost`. */
  error?: Error
}
