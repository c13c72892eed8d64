/** Results of benchmarks that were never run, for tests of what is made of them. Seeded: always the same. */

import { fioLatency } from '../../lib/bench/fio-latency.js'
import type { BenchDirection, BenchInterval, BenchLatency, BenchResult } from '../../lib/bench/types.js'

function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state / 2 ** 32
  }
}

const emptyLatency: BenchLatency = { min: 0, max: 0, mean: 0, stddev: 0, N: 0, percentile: {}, bins: {} }

/** The middle of the bucket, 64 a power of two. */
function bucket(ns: number): number {
  const width = 2 ** Math.floor(Math.log2(ns)) / 64
  return Math.floor(ns / width) * width + Math.floor(width / 2)
}

function latencyOf(all: readonly number[]): BenchLatency {
  if (all.length === 0) return emptyLatency
  const sorted = [...all].sort((a, b) => a - b)
  const mean = sorted.reduce((sum, ns) => sum + ns, 0) / sorted.length
  const bins: Record<string, number> = {}
  for (const ns of sorted) bins[bucket(ns)] = (bins[bucket(ns)] ?? 0) + 1
  const percentile: Record<string, number> = {}
  for (const percent of [1, 5, 10, 50, 90, 95, 99, 99.5, 99.9, 99.95, 99.99]) {
    const ns = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0
    percentile[percent.toFixed(6)] = bucket(ns)
  }
  const variance = sorted.reduce((sum, ns) => sum + (ns - mean) ** 2, 0) / sorted.length
  const [min = 0, max = 0] = [sorted[0], sorted.at(-1)]
  return { min, max, mean, stddev: Math.sqrt(variance), N: sorted.length, percentile, bins }
}

function directionOf(seed: number, seconds: number, iops: number, baseNs: number): BenchDirection {
  const random = generator(seed)
  const all: number[] = []
  const series = Array.from({ length: iops === 0 ? 0 : seconds }, (_, i): BenchInterval => {
    const count = Math.round(iops * (0.9 + 0.2 * random()))
    const one = Array.from({ length: count }, () =>
      Math.round(baseNs * (0.6 - 0.5 * Math.log(1 - random())) * (random() > 0.999 ? 15 : 1)),
    )
    all.push(...one)
    const { mean, max, percentile } = latencyOf(one)
    const lat_ns = { mean, max, p50: percentile['50.000000'] ?? 0, p99: percentile['99.000000'] ?? 0 }
    return { time: i + 1, iops: count, bw_bytes: count * 4096, lat_ns }
  })
  const rates = series.map((row) => row.iops)
  const mean = seconds === 0 ? 0 : all.length / seconds
  return {
    io_bytes: all.length * 4096,
    io_kbytes: all.length * 4,
    bw_bytes: mean * 4096,
    bw: mean * 4,
    iops: mean,
    runtime: all.length === 0 ? 0 : seconds * 1000,
    total_ios: all.length,
    short_ios: 0,
    lat_ns: latencyOf(all),
    iops_min: Math.min(...rates, Number.MAX_SAFE_INTEGER),
    iops_max: Math.max(...rates, 0),
    iops_mean: mean,
    iops_stddev: 100,
    iops_samples: series.length,
    bw_min: 0,
    bw_max: 0,
    bw_mean: mean * 4,
    bw_dev: 0,
    bw_samples: series.length,
    series,
  }
}

/** What the made-up run did. */
export interface MadeUp {
  readonly image?: string
  readonly pool?: string
  readonly seconds?: number
  readonly seed?: number
  /** Operations a second. */
  readonly read?: number
  readonly write?: number
  readonly options?: Record<string, string>
  readonly unstarted?: number
}

/** A result in full. */
export function madeUpResult(given: MadeUp = {}): BenchResult {
  const { image = 'vm1', pool = 'rbd', seconds = 20, seed = 1, read = 500, write = 0, unstarted = 0 } = given
  const rw = write === 0 ? 'randread' : read === 0 ? 'randwrite' : 'randrw'
  const writes = directionOf(seed + 1, seconds, write, 2e6)
  const operations = (read + write) * seconds
  const reads = directionOf(seed, seconds, read, 8e5)
  return {
    'fio version': 'rbdkit-0.1.0',
    'rbdkit version': '0.1.0',
    timestamp: 1_795_508_318,
    timestamp_ms: 1_795_508_318_825,
    time: 'Tue, 24 Nov 2026 08:18:38 GMT',
    jobs: [
      {
        jobname: rw,
        error: 0,
        elapsed: seconds + 1,
        'job options': {
          ioengine: 'rbdkit',
          pool,
          rbdname: image,
          rw,
          bs: '4096',
          iodepth: '16',
          numjobs: '1',
          ...given.options,
        },
        read: reads,
        write: writes,
        trim: directionOf(seed, seconds, 0, 1),
        sync:
          write === 0
            ? { total_ios: 0, lat_ns: emptyLatency }
            : { total_ios: 1, lat_ns: latencyOf([2_000_000]) },
        unstarted_ios: unstarted,
        usr_cpu: 40,
        sys_cpu: 20,
        ctx: 12_345,
        ...fioLatency([reads, writes]),
      },
    ],
    cpu: {
      userSeconds: seconds * 0.4,
      systemSeconds: seconds * 0.2,
      microsecondsPerOperation: (seconds * 0.6 * 1e6) / operations,
    },
    settings: {
      images: [
        {
          fsid: '6d2ad4f0-6050-4ce5-ba53-2b056d06e413',
          pool,
          namespace: '',
          image,
          size: 8 * 2 ** 30,
          objectSize: 2 ** 22,
          stripeUnit: 2 ** 22,
          stripeCount: 1,
          features: ['layering', 'exclusive-lock', 'object-map', 'fast-diff'],
          exclusiveLock: false,
          allocated: 1,
          overrides: { rbd_qos_iops_limit: '0' },
        },
      ],
      client: { rbd_cache: 'false', rbd_io_scheduler: 'simple' },
      cluster: { fsid: '6d2ad4f0-6050-4ce5-ba53-2b056d06e413' },
      handles: 1,
      versions: { rbdkit: '0.1.0', librbd: '1.16.0', librados: '3.0.0', node: '20.20.2', ceph: '16.2.15' },
      options: { operation: 'read', pattern: 'random' },
    },
  }
}
