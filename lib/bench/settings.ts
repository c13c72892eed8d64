/** This file collects the settings, the image's facts and the host's that a result is to be read with. */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { native } from '../internal/addon.js'
import { startTask } from '../internal/dispatcher.js'
import type { Task } from '../internal/native/core.js'
import type { NativeImageInfo } from '../internal/native/rbd.js'
import type { Resource } from '../internal/resource.js'
import type { Cluster } from '../rados/cluster.js'
import { type Feature, featureNames } from '../rbd/features.js'
import type { Image } from '../rbd/image.js'
import type { CheckedOptions } from './options.js'
import type { BenchSettings } from './types.js'

/** Options of librados and librbd that change what a client can do. */
const clientOptions = [
  'rbd_cache',
  'rbd_cache_policy',
  'rbd_cache_size',
  'rbd_cache_max_dirty',
  'rbd_cache_writethrough_until_flush',
  'rbd_io_scheduler',
  'rbd_non_blocking_aio',
  'rbd_disable_zero_copy_writes',
  'rbd_op_threads',
  'rbd_read_from_replica_policy',
  'rbd_balance_snap_reads',
  'rbd_localize_snap_reads',
  'rbd_clone_copy_on_read',
  'rbd_sparse_read_threshold_bytes',
  'rbd_readahead_max_bytes',
  'rbd_skip_partial_discard',
  'rbd_discard_granularity_bytes',
  'rbd_qos_iops_limit',
  'rbd_qos_bps_limit',
  'rbd_persistent_cache_mode',
  'librados_thread_count',
  'ms_async_op_threads',
  'ms_client_mode',
  'ms_crc_data',
  'objecter_inflight_ops',
  'objecter_inflight_op_bytes',
  'rados_osd_op_timeout',
]

/** What is found out of an image before a run. */
export interface ImageFacts {
  image: Image
  info: Omit<NativeImageInfo, 'features'> & { features: Feature[] }
  fsid: string
  allocated: number
  overrides: Record<string, string>
}

/**
 * A call on a handle that the run holds: also when `close()` has been called meanwhile, which waits for the run and
 * lets no public method through.
 */
export function ask<A extends unknown[], R>(
  of: Resource,
  call: Task<[number, ...A], R>,
  ...args: A
): Promise<R> {
  return startTask(of, call, [of.handle, ...args])
}

/** What stays the same in every run of every process, whatever the image's name. */
export function identityOf({ image, info, fsid }: ImageFacts): bigint {
  const { pool, namespace } = image.ioctx
  const text = JSON.stringify([fsid, pool, namespace, info.id, image.snapshot ?? ''])
  return createHash('sha256').update(text).digest().readBigUInt64LE()
}

/** Asks librbd about an image. */
export async function factsOf(image: Image): Promise<ImageFacts> {
  const [info, fsid, allocated, settings] = await Promise.all([
    ask(image, native.rbd_stat),
    ask(image.ioctx.cluster, native.rados_cluster_fsid),
    ask(image, native.benchAllocation),
    ask(image, native.rbd_config_image_list),
  ])
  const overrides = settings.filter(([, , source]) => source !== 'config')
  return {
    image,
    info: { ...info, features: featureNames(info.features) },
    fsid,
    allocated,
    overrides: Object.fromEntries(overrides.map(([name, value]) => [name, value])),
  }
}

async function clientSettings(cluster: Cluster): Promise<Record<string, string>> {
  const pairs = await Promise.all(
    clientOptions.map(async (name) => {
      // This release may not have it.
      const value = await ask(cluster, native.rados_conf_get, name).catch(() => undefined)
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
  return Object.fromEntries(pairs.flat())
}

let ownVersion: string | undefined

/** rbdkit's version; lib/bench/ and dist/bench/ are both two levels down. */
export function rbdkitVersion(): string {
  ownVersion ??= (
    JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  ).version
  return ownVersion
}

/** The options of a run, as JSON can carry them. */
export function shownOptions(options: CheckedOptions): Record<string, unknown> {
  const { seed, blockSize, ...rest } = options
  const [only] = blockSize
  return {
    ...rest,
    blockSize: blockSize.length === 1 ? only?.bytes : blockSize,
    seed: seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seed) : String(seed),
  }
}

/** What is found out of the client and the cluster before a run. */
export interface HostFacts {
  client: Record<string, string>
  /** The monitors' version. */
  ceph: string
}

export async function hostFacts(cluster: Cluster): Promise<HostFacts> {
  const [client, ceph] = await Promise.all([clientSettings(cluster), cluster.version().catch(() => '')])
  return { client, ceph }
}

/** Whether the handle has the exclusive lock. */
export async function holdsLock({ image, info }: ImageFacts): Promise<boolean> {
  return info.features.includes('exclusive-lock') && ask(image, native.rbd_is_exclusive_lock_owner)
}

/** What the figures of a run depend on. */
export function toSettings(
  facts: readonly ImageFacts[],
  locks: readonly boolean[],
  host: HostFacts,
  options: CheckedOptions,
): BenchSettings {
  const { librbd = '', librados = '' } = native.versions()
  return {
    images: facts.map(({ image, info, fsid, allocated, overrides }, i) => ({
      fsid,
      pool: image.ioctx.pool,
      namespace: image.ioctx.namespace,
      image: image.name,
      ...(image.snapshot === undefined ? {} : { snapshot: image.snapshot }),
      size: info.size,
      objectSize: info.objectSize,
      stripeUnit: info.stripeUnit,
      stripeCount: info.stripeCount,
      features: info.features,
      exclusiveLock: locks[i] ?? false,
      allocated,
      overrides,
    })),
    client: host.client,
    cluster: { fsid: facts[0]?.fsid ?? '' },
    handles: new Set(facts.map(({ image }) => image.ioctx.cluster)).size,
    versions: { rbdkit: rbdkitVersion(), librbd, librados, node: process.versions.node, ceph: host.ceph },
    options: shownOptions(options),
  }
}
