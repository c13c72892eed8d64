/**
 * The code says why a run on workers came to nothing.
 *
 * - `ERR_RBDKIT_BENCH_WORKERS_MISSING`: they did not join in time
 * - `ERR_RBDKIT_BENCH_WORKERS_BUSY`: another controller uses the group
 * - `ERR_RBDKIT_BENCH_WORKER_NAME`: another worker of the group has the name
 * - `ERR_RBDKIT_BENCH_WORKER_FAILED`: some refused, failed or died: `workers` says which and why
 *
 * @since 0.1.0
 */
export type BenchWorkersErrorCode =
  | 'ERR_RBDKIT_BENCH_WORKERS_MISSING'
  | 'ERR_RBDKIT_BENCH_WORKERS_BUSY'
  | 'ERR_RBDKIT_BENCH_WORKER_NAME'
  | 'ERR_RBDKIT_BENCH_WORKER_FAILED'

/**
 * A worker that failed a run.
 *
 * @since 0.1.0
 */
export interface FailedWorker {
  name: string
  host: string
  pid: number
  /** Its own error's code, `'DEAD'` when it said nothing any more, `'GONE'` when it gave the job up, `'IDLE'` when it did not take it. */
  code: string
  message: string
}

/**
 * A run on several workers that could not be, or that some of them failed.
 *
 * @since 0.1.0
 */
export class BenchWorkersError extends Error {
  static {
    BenchWorkersError.prototype.name = 'BenchWorkersError'
  }
  readonly code: BenchWorkersErrorCode
  /** The workers that failed. */
  readonly workers: readonly FailedWorker[]

  /** @internal */
  constructor(code: BenchWorkersErrorCode, message: string, workers: readonly FailedWorker[] = []) {
    const list = workers.map(({ name, host, pid, message }) => `'${name}' (${host}, pid ${pid}): ${message}`)
    super([message, ...list].join(list.length > 1 ? '\n  ' : ' '))
    this.code = code
    this.workers = workers
  }
}
