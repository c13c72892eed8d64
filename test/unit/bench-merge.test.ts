/** One result out of several: against one that counted everything itself. */

import fc from 'fast-check'
import t from 'tap'
import { type HostResult, mergeDirection, mergeLatency, mergeResults } from '../../lib/bench/merge.js'
import { percentilesOf, percents } from '../../lib/bench/percentiles.js'
import type { BenchDirection, BenchInterval, BenchLatency } from '../../lib/bench/types.js'
import { makeResult } from './bench-sample.js'

/** fio's bucket of a latency, by its middle: 64 buckets each power of two. */
function middleOf(value: number): number {
  const highest = value === 0 ? 0 : Math.floor(Math.log2(value))
  if (highest <= 6) return value
  const width = 2 ** (highest - 6)
  return Math.floor(value / width) * width + width / 2
}

/** What counting says of plain values, by the definitions. */
function latencyOf(values: readonly number[]): BenchLatency {
  const sorted = [...values].sort((a, b) => a - b)
  const N = sorted.length
  if (N === 0) return { min: 0, max: 0, mean: 0, stddev: 0, N: 0, percentile: {}, bins: {} }
  const min = sorted[0] as number
  const max = sorted[N - 1] as number
  const mean = sorted.reduce((sum, value) => sum + value, 0) / N
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const bins: Record<string, number> = {}
  for (const value of sorted) bins[middleOf(value)] = (bins[middleOf(value)] ?? 0) + 1
  // In hundredths of a percent, so that the rank is exact: the first value with so many at or below it.
  const percentile = Object.fromEntries(
    percents.map((percent) => {
      const rank = Math.ceil((Math.round(percent * 100) * N) / 10_000)
      const middle = middleOf(sorted[rank - 1] as number)
      return [percent.toFixed(6), Math.min(Math.max(middle, min), max)]
    }),
  )
  return { min, max, mean, stddev: N > 1 ? Math.sqrt(squares / (N - 1)) : 0, N, percentile, bins }
}

const close = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))

const latencies = fc.array(fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 2 ** 31 })), {
  maxLength: 300,
})

t.test('merged latencies are those of all values together', async () => {
  fc.assert(
    fc.property(fc.array(latencies, { minLength: 1, maxLength: 6 }), (hosts) => {
      const merged = mergeLatency(hosts.map(latencyOf))
      const whole = latencyOf(hosts.flat())
      if (!close(merged.mean, whole.mean)) throw new Error(`mean ${merged.mean} ${whole.mean}`)
      if (!close(merged.stddev, whole.stddev)) throw new Error(`stddev ${merged.stddev} ${whole.stddev}`)
      const { mean, stddev, percentile, ...rest } = merged
      const { mean: _m, stddev: _s, percentile: wholePercentile, ...wholeRest } = whole
      if (JSON.stringify(rest) !== JSON.stringify(wholeRest)) throw new Error('counts differ')
      for (const [key, value] of Object.entries(wholePercentile)) {
        // 99.9 is a little more in binary: with exactly so many values at or below, fio takes the next one.
        const percent = Number(key)
        const exact = Number.isInteger((Math.round(percent * 100) * whole.N) / 10_000)
        if (percentile[key] !== value && !(exact && !Number.isInteger(percent * 2)))
          throw new Error(`p${key}: ${percentile[key]} ${value} of ${whole.N}`)
      }
    }),
    { numRuns: 500 },
  )
})

t.test('percentiles by hand', async (t) => {
  const ten = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [String(i + 1), 1]))
  const found = percentilesOf(ten, 1, 10)
  t.match(found, { '10.000000': 1, '50.000000': 5, '90.000000': 9, '95.000000': 10, '99.990000': 10 })
  t.same(Object.keys(found).length, percents.length)
  t.same(percentilesOf({}, 0, 0), {})
  // A bucket's middle may lie outside of what was measured.
  t.equal(percentilesOf({ '1056': 3 }, 1060, 1070)['50.000000'], 1060)
  t.equal(percentilesOf({ '1056': 3 }, 1024, 1050)['50.000000'], 1050)
  // Keys are numbers, whatever order they come in.
  t.equal(percentilesOf({ '900': 1, '10000': 1, '1000': 8 }, 900, 10_000)['50.000000'], 1000)
})

