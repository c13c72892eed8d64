import type { Task } from './core.js'

/** What a run does, as native/addon/bench.cc reads it; all of it is checked in lib/bench/options.ts. */
export interface NativeBenchOptions {
  /** rbdkit::bench::Kind: 0 read, 1 write, 2 discard, 3 write zeroes. */
  kind: number
  /** 0 to 1. */
  readShare: number
  /** rbdkit::bench::Order: 0 random, 1 sequential, 2 interleaved. */
  order: number
  /** rbdkit::bench::Distribution: 0 uniform, 1 zipf, 2 hot. */
  distribution: number
  theta: number
  hotPart: number
  hotShare: number
  sizes: { bytes: number; weight: number }[]
  depth: number
  /** Operations a second over all images; 0 for a closed loop. */
  rate: number
  /** Seconds. */
  warmup: number
  /** Seconds; 0: the bytes end the run. */
  runtime: number
  /** 0: the time does. */
  bytes: number
  flushEvery: number
  compressible: number
  verify: boolean
  seed: bigint
}

/** Latencies in nanoseconds. */
export interface NativeLatency {
  count: number
  min: number
  max: number
  mean: number
  stddev: number
  percentiles: [percent: number, value: number][]
  bins: [value: number, count: number][]
}

export interface NativeDirection {
  bytes: number
  shortIos: number
  latency: NativeLatency
}

/** One direction in one second. */
export interface NativeCell {
  ios: number
  bytes: number
  mean: number
  p50: number
  p99: number
  max: number
}

export interface NativeRow {
  /** Seconds from the start of measuring to the row's end. */
  time: number
  /** That the row is long. */
  seconds: number
  read: NativeCell
  write: NativeCell
  trim: NativeCell
}

/** What a run resolves with. */
export interface NativeBenchResult {
  elapsed: number
  seconds: number
  userSeconds: number
  systemSeconds: number
  contextSwitches: number
  unstarted: number
  read: NativeDirection
  write: NativeDirection
  trim: NativeDirection
  sync: NativeDirection
  rows: NativeRow[]
}

/** What comes with a run's negative result. */
export interface NativeBenchError {
  syscall: string
  message: string
  /** Which of the images. */
  image: number
  verify: boolean
}

/** What native/addon/bench.cc exports. */
export interface BenchNative {
  bench: Task<[images: [handle: number, identity: bigint][], options: NativeBenchOptions], NativeBenchResult>
  benchAllocation: Task<[image: number], number>
}
