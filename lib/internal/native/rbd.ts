import type { TaskFunction } from './core.js'

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
  rbd_open: TaskFunction<
    [ioctx: number, image: string, byId: boolean, snapshot: string | undefined, readOnly: boolean]
  >
  rbd_stat: TaskFunction<[image: number]>
  rbd_get_size: TaskFunction<[image: number]>
  rbd_get_group: TaskFunction<[image: number]>
  rbd_mirror_image_get_info: TaskFunction<[image: number]>
  rbd_migration_status: TaskFunction<[ioctx: number, image: string]>
  rbd_watchers_list: TaskFunction<[image: number]>
  /** Bytes of the objects that exist, or that have changed since `fromSnapshot`. */
  rbd_diff_iterate2: TaskFunction<[image: number, fromSnapshot: string | undefined]>
  rbd_list2: TaskFunction<[ioctx: number]>
  rbd_create4: TaskFunction<[ioctx: number, name: string, size: number, layout: NativeLayout]>
  rbd_remove_with_progress: TaskFunction<[ioctx: number, name: string]>
  rbd_rename: TaskFunction<[ioctx: number, from: string, to: string]>
  rbd_invalidate_cache: TaskFunction<[image: number]>
  rbd_resize2: TaskFunction<[image: number, size: number, allowShrink: boolean]>
  rbd_snap_list: TaskFunction<[image: number]>
  rbd_snap_create2: TaskFunction<[image: number, name: string, flags: number]>
  rbd_snap_remove2: TaskFunction<[image: number, name: string, flags: number]>
  rbd_snap_rollback_with_progress: TaskFunction<[image: number, name: string]>
  rbd_snap_rename: TaskFunction<[image: number, from: string, to: string]>
  rbd_snap_protect: TaskFunction<[image: number, name: string]>
  rbd_snap_unprotect: TaskFunction<[image: number, name: string]>
  rbd_snap_is_protected: TaskFunction<[image: number, name: string]>
  rbd_clone3: TaskFunction<
    [
      parentIoctx: number,
      parent: string,
      snapshot: string,
      childIoctx: number,
      child: string,
      layout: NativeLayout,
    ]
  >
  rbd_flatten_with_progress: TaskFunction<[image: number]>
  rbd_list_children3: TaskFunction<[image: number]>
  rbd_get_parent: TaskFunction<[image: number]>
  rbd_metadata_get: TaskFunction<[image: number, key: string]>
  rbd_metadata_set: TaskFunction<[image: number, key: string, value: string]>
  rbd_metadata_remove: TaskFunction<[image: number, key: string]>
  rbd_metadata_list: TaskFunction<[image: number]>
  rbd_config_image_list: TaskFunction<[image: number]>
  rbd_lock_acquire: TaskFunction<[image: number, mode: string]>
  rbd_lock_release: TaskFunction<[image: number]>
  rbd_lock_break: TaskFunction<[image: number, mode: string, owner: string]>
  rbd_is_exclusive_lock_owner: TaskFunction<[image: number]>
  rbd_lock_get_owners: TaskFunction<[image: number]>
  rbd_list_lockers: TaskFunction<[image: number]>
  rbd_pool_init: TaskFunction<[ioctx: number, force: boolean]>
  rbd_namespace_create: TaskFunction<[ioctx: number, name: string]>
  rbd_namespace_remove: TaskFunction<[ioctx: number, name: string]>
  rbd_namespace_list: TaskFunction<[ioctx: number]>
}
