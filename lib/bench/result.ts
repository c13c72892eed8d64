/** This file makes a benchmark's result, in fio's shape, of what native code measured. */

import type {
  NativeBenchResult,
  NativeCell,
  NativeDirection,
  NativeLatency,
  NativeRow,
} from '../internal/native/bench.js'
import { fioLatency } from './fio-latency.js'
import type { CheckedOptions } from './options.js'
import { rbdkitVersion } from './settings.js'
import type { BenchDirection, BenchInterval, BenchLatency, BenchResult, BenchSettings } from './types.js'

const kib = 1024

function toLatency(latency: NativeLatency): BenchLatency {
  return {
    min: latency.min,
    max: latency.max,
    mean: latency.mean,
    stddev: latency.stddev,
    N: latency.count,
    percentile: Object.fromEntries(
      latency.percentiles.map(([percent, value]) => [percent.toFixed(6), value]),
    ),
    bins: Object.fromEntries(latency.bins),
  }
}

function toInterval(row: NativeRow, cell: NativeCell): BenchInterval {
  const { mean, p50, p99, max } = cell
  return {
    time: row.time,
    iops: row.seconds > 0 ? cell.ios / row.seconds : 0,
    bw_bytes: row.seconds > 0 ? cell.bytes / row.seconds : 0,
    lat_ns: { mean, p50, p99, max },
  }
}

interface Spread {
  min: number
  max: number
  mean: number
  deviation: number
  samples: number
}

/** fio's figures about samples; the deviation is of a sample. */
function spreadOf(values: readonly number[]): Spread {
  const samples = values.length
  if (samples === 0) return { min: 0, max: 0, mean: 0, deviation: 0, samples }
  const mean = values.reduce((sum, value) => sum + value, 0) / samples
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return {
    min: Math.min(...values),
    max: Math.max(...values),
    mean,
    deviation: samples > 1 ? Math.sqrt(squares / (samples - 1)) : 0,
    samples,
  }
}

/** A direction's figures from what was counted in `seconds`. */
export function toDirection(
  counted: Pick<BenchDirection, 'io_bytes' | 'total_ios' | 'short_ios' | 'lat_ns' | 'series'>,
  seconds: number,
): BenchDirection {
  const { io_bytes, total_ios, series } = counted
  const iops = spreadOf(series.map((row) => row.iops))
  const bw = spreadOf(series.map((row) => row.bw_bytes / kib))
  const perSecond = (n: number): number => (seconds > 0 ? n / seconds : 0)
  return {
    ...counted,
    io_kbytes: Math.floor(io_bytes / kib),
    bw_bytes: Math.round(perSecond(io_bytes)),
    bw: Math.round(perSecond(io_bytes) / kib),
    iops: perSecond(total_ios),
    runtime: total_ios > 0 ? Math.round(seconds * 1000) : 0,
    iops_min: iops.min,
    iops_max: iops.max,
    iops_mean: iops.mean,
    iops_stddev: iops.deviation,
    iops_samples: iops.samples,
    bw_min: bw.min,
    bw_max: bw.max,
    bw_mean: bw.mean,
    bw_dev: bw.deviation,
    bw_samples: bw.samples,
  }
}

function fromNative(
  { bytes, shortIos, latency }: NativeDirection,
  series: BenchInterval[],
  seconds: number,
): BenchDirection {
  const counted = {
    io_bytes: bytes,
    total_ios: latency.count,
    short_ios: shortIos,
    lat_ns: toLatency(latency),
  }
  return toDirection({ ...counted, series: latency.count > 0 ? series : [] }, seconds)
}

/** fio's word for what is done. */
function fioOperation({ operation, pattern }: CheckedOptions): string {
  const words = { read: 'read', write: 'write', readwrite: 'rw', discard: 'trim', writeZeroes: 'trim' }
  return `${pattern === 'random' ? 'rand' : ''}${words[operation]}`
}

function fioDistribution({ distribution }: CheckedOptions): string | undefined {
  if (distribution === 'uniform') return undefined
  if ('zipf' in distribution) return `zipf:${distribution.zipf}`
  return `hot:${distribution.hot.part}:${distribution.hot.share}`
}

/** The options under fio's names, where fio has them. */
function jobOptions(options: CheckedOptions, settings: BenchSettings): Record<string, string> {
  const total = options.blockSize.reduce((sum, size) => sum + size.weight, 0)
  const [only] = options.blockSize
  const all: Record<string, string | number | undefined> = {
    ioengine: 'rbdkit',
    pool: settings.images[0]?.pool,
    rbdname: settings.images.map(({ image }) => image).join(':'),
    rw: fioOperation(options),
    rwmixread: options.operation === 'readwrite' ? options.readPercent : undefined,
    bs: options.blockSize.length === 1 ? only?.bytes : undefined,
    bssplit:
      options.blockSize.length === 1
        ? undefined
        : options.blockSize
            .map(({ bytes, weight }) => `${bytes}/${Math.round((weight / total) * 100)}`)
            .join(':'),
    iodepth: options.depth,
    numjobs: settings.images.length,
    runtime: options.runtime,
    ramp_time: options.warmup === 0 ? undefined : options.warmup,
    io_size: options.bytes,
    rate_iops: options.rate,
    rate_process: options.rate === undefined ? undefined : 'poisson',
    random_distribution: fioDistribution(options),
    fsync: options.flushEvery === 0 ? undefined : options.flushEvery,
    buffer_compress_percentage: options.compressible === 0 ? undefined : options.compressible,
    verify: options.verify ? 'stamp' : undefined,
    randseed: String(options.seed),
  }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  )
}

/** The result of a run from what native code counted. */
export function toResult(
  raw: NativeBenchResult,
  options: CheckedOptions,
  settings: BenchSettings,
): BenchResult {
  const { seconds } = raw
  const direction = (name: 'read' | 'write' | 'trim'): BenchDirection =>
    fromNative(
      raw[name],
      raw.rows.map((row) => toInterval(row, row[name])),
      seconds,
    )
  const read = direction('read')
  const write = direction('write')
  const trim = direction('trim')
  const operations = raw.read.latency.count + raw.write.latency.count + raw.trim.latency.count
  const cpu = raw.userSeconds + raw.systemSeconds
  const now = new Date()
  return {
    'fio version': `rbdkit-${rbdkitVersion()}`,
    'rbdkit version': rbdkitVersion(),
    timestamp: Math.floor(now.getTime() / 1000),
    timestamp_ms: now.getTime(),
    time: now.toUTCString(),
    jobs: [
      {
        jobname: `${fioOperation(options)} ${settings.images.map(({ image }) => image).join(' ')}`,
        error: 0,
        elapsed: raw.elapsed,
        'job options': jobOptions(options, settings),
        read,
        write,
        trim,
        sync: { total_ios: raw.sync.latency.count, lat_ns: toLatency(raw.sync.latency) },
        unstarted_ios: raw.unstarted,
        usr_cpu: seconds > 0 ? (raw.userSeconds / seconds) * 100 : 0,
        sys_cpu: seconds > 0 ? (raw.systemSeconds / seconds) * 100 : 0,
        ctx: raw.contextSwitches,
        ...fioLatency([read, write, trim]),
      },
    ],
    cpu: {
      userSeconds: raw.userSeconds,
      systemSeconds: raw.systemSeconds,
      microsecondsPerOperation: operations > 0 ? (cpu * 1e6) / operations : 0,
    },
    settings,
  }
}
