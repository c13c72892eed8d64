/** This file makes one result of those of several hosts that ran at the same time. */

import { fioLatency } from './fio-latency.js'
import { percentilesOf } from './percentiles.js'
import { toDirection } from './result.js'
import type { BenchDirection, BenchHost, BenchInterval, BenchLatency, BenchResult } from './types.js'

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** The largest; of nothing it is 0. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0)
}

/** The mean and deviation that all values together have, from each part's. */
export function mergeLatency(parts: readonly BenchLatency[]): BenchLatency {
  const used = parts.filter(({ N }) => N > 0)
  const [first] = used
  if (first === undefined) return { min: 0, max: 0, mean: 0, stddev: 0, N: 0, percentile: {}, bins: {} }
  if (used.length === 1) return first
  const N = sum(used.map((part) => part.N))
  const mean = sum(used.map((part) => part.N * part.mean)) / N
  // What each part's values are away from its own mean, and that from the common one.
  const squares = sum(used.map((part) => (part.N - 1) * part.stddev ** 2 + part.N * (part.mean - mean) ** 2))
  const counts = new Map<number, number>()
  for (const { bins } of used) {
    for (const [value, count] of Object.entries(bins)) {
      counts.set(Number(value), (counts.get(Number(value)) ?? 0) + count)
    }
  }
  const bins = Object.fromEntries([...counts].sort(([a], [b]) => a - b))
  const min = used.reduce((least, part) => Math.min(least, part.min), Number.POSITIVE_INFINITY)
  const max = largest(used.map((part) => part.max))
  const percentile = percentilesOf(bins, min, max)
  return { min, max, mean, stddev: Math.sqrt(squares / (N - 1)), N, percentile, bins }
}

/**
 * Seconds laid over each other: rows are contiguous from the common start, so a row's place is its second. Rates add
 * and means are weighted by operations. A row has no bins: its percentiles are the highest of the hosts', which those of
 * all operations together cannot exceed.
 */
function mergeSeries(parts: readonly (readonly BenchInterval[])[]): BenchInterval[] {
  const length = largest(parts.map((rows) => rows.length))
  return Array.from({ length }, (_, second) => {
    const rows = parts.flatMap((series) => series[second] ?? [])
    // Of a host whose last row is shorter than the others' the rate is of its own time.
    const operations = rows.map((row) => row.iops * Math.max(0, row.time - second))
    const total = sum(operations)
    return {
      time: largest(rows.map((row) => row.time)),
      iops: sum(rows.map((row) => row.iops)),
      bw_bytes: sum(rows.map((row) => row.bw_bytes)),
      lat_ns: {
        mean: total > 0 ? sum(rows.map((row, i) => row.lat_ns.mean * (operations[i] as number))) / total : 0,
        p50: largest(rows.map((row) => row.lat_ns.p50)),
        p99: largest(rows.map((row) => row.lat_ns.p99)),
        max: largest(rows.map((row) => row.lat_ns.max)),
      },
    }
  })
}

/** A direction's common figures: rates are of the time that the longest took. */
export function mergeDirection(parts: readonly BenchDirection[]): BenchDirection {
  return toDirection(
    {
      io_bytes: sum(parts.map((part) => part.io_bytes)),
      total_ios: sum(parts.map((part) => part.total_ios)),
      short_ios: sum(parts.map((part) => part.short_ios)),
      lat_ns: mergeLatency(parts.map((part) => part.lat_ns)),
      series: mergeSeries(parts.map((part) => part.series)),
    },
    largest(parts.map((part) => part.runtime)) / 1000,
  )
}

/** A host's own share of the result, for the reader who looks for the slow one. */
function toHost(part: HostResult): BenchHost {
  const [job] = part.result.jobs
  const directions = [job.read, job.write, job.trim]
  const latency = mergeLatency(directions.map(({ lat_ns }) => lat_ns))
  return {
    name: part.name,
    host: part.host,
    pid: part.pid,
    images: part.result.settings.images.map(({ image }) => image),
    iops: sum(directions.map((direction) => direction.iops)),
    bw_bytes: sum(directions.map((direction) => direction.bw_bytes)),
    lat_ns: { mean: latency.mean, p99: latency.percentile['99.000000'] ?? 0, max: latency.max },
  }
}

