import type { Task } from './core.js'

/** One asynchronous operation: 0, or a negative errno when librbd did not take it. */
type IoFunction<A extends unknown[]> = (
  slot: number,
  image: number,
  offset: number,
  length: number,
  ...args: A
) => number

/** Many operations as one: 0 or -ERANGE; each extent's result comes in `outcomes`. */
type ExtentsFunction = (
  slot: number,
  image: number,
  offsets: Float64Array,
  views: readonly ArrayBufferView[],
  outcomes: Float64Array,
) => number

/** What the native side reads of an image's layout. */
export interface NativeLayout {
  order?: number
  features?: bigint
  stripeUnit?: number
  stripeCount?: number
  dataPool?: string
  cloneFormat?: number
  featuresSet?: bigint
  featuresClear?: bigint
  journalOrder?: number
  journalSplayWidth?: number
  journalPool?: string
  /** rbd_mirror_image_mode_t */
  mirrorImageMode?: number
  /** 0 or 1 */
  flatten?: number
}

/** What an image is. */
export interface NativeImageInfo {
  id: string
  name: string
  blockNamePrefix: string
  size: number
  objectSize: number
  objects: number
  order: number
  stripeUnit: number
  stripeCount: number
  overlap: number
  createdMs: number
  modifiedMs: number
  accessedMs: number
  features: bigint
  operations: bigint
  format: 1 | 2
  flags: bigint
  dataPoolId: bigint
}

/** An image that was opened, and the snapshot that it was opened at. */
export interface NativeOpened {
  handle: number
  snapshot: string | undefined
  snapshotId: bigint | undefined
}

export interface NativeWatcher {
  address: string
  id: bigint
  cookie: bigint
}

export interface NativeGroup {
  poolId: bigint
  pool: string
  group: string
}

export type NativeSnapshotNamespace =
  | { type: 'user' | 'unknown' }
  | { type: 'group'; poolId: bigint; group: string; snapshot: string }
  | { type: 'trash'; name: string; original: 'user' | 'group' | 'trash' | 'mirror' | 'unknown' | undefined }
  | {
      type: 'mirror'
      state: 'primary' | 'primary-demoted' | 'non-primary' | 'non-primary-demoted' | 'unknown'
      peers: string[]
      complete: boolean
      primaryMirrorUuid: string
      primarySnapshotId: bigint
      lastCopiedObject: number
    }

export interface NativeSnapshot {
  id: bigint
  name: string
  size: number
  protected: boolean
  createdMs: number
  namespace: NativeSnapshotNamespace
}

/** An image of this cluster, wherever it is. */
export interface NativeLinkedImage {
  poolId: bigint
  pool: string
  namespace: string
  id: string
  image: string
  trash: boolean
}

export interface NativeTrashEntry {
  id: string
  name: string
  /** rbd_trash_image_source_t */
  source: number
  deletedMs: number
  deferredUntilMs: number
}

export type NativeConfigSource = 'config' | 'pool' | 'image'

export type NativeLockMode = 'exclusive' | 'shared'

export interface NativeLocker {
  client: string
  cookie: string
  address: string
  mode: NativeLockMode
  tag: string
}

/** Objects by their numbers: the first of them, and how many there are. */
export interface NativeObjects {
  count: number
  objects: Float64Array
}

/** What the header of an image says. */
export interface NativeHeader {
  size: number
  /** Objects are of 2^order bytes. */
  order: number
  features: bigint
  flags: bigint
  createdMs: number | undefined
  /** -1: the image's own. */
  dataPoolId: bigint
  parent: NativeHeaderParent | undefined
  overlap: number
  group: { poolId: bigint; id: string } | undefined
  lockers: { client: string; cookie: string; mode: 'exclusive' | 'shared' }[]
  /** Oldest first. */
  snapshots: NativeHeaderSnapshot[]
  /** Bytes of each snapshot and of the image, where it was asked for and the object maps tell it. */
  usage: Float64Array | undefined
}

/** What a clone was made of. */
export interface NativeHeaderParent {
  poolId: bigint
  namespace: string
  id: string
  snapshotId: bigint
}

export interface NativeHeaderSnapshot {
  id: bigint
  name: string
  size: number
  createdMs: number
  namespace: 'user' | 'group' | 'trash' | 'mirror' | 'unknown'
  protected: boolean
}

