/** This module measures block I/O of images. */

export { bench } from './bench.js'
export { BenchError, type BenchErrorCode } from './errors.js'
export type { FioLatency } from './fio-latency.js'
export type {
  BenchDirection,
  BenchDistribution,
  BenchHost,
  BenchInterval,
  BenchLatency,
  BenchOperation,
  BenchOptions,
  BenchPattern,
  BenchProgress,
  BenchResult,
  BenchSettings,
} from './types.js'
export { benchWorkers } from './workers/controller.js'
export { BenchWorkersError, type BenchWorkersErrorCode, type FailedWorker } from './workers/errors.js'
export type {
  BenchImages,
  BenchWorkerEvent,
  BenchWorkerOptions,
  BenchWorkersOptions,
  BenchWorkersProgress,
} from './workers/types.js'
export { BenchWorker } from './workers/worker.js'
