/** This file declares what a report shows of a run, the same whether rbdkit or fio measured it. */

import type { BenchInterval } from '../types.js'

/** A direction as fio names it; `trim` is discards and write-zeroes. */
export type DirectionName = 'read' | 'write' | 'trim'

/** Latencies of one direction, nanoseconds. */
export interface LatencyFigures {
  /**
   * `lat`: from submission (open loop: the intended start) to completion. `clat`: from the end of submission; fio gives
   * percentiles of this one unless told otherwise.
   */
  readonly kind: 'lat' | 'clat'
  readonly min: number
  readonly mean: number
  readonly max: number
  readonly stddev: number
  readonly count: number
  /** `[percent, ns]`, ascending. */
  readonly percentiles: readonly (readonly [number, number])[]
  /** `[ns, count]`, ascending; empty when the file has no histogram. */
  readonly bins: readonly (readonly [number, number])[]
}

/** One direction of a run that did something. */
export interface Direction {
  readonly name: DirectionName
  readonly operations: number
  readonly bytes: number
  readonly iops: number
  /** Bytes a second. */
  readonly bandwidth: number
  readonly iopsRange: { readonly min: number; readonly max: number; readonly stddev: number } | undefined
  readonly latency: LatencyFigures
  /** A row a second; empty when the file has none. */
  readonly series: readonly BenchInterval[]
}

/** Name and value as a report lists them. */
export type Setting = readonly [name: string, value: string]

/** A whole run. */
export interface Run {
  /** Which run, where several are shown: the file's name. */
  readonly label: string
  /** What was measured: `rbd/vm1`. */
  readonly target: string
  readonly tool: string
  /** What was done, in words. */
  readonly title: string
  /** Milliseconds since 1970. */
  readonly endedAt: number
  /** Measured seconds. */
  readonly seconds: number
  readonly directions: readonly Direction[]
  /** Flushes, when there were any. */
  readonly flush: LatencyFigures | undefined
  /** Open loop: operations whose time came and that were not begun before the end. */
  readonly unstarted: number
  /** The times of the whole process; fio's file has those of one thread only, which is another thing. */
  readonly cpu: { readonly user: number; readonly system: number; readonly perOperation: number } | undefined
  /** The options of the run, under fio's names. */
  readonly options: readonly Setting[]
  /** What else the figures depend on, by topic. */
  readonly settings: readonly { readonly topic: string; readonly rows: readonly Setting[] }[]
}

/** Nanoseconds at a percentile, from the histogram if there is one; `undefined` when the file does not tell. */
export function latencyAt(
  { bins, percentiles, count, min, max }: LatencyFigures,
  percent: number,
): number | undefined {
  const exact = percentiles.find(([one]) => Math.abs(one - percent) < 1e-6)
  if (exact !== undefined) return exact[1]
  if (bins.length === 0 || count === 0) return undefined
  const total = bins.reduce((sum, [, n]) => sum + n, 0)
  const rank = Math.ceil((percent / 100) * total)
  let seen = 0
  for (const [ns, n] of bins) {
    seen += n
    // A bucket's edge may lie beyond what was really seen.
    if (seen >= rank) return Math.min(Math.max(ns, min), max)
  }
  return max
}

/** All directions together. */
export function totals(run: Run): { operations: number; bytes: number; iops: number; bandwidth: number } {
  const sum = { operations: 0, bytes: 0, iops: 0, bandwidth: 0 }
  for (const { operations, bytes, iops, bandwidth } of run.directions) {
    sum.operations += operations
    sum.bytes += bytes
    sum.iops += iops
    sum.bandwidth += bandwidth
  }
  return sum
}
