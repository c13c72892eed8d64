/** A result as native code and lib/bench/result.ts make them. */

import { fioLatency } from '../../lib/bench/fio-latency.js'
import type { BenchDirection, BenchLatency, BenchResult } from '../../lib/bench/types.js'

function latency(N: number): BenchLatency {
  if (N === 0) return { min: 0, max: 0, mean: 0, stddev: 0, N, percentile: {}, bins: {} }
  const bins = { '1000': N - 2, '2032': 1, '4064': 1 }
  return { min: 996, max: 4070, mean: 1100.5, stddev: 120.25, N, percentile: { '99.000000': 4064 }, bins }
}

function direction(N: number): BenchDirection {
  const used = N > 0
  return {
    io_bytes: N * 4096,
    io_kbytes: N * 4,
    bw_bytes: N * 4096,
    bw: N * 4,
    iops: N,
    runtime: used ? 1000 : 0,
    total_ios: N,
    short_ios: 0,
    lat_ns: latency(N),
    iops_min: N,
    iops_max: N,
    iops_mean: N,
    iops_stddev: 0,
    iops_samples: used ? 1 : 0,
    bw_min: N * 4,
    bw_max: N * 4,
    bw_mean: N * 4,
    bw_dev: 0,
    bw_samples: used ? 1 : 0,
    series: used
      ? [{ time: 1, iops: N, bw_bytes: N * 4096, lat_ns: { mean: 1100.5, p50: 1000, p99: 4064, max: 4070 } }]
      : [],
  }
}

export function makeResult(): BenchResult {
  return {
    'fio version': 'rbdkit-0.1.0',
    'rbdkit version': '0.1.0',
    timestamp: 1_700_000_000,
    timestamp_ms: 1_700_000_000_123,
    time: 'Tue, 14 Nov 2023 22:13:20 GMT',
    jobs: [
      {
        jobname: 'randread disk',
        error: 0,
        elapsed: 1.01,
        'job options': { rw: 'randread', rbdname: 'disk', iodepth: '4', numjobs: '1' },
        read: direction(500),
        write: direction(0),
        trim: direction(0),
        sync: { total_ios: 0, lat_ns: latency(0) },
        unstarted_ios: 0,
        usr_cpu: 12.5,
        sys_cpu: 6.25,
        ctx: 1234,
        ...fioLatency([direction(500)]),
      },
    ],
    cpu: { userSeconds: 0.125, systemSeconds: 0.0625, microsecondsPerOperation: 375 },
    settings: {
      images: [
        {
          fsid: '00000000-0000-4000-8000-000000000000',
          pool: 'rbd',
          namespace: '',
          image: 'disk',
          size: 2 ** 23,
          objectSize: 2 ** 22,
          stripeUnit: 2 ** 22,
          stripeCount: 1,
          features: ['layering', 'exclusive-lock'],
          exclusiveLock: false,
          allocated: 1,
          overrides: {},
        },
      ],
      client: { rbd_cache: 'false' },
      cluster: { fsid: '00000000-0000-4000-8000-000000000000' },
      handles: 1,
      versions: { rbdkit: '0.1.0', librbd: '1.16.0', librados: '3.0.0', node: '20.19.0', ceph: '16.2.15' },
      options: { operation: 'read', depth: 4, seed: 5 },
    },
  }
}
