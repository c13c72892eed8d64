/**
 * This file does `rbdkit bench --workers`, the run of other hosts' workers. What loads the addon is imported when it
 * is needed.
 */

import { type Command, InvalidArgumentError } from 'commander'
import type { BenchOptions, BenchProgress, BenchResult } from '../../bench/types.js'
import { formatBandwidth, formatCount, formatLatency } from '../../internal/text.js'
import { type ConnectionFlags, defaultPool, toConnectOptions } from '../options/connection.js'
import type { ImageSpec, Written } from '../options/image-spec.js'

/** What commander makes of its options. */
export interface HostFlags {
  readonly workers?: number | readonly string[]
  readonly group?: string
  readonly shareImages?: boolean
}

function parseWorkers(text: string): number | string[] {
  if (/^\d+$/.test(text)) {
    const count = Number(text)
    if (count < 1 || count > 4096) throw new InvalidArgumentError('must be from 1 to 4096')
    return count
  }
  const names = text.split(',')
  if (names.includes('')) throw new InvalidArgumentError('must be a number, or names with commas between')
  return names
}

/** Adds `--workers`, `--group` and `--share-images`. */
export function addHostOptions(command: Command): Command {
  return command
    .option(
      '--workers <n|names>',
      "let 'rbdkit bench-worker's on other hosts do it: how many, or which (a,b,c); images are dealt out",
      parseWorkers,
    )
    .option('--group <group>', "the workers' group (default: default)")
    .option('--share-images', 'every worker reads all images')
}

/** The one pool and namespace that the workers wait in; commander's error for what no worker can do. */
export function checkHosts(
  { workers, group, shareImages }: HostFlags,
  numjobs: number,
  images: readonly Written<ImageSpec>[],
): void {
  if (workers === undefined) {
    if (group !== undefined || shareImages === true)
      throw new InvalidArgumentError('--group and --share-images go with --workers')
    return
  }
  if (numjobs !== 1)
    throw new InvalidArgumentError('--numjobs does not go with --workers: start more workers')
  const [first] = images
  if (images.some(({ pool, namespace }) => pool !== first?.pool || namespace !== first?.namespace))
    throw new InvalidArgumentError('with --workers all images must be of one pool and namespace')
}

/** Measures through the workers. */
export async function measureOnWorkers(
  images: readonly Written<ImageSpec>[],
  flags: HostFlags & ConnectionFlags,
  options: BenchOptions,
  signal: AbortSignal,
  onProgress: (progress: BenchProgress) => void,
): Promise<BenchResult> {
  const { workers, group, shareImages } = flags
  const { benchWorkers, Cluster } = await import('../../index.js')
  const cluster = await Cluster.connect({ ...toConnectOptions(flags), signal })
  try {
    const { pool = await defaultPool(cluster), namespace = '' } = images[0] ?? {}
    const ioctx = await cluster.openIoCtx(pool, { namespace })
    const names = images.map(({ image, snapshot }) =>
      snapshot === undefined ? image : `${image}@${snapshot}`,
    )
    const given = {
      ...(workers === undefined ? {} : { workers }),
      ...(group === undefined ? {} : { group }),
      share: shareImages === true ? ('all' as const) : ('split' as const),
    }
    return await benchWorkers(ioctx, names, { ...options, ...given, signal, onProgress })
  } finally {
    await cluster.close()
  }
}

/** A line a worker; empty without workers. */
export function hostsText({ hosts = [], started_within_ms: within = 0 }: BenchResult): string {
  if (hosts.length === 0) return ''
  const lines = hosts.map(({ name, host, images, iops, bw_bytes, lat_ns }) => {
    const figures = `${formatCount(iops)} IOPS, ${formatBandwidth(bw_bytes)}, p99 ${formatLatency(lat_ns.p99)}`
    return `  ${name} on ${host} (${images.join(', ')}): ${figures}`
  })
  return `\n${hosts.length} workers, begun within ${within.toFixed(1)} ms:\n${lines.join('\n')}\n`
}
