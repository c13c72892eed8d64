import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { toBoolean, toOptions, toText } from '../internal/validate.js'
import { needsQuoting } from '../rados/applications.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { toName } from './names.js'

/**
 * Readies a pool for images: sets its application to rbd.
 *
 * Errors: `EPERM` it serves another application (`force` overrides), or not allowed.
 *
 * Implements: rbd_pool_init; for a name that librbd does not quote the monitor command `osd pool application enable`.
 * @since 0.1.0
 */
export async function poolInit(ioctx: IoCtx, options?: CallOptions & { force?: boolean }): Promise<void> {
  const given = toOptions('options', options, { force: true, signal: true })
  const { applications, pool } = toIoCtx('ioctx', ioctx)
  const force = toBoolean('options.force', given.force, false)
  // What else librbd does with a pool before its first image, it does then if it was not done here.
  if (needsQuoting(pool)) return applications.enable('rbd', { force, signal: given.signal })
  await ioctx.callWith(native.rbd_pool_init, toTaskOptions({ signal: given.signal }), force)
}

/**
 * What the images of a pool and namespace add up to.
 *
 * @since 0.1.0
 */
export interface ImagesStat {
  images: number
  /** Bytes that the images have, however few of them are written. */
  provisionedBytes: number
  /** The same with the largest size of each image, over its snapshots. */
  maxProvisionedBytes: number
  snapshots: number
  /** The same of what lies in the trash. */
  trash: {
    images: number
    provisionedBytes: number
    maxProvisionedBytes: number
    snapshots: number
  }
}

/**
 * What the images of the pool and namespace add up to, and those in its trash. Opens none of them, but reads every
 * header. (`ioctx.stat()` tells what the pool holds.)
 *
 * Implements: rbd_pool_stats_create, rbd_pool_stats_option_add_uint64, rbd_pool_stats_get, rbd_pool_stats_destroy.
 * @since 0.1.0
 */
export async function poolStats(ioctx: IoCtx, options?: CallOptions): Promise<ImagesStat> {
  const stats = await toIoCtx('ioctx', ioctx).callWith(native.rbd_pool_stats_get, toTaskOptions(options))
  const { images, provisionedBytes, maxProvisionedBytes, snapshots } = stats
  return {
    images,
    provisionedBytes,
    maxProvisionedBytes,
    snapshots,
    trash: {
      images: stats.trashImages,
      provisionedBytes: stats.trashProvisionedBytes,
      maxProvisionedBytes: stats.trashMaxProvisionedBytes,
      snapshots: stats.trashSnapshots,
    },
  }
}

/**
 * Creates a namespace in the pool.
 *
 * Errors: `EEXIST`.
 *
 * Implements: rbd_namespace_create.
 * @since 0.1.0
 */
export async function namespaceCreate(ioctx: IoCtx, name: string, options?: CallOptions): Promise<void> {
  await toIoCtx('ioctx', ioctx).callWith(
    native.rbd_namespace_create,
    toTaskOptions(options),
    toName('name', name),
  )
}

/**
 * Removes an empty namespace.
 *
 * Errors: `ENOENT`; `EBUSY` it has images.
 *
 * Implements: rbd_namespace_remove.
 * @since 0.1.0
 */
export async function namespaceRemove(ioctx: IoCtx, name: string, options?: CallOptions): Promise<void> {
  await toIoCtx('ioctx', ioctx).callWith(
    native.rbd_namespace_remove,
    toTaskOptions(options),
    toText('name', name),
  )
}

/**
 * Whether the pool has a namespace of that name.
 *
 * Implements: rbd_namespace_exists.
 * @since 0.1.0
 */
export async function namespaceExists(ioctx: IoCtx, name: string, options?: CallOptions): Promise<boolean> {
  return toIoCtx('ioctx', ioctx).callWith(
    native.rbd_namespace_exists,
    toTaskOptions(options),
    toText('name', name),
  )
}

/**
 * The pool's namespaces, without the default one.
 *
 * Implements: rbd_namespace_list.
 * @since 0.1.0
 */
export async function namespaceList(ioctx: IoCtx, options?: CallOptions): Promise<string[]> {
  return toIoCtx('ioctx', ioctx).callWith(native.rbd_namespace_list, toTaskOptions(options))
}
