/** Measuring block I/O of images. */

export { bench } from './bench.js'
export { BenchError, type BenchErrorCode } from './errors.js'
export type {
  BenchDirection,
  BenchDistribution,
  BenchInterval,
  BenchLatency,
  BenchOperation,
  BenchOptions,
  BenchPattern,
  BenchProgress,
  BenchResult,
  BenchSettings,
} from './types.js'