function directionOf(latency: BenchLatency, series: BenchInterval[], runtime: number): BenchDirection {
  const io_bytes = latency.N * 4096
  return { ...makeResult().jobs[0].read, io_bytes, total_ios: latency.N, lat_ns: latency, series, runtime }
}

t.test('directions: sums, the longest time, seconds over each other', async (t) => {
  const row = (time: number, iops: number, mean: number, p99: number): BenchInterval => ({
    time,
    iops,
    bw_bytes: iops * 4096,
    lat_ns: { mean, p50: mean, p99, max: p99 + 1 },
  })
  const one = directionOf(latencyOf(Array(300).fill(1000)), [row(1, 100, 10, 30), row(2, 200, 10, 30)], 2000)
  const two = directionOf(
    latencyOf(Array(750).fill(3000)),
    [row(1, 300, 30, 20), row(2, 300, 30, 40), row(2.5, 300, 30, 50)],
    2500,
  )
  const merged = mergeDirection([one, two])
  t.equal(merged.total_ios, 1050)
  t.equal(merged.io_bytes, 1050 * 4096)
  t.equal(merged.runtime, 2500)
  t.equal(merged.iops, 420)
  t.equal(merged.bw, 1680)
  t.same(
    merged.series.map(({ time, iops, bw_bytes }) => [time, iops, bw_bytes]),
    [
      [1, 400, 400 * 4096],
      [2, 500, 500 * 4096],
      [2.5, 300, 300 * 4096],
    ],
  )
  t.same(merged.series[0]?.lat_ns, { mean: 25, p50: 30, p99: 30, max: 31 })
  t.same(merged.series[1]?.lat_ns, { mean: 22, p50: 30, p99: 40, max: 41 })
  t.same(
    [merged.iops_min, merged.iops_max, merged.iops_mean, merged.iops_samples, merged.iops_stddev],
    [300, 500, 400, 3, 100],
  )
  const idle = directionOf(latencyOf([]), [], 0)
  t.match(mergeDirection([idle, idle]), { iops: 0, bw_bytes: 0, runtime: 0, series: [], iops_samples: 0 })
  t.match(mergeDirection([idle, one]), { total_ios: 300, runtime: 2000, lat_ns: { min: 1000 } })
})

t.test('results: hosts, images, CPU', async (t) => {
  const host = (name: string, image: string, pid: number): HostResult => {
    const result = makeResult()
    const [first] = result.settings.images
    if (first) result.settings.images = [{ ...first, image }]
    return { name, host: `host-${name}`, pid, result }
  }
  const parts: [HostResult, ...HostResult[]] = [host('a', 'one', 1), host('b', 'two', 2), host('c', 'two', 3)]
  const merged = mergeResults(parts, { bytes: 1_000_000, rate: 60, depth: 4 })
  const [single] = makeResult().jobs
  const [job] = merged.jobs
  t.equal(job.read.total_ios, 3 * single.read.total_ios)
  t.equal(job.ctx, 3 * single.ctx)
  t.ok(close(merged.cpu.userSeconds, 3 * makeResult().cpu.userSeconds))
  t.equal(
    merged.cpu.microsecondsPerOperation,
    ((merged.cpu.userSeconds + merged.cpu.systemSeconds) * 1e6) / (3 * single.read.total_ios),
  )
  t.match(job['job options'], { rbdname: 'one:two', io_size: '1000000', rate_iops: '60' })
  t.same(
    merged.settings.images.map(({ image }) => image),
    ['one', 'two'],
  )
  t.match(merged.settings, { handles: 3, options: { depth: 4 } })
  t.match(merged.hosts, [
    { name: 'a', host: 'host-a', pid: 1, images: ['one'] },
    { name: 'b', host: 'host-b', pid: 2, images: ['two'] },
    { name: 'c', host: 'host-c', pid: 3, images: ['two'] },
  ])
})
