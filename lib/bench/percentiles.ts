/** This file finds percentiles in a latency's bins, as native/bench/histogram.cc does. */

/** What a result has, in percent. */
export const percents: readonly number[] = [
  1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99,
]

/** Below 2^59 with any percent from 1: a percent then has no binary places left. */
const scale = 2 ** 52

/**
 * The percentiles, keyed as fio writes them, of counts by bucket (`BenchLatency.bins`). A percentile is the first
 * bucket's middle with at least so many of the values up to it, but never outside of what was measured. Counted in
 * integers: a rounding error would take the next bucket.
 */
export function percentilesOf(
  bins: Readonly<Record<string, number>>,
  min: number,
  max: number,
): Record<string, number> {
  const buckets = Object.entries(bins)
    .map(([value, count]) => ({ value: Number(value), count }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.value - b.value)
  const total = BigInt(buckets.reduce((sum, { count }) => sum + count, 0))
  const found: Record<string, number> = {}
  let seen = 0n
  let next = 0
  for (const { value, count } of buckets) {
    seen += BigInt(count)
    for (; next < percents.length; next++) {
      const percent = percents[next] as number
      if (seen * 100n * BigInt(scale) < BigInt(percent * scale) * total) break
      found[percent.toFixed(6)] = Math.min(Math.max(value, min), max)
    }
  }
  return found
}
