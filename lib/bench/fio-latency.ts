/** This file makes fio's coarse distribution of latencies, which tools made for its JSON read. */

import type { BenchDirection } from './types.js'

/** Below so many units, and not below the one before. */
const small = [2, 4, 10, 20, 50, 100, 250, 500, 750, 1000]

/**
 * Percent of operations by latency, as fio's JSON has it.
 *
 * @since 0.1.0
 */
export interface FioLatency {
  latency_ns: Record<string, number>
  latency_us: Record<string, number>
  latency_ms: Record<string, number>
}

/**
 * Makes the distribution of all directions together. A bin counts by its middle, which is within one percent of what
 * is in it.
 */
export function fioLatency(directions: readonly Pick<BenchDirection, 'lat_ns'>[]): FioLatency {
  const bins = directions.flatMap(({ lat_ns }) => Object.entries(lat_ns.bins))
  const total = bins.reduce((sum, [, count]) => sum + count, 0)
  const within = (from: number, below: number): number => {
    const counts = bins.map(([ns, count]) => (Number(ns) >= from && Number(ns) < below ? count : 0))
    return total === 0 ? 0 : (counts.reduce((sum, count) => sum + count, 0) / total) * 100
  }
  const spread = (unit: number, bounds: readonly number[]): Record<string, number> =>
    Object.fromEntries(
      bounds.map((bound, i) => [
        bound,
        within(i > 0 ? (bounds[i - 1] ?? 0) * unit : unit === 1 ? 0 : unit, bound * unit),
      ]),
    )
  return {
    latency_ns: spread(1, small),
    latency_us: spread(1e3, small),
    latency_ms: { ...spread(1e6, [...small, 2000]), '>=2000': within(2e9, Number.POSITIVE_INFINITY) },
  }
}