export interface NativeObjectCheck {
  valid: boolean
  objects: number
  lost: NativeObjects
  unlisted: NativeObjects
}

export type NativeEncryptionFormat = 'luks1' | 'luks2' | 'luks'

/** What native/rbd/ exports, under librbd's own names. */
export interface RbdNative {
  rbd_aio_read: IoFunction<[view: ArrayBufferView]>
  rbd_aio_write: IoFunction<[view: ArrayBufferView]>
  rbd_aio_read2: IoFunction<[view: ArrayBufferView, flags: number]>
  rbd_aio_write2: IoFunction<[view: ArrayBufferView, flags: number]>
  rbd_aio_write_with_crc32c: IoFunction<[view: ArrayBufferView, flags: number, crc: number]>
  rbd_aio_readv: IoFunction<[views: readonly ArrayBufferView[]]>
  rbd_aio_writev: IoFunction<[views: readonly ArrayBufferView[]]>
  rbd_aio_discard: IoFunction<[]>
  rbd_aio_write_zeroes: IoFunction<[flags: number]>
  rbd_aio_writesame: IoFunction<[view: ArrayBufferView, flags: number]>
  rbd_aio_compare_and_write: IoFunction<
    [compare: ArrayBufferView, view: ArrayBufferView, mismatch: BigUint64Array, flags: number]
  >
  rbd_aio_compare_and_writev: IoFunction<
    [
      compares: readonly ArrayBufferView[],
      views: readonly ArrayBufferView[],
      mismatch: BigUint64Array,
      flags: number,
    ]
  >
  rbd_aio_flush: IoFunction<[]>
  rbd_aio_read_extents: ExtentsFunction
  rbd_aio_write_extents: ExtentsFunction
  rbd_open: Task<
    [
      ioctx: number,
      image: string,
      byId: boolean,
      snapshot: string | undefined,
      snapshotId: bigint | undefined,
      readOnly: boolean,
    ],
    NativeOpened
  >
  rbd_stat: Task<[image: number], NativeImageInfo>
  rbd_get_size: Task<[image: number], number>
  rbd_get_group: Task<[image: number], NativeGroup | undefined>
  rbd_watchers_list: Task<[image: number], NativeWatcher[]>
  /** Bytes of the objects that exist, or that have changed since `fromSnapshot`. */
  rbd_diff_iterate2: Task<[image: number, fromSnapshot: string | undefined], number>
  /** One window of a diff: where the next one begins, then place, length and whether it exists, of each extent. */
  rbd_diff_iterate3: Task<
    [
      image: number,
      from: string | undefined,
      fromId: bigint | undefined,
      begin: number,
      end: number,
      withParent: boolean,
      wholeObjects: boolean,
      first: boolean,
    ],
    Float64Array
  >
  rbd_list2: Task<[ioctx: number], { id: string; name: string }[]>
  rbd_create4: Task<[ioctx: number, name: string, size: number, layout: NativeLayout]>
  rbd_remove_with_progress: Task<[ioctx: number, name: string]>
  rbd_rename: Task<[ioctx: number, from: string, to: string]>
  rbd_sparsify_with_progress: Task<[image: number, sparseSize: number]>
  rbd_update_features: Task<[image: number, features: bigint, enabled: boolean]>
  rbd_rebuild_object_map: Task<[image: number]>
  /** For each id a negative errno, or its header. Images of format 2 only. */
  rbd_headers: Task<[ioctx: number, ids: string[], withUsage: boolean], (number | NativeHeader)[]>
  rbd_object_map_check: Task<[image: number, snapshotId: bigint | undefined], NativeObjectCheck>
  rbd_copy_with_progress4: Task<
    [image: number, ioctx: number, name: string, options: NativeLayout, sparseSize: number]
  >
  rbd_deep_copy_with_progress: Task<[image: number, ioctx: number, name: string, options: NativeLayout]>
  rbd_encryption_format: Task<
    [image: number, format: NativeEncryptionFormat, algorithm: string, passphrase: Uint8Array]
  >
  rbd_encryption_load: Task<
    [image: number, format: NativeEncryptionFormat, algorithm: string, passphrase: Uint8Array]
  >
  rbd_encryption_load2: Task<
    [image: number, layers: [format: NativeEncryptionFormat, passphrase: Uint8Array][]]
  >
  rbd_get_migration_source_spec: Task<[image: number], string | undefined>
  /** A subscription, as the next one. */
  rbd_update_watch: Task<[image: number], number>
  rbd_quiesce_watch: Task<[image: number], number>
  rbd_lock_watch: Task<[image: number], number>
  rbd_quiesce_complete: Task<[watch: number, result: number]>
  /** `stale`: only where librbd would answer reads from before a compare-and-write. */
  rbd_invalidate_cache: Task<[image: number, stale: boolean]>
  rbd_resize2: Task<[image: number, size: number, allowShrink: boolean]>
  rbd_snap_list: Task<[image: number], NativeSnapshot[]>
  rbd_snap_create2: Task<[image: number, name: string, flags: number]>
  rbd_snap_remove2: Task<[image: number, name: string, flags: number]>
  rbd_snap_rollback_with_progress: Task<[image: number, name: string]>
  rbd_snap_rename: Task<[image: number, from: string, to: string]>
  rbd_snap_protect: Task<[image: number, name: string]>
  rbd_snap_unprotect: Task<[image: number, name: string]>
  rbd_snap_remove_by_id: Task<[image: number, id: bigint]>
  rbd_snap_exists: Task<[image: number, name: string], boolean>
  rbd_snap_get_id: Task<[image: number, name: string], bigint>
  rbd_snap_get_name: Task<[image: number, id: bigint], string>
  rbd_snap_get_limit: Task<[image: number], number | undefined>
  rbd_snap_set_limit: Task<[image: number, limit: number | bigint]>
  rbd_snap_is_protected: Task<[image: number, name: string], boolean>
  rbd_clone3: Task<
    [
      parentIoctx: number,
      parent: string,
      snapshot: string,
      childIoctx: number,
      child: string,
      layout: NativeLayout,
    ]
  >
  rbd_clone4: Task<
    [
      parentIoctx: number,
      parent: string,
      snapshotId: bigint,
      childIoctx: number,
      child: string,
      layout: NativeLayout,
    ]
  >
  rbd_flatten_with_progress: Task<[image: number]>
  rbd_list_children3: Task<[image: number, snapshotId: bigint | undefined], NativeLinkedImage[]>
  rbd_list_descendants: Task<[image: number, snapshotId: bigint | undefined], NativeLinkedImage[]>
  rbd_get_parent: Task<
    [image: number],
    [parent: NativeLinkedImage, at: { snapshot: string; snapshotId: bigint }] | undefined
  >
  rbd_metadata_get: Task<[image: number, key: string], string | undefined>
  rbd_metadata_set: Task<[image: number, key: string, value: string]>
  rbd_metadata_remove: Task<[image: number, key: string]>
  rbd_metadata_list: Task<[image: number, after: string, most: number], [key: string, value: string][]>
  rbd_config_image_list: Task<[image: number], [name: string, value: string, source: NativeConfigSource][]>
  rbd_lock_acquire: Task<[image: number, mode: number]>
  rbd_lock_release: Task<[image: number]>
  rbd_lock_break: Task<[image: number, mode: number, owner: string]>
  rbd_lock_exclusive: Task<[image: number, cookie: string]>
  rbd_lock_shared: Task<[image: number, cookie: string, tag: string]>
  rbd_unlock: Task<[image: number, cookie: string]>
  rbd_break_lock: Task<[image: number, client: string, cookie: string]>
  rbd_is_exclusive_lock_owner: Task<[image: number], boolean>
  rbd_lock_get_owners: Task<[image: number], [mode: NativeLockMode, owners: string[]] | undefined>
  rbd_list_lockers: Task<[image: number], NativeLocker[]>
  rbd_pool_init: Task<[ioctx: number, force: boolean]>
  rbd_namespace_create: Task<[ioctx: number, name: string]>
  rbd_namespace_remove: Task<[ioctx: number, name: string]>
  rbd_namespace_list: Task<[ioctx: number], string[]>
  rbd_namespace_exists: Task<[ioctx: number, name: string], boolean>
  rbd_trash_list: Task<[ioctx: number], NativeTrashEntry[]>
  rbd_trash_get: Task<[ioctx: number, id: string], NativeTrashEntry>
  rbd_trash_move: Task<[ioctx: number, name: string, delaySeconds: number]>
  rbd_trash_restore: Task<[ioctx: number, id: string, name: string]>
  rbd_trash_remove_with_progress: Task<[ioctx: number, id: string, force: boolean]>
}
