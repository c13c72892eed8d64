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
  flags: bigint
  dataPoolId: bigint
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

export interface NativeMirrorInfo {
  globalId: string
  mode: 'journal' | 'snapshot'
  state: 'disabling' | 'enabled'
  primary: boolean
}

export interface NativeMigrationEnd {
  pool: string
  namespace: string
  image: string
  id: string
}

export interface NativeMigrationStatus {
  source: NativeMigrationEnd
  dest: NativeMigrationEnd
  state: 'error' | 'preparing' | 'prepared' | 'executing' | 'executed' | 'aborting' | 'unknown'
}

export type NativeSnapshotNamespace =
  | { type: 'user' | 'unknown' }
  | { type: 'group'; poolId: bigint; group: string; snapshot: string }
  | { type: 'trash'; name: string }
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
}

/** What native/rbd/ exports, under librbd's own names. */
export interface RbdNative {
  rbd_aio_read: IoFunction<[view: ArrayBufferView]>
  rbd_aio_write: IoFunction<[view: ArrayBufferView]>
  rbd_aio_readv: IoFunction<[views: readonly ArrayBufferView[]]>
  rbd_aio_writev: IoFunction<[views: readonly ArrayBufferView[]]>
  rbd_aio_discard: IoFunction<[]>
  rbd_aio_write_zeroes: IoFunction<[flags: number]>
  rbd_aio_writesame: IoFunction<[view: ArrayBufferView]>
  rbd_aio_compare_and_write: IoFunction<
    [compare: ArrayBufferView, view: ArrayBufferView, mismatch: BigUint64Array]
  >
  rbd_aio_flush: IoFunction<[]>
  rbd_aio_read_extents: ExtentsFunction
  rbd_aio_write_extents: ExtentsFunction
  rbd_open: Task<
    [ioctx: number, image: string, byId: boolean, snapshot: string | undefined, readOnly: boolean],
    number
  >
  rbd_stat: Task<[image: number], NativeImageInfo>
  rbd_get_size: Task<[image: number], number>
  rbd_get_group: Task<[image: number], NativeGroup | undefined>
  rbd_mirror_image_get_info: Task<[image: number], NativeMirrorInfo | undefined>
  rbd_migration_status: Task<[ioctx: number, image: string], NativeMigrationStatus>
  rbd_watchers_list: Task<[image: number], NativeWatcher[]>
  /** Bytes of the objects that exist, or that have changed since `fromSnapshot`. */
  rbd_diff_iterate2: Task<[image: number, fromSnapshot: string | undefined], number>
  rbd_list2: Task<[ioctx: number], { id: string; name: string }[]>
  rbd_create4: Task<[ioctx: number, name: string, size: number, layout: NativeLayout]>
  rbd_remove_with_progress: Task<[ioctx: number, name: string]>
  rbd_rename: Task<[ioctx: number, from: string, to: string]>
  rbd_sparsify_with_progress: Task<[image: number, sparseSize: number]>
  rbd_invalidate_cache: Task<[image: number]>
  rbd_resize2: Task<[image: number, size: number, allowShrink: boolean]>
  rbd_snap_list: Task<[image: number], NativeSnapshot[]>
  rbd_snap_create2: Task<[image: number, name: string, flags: number]>
  rbd_snap_remove2: Task<[image: number, name: string, flags: number]>
  rbd_snap_rollback_with_progress: Task<[image: number, name: string]>
  rbd_snap_rename: Task<[image: number, from: string, to: string]>
  rbd_snap_protect: Task<[image: number, name: string]>
  rbd_snap_unprotect: Task<[image: number, name: string]>
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
  rbd_flatten_with_progress: Task<[image: number]>
  rbd_list_children3: Task<[image: number], NativeLinkedImage[]>
  rbd_get_parent: Task<
    [image: number],
    [parent: NativeLinkedImage, at: { snapshot: string; snapshotId: bigint }] | undefined
  >
  rbd_metadata_get: Task<[image: number, key: string], string | undefined>
  rbd_metadata_set: Task<[image: number, key: string, value: string]>
  rbd_metadata_remove: Task<[image: number, key: string]>
  rbd_metadata_list: Task<[image: number], [key: string, value: string][]>
  rbd_config_image_list: Task<[image: number], [name: string, value: string, source: NativeConfigSource][]>
  rbd_lock_acquire: Task<[image: number, mode: number]>
  rbd_lock_release: Task<[image: number]>
  rbd_lock_break: Task<[image: number, mode: number, owner: string]>
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