/** Who made a result. */
export interface HostResult {
  name: string
  host: string
  pid: number
  result: BenchResult
}

/** All images that took part, once each; the lock was held when one of the hosts held it. */
function mergeImages(results: readonly BenchResult[]): BenchResult['settings']['images'] {
  const seen = new Map<string, BenchResult['settings']['images'][number]>()
  for (const image of results.flatMap(({ settings }) => settings.images)) {
    const key = JSON.stringify([image.fsid, image.pool, image.namespace, image.image, image.snapshot])
    const other = seen.get(key)
    seen.set(key, { ...image, exclusiveLock: image.exclusiveLock || other?.exclusiveLock === true })
  }
  return [...seen.values()]
}

/**
 * The common result of hosts that ran together. Counts, rates, CPU and context switches add; latencies are as if
 * one histogram had counted them all. `options` are those of the whole run; client settings and versions are the first
 * host's.
 */
export function mergeResults(
  parts: readonly [HostResult, ...HostResult[]],
  options: Record<string, unknown>,
): BenchResult {
  const results = parts.map(({ result }) => result)
  const jobs = results.map(({ jobs: [job] }) => job)
  const [first] = parts
  const [firstJob] = first.result.jobs
  const images = mergeImages(results)
  const names = images.map(({ image }) => image)
  const cpu = {
    userSeconds: sum(results.map((result) => result.cpu.userSeconds)),
    systemSeconds: sum(results.map((result) => result.cpu.systemSeconds)),
  }
  const read = mergeDirection(jobs.map((job) => job.read))
  const write = mergeDirection(jobs.map((job) => job.write))
  const trim = mergeDirection(jobs.map((job) => job.trim))
  const operations = read.total_ios + write.total_ios + trim.total_ios
  const now = new Date()
  return {
    'fio version': `rbdkit-${first.result['rbdkit version']}`,
    'rbdkit version': first.result['rbdkit version'],
    timestamp: Math.floor(now.getTime() / 1000),
    timestamp_ms: now.getTime(),
    time: now.toUTCString(),
    jobs: [
      {
        jobname: `${firstJob['job options'].rw ?? ''} ${names.join(' ')}`.trim(),
        error: 0,
        elapsed: largest(jobs.map((job) => job.elapsed)),
        'job options': {
          ...firstJob['job options'],
          rbdname: names.join(':'),
          numjobs: String(sum(results.map(({ settings }) => settings.images.length))),
          ...totals(options),
        },
        read,
        write,
        trim,
        sync: {
          total_ios: sum(jobs.map((job) => job.sync.total_ios)),
          lat_ns: mergeLatency(jobs.map((job) => job.sync.lat_ns)),
        },
        unstarted_ios: sum(jobs.map((job) => job.unstarted_ios)),
        usr_cpu: sum(jobs.map((job) => job.usr_cpu)),
        sys_cpu: sum(jobs.map((job) => job.sys_cpu)),
        ctx: sum(jobs.map((job) => job.ctx)),
        ...fioLatency([read, write, trim]),
      },
    ],
    cpu: {
      ...cpu,
      microsecondsPerOperation:
        operations > 0 ? ((cpu.userSeconds + cpu.systemSeconds) * 1e6) / operations : 0,
    },
    settings: {
      ...first.result.settings,
      images,
      handles: sum(results.map(({ settings }) => settings.handles)),
      options,
    },
    hosts: parts.map(toHost),
  }
}

/** What was shared out among the hosts, whole. */
function totals({ bytes, rate }: Record<string, unknown>): Record<string, string> {
  return {
    ...(bytes === undefined ? {} : { io_size: String(bytes) }),
    ...(rate === undefined ? {} : { rate_iops: String(rate) }),
  }
}
