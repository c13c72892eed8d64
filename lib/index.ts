import { native } from './internal/addon.js'

export * from './bench/index.js'
export { BufferPool, type BufferPoolOptions } from './buffer-pool.js'
export * from './copy/index.js'
export { CephError, type ErrorObject } from './errors.js'
export type { CallOptions } from './internal/call-options.js'
export type { NativeCall } from './internal/call-trace.js'
export type { Auth, AuthEntity, AuthKey, Capabilities, GetOrCreateOptions, KeyType } from './rados/auth.js'
export { Cluster, type ClusterStat, type ConnectOptions } from './rados/cluster.js'
export type { Command, CommandOptions } from './rados/command.js'
export { IoCtx, type PoolStat } from './rados/ioctx.js'
export type { Monitor } from './rados/monitors.js'
export type { LockObjectOptions, ObjectLock, ObjectStat } from './rados/object.js'
export type { Pools } from './rados/pools.js'
export {
  type Notification,
  type NotifyOptions,
  type NotifyReply,
  type NotifyResult,
  Watch,
  type WatchListener,
  type WatchOptions,
} from './rados/watch.js'
export { WriteOp } from './rados/write-op.js'
export type { CompareAndWriteResult } from './rbd/compare-and-write.js'
export type { Extent } from './rbd/extents.js'
export type { Feature } from './rbd/features.js'
export type { FileRange, FileStreamOptions } from './rbd/file-arguments.js'
export { ImageFileHandle } from './rbd/file-handle.js'
export type { ImageGroup } from './rbd/group.js'
export type { OperationOptions, OperationProgress } from './rbd/handle.js'
export { Image, type OpenOptions } from './rbd/image.js'
export type { ImageInfo } from './rbd/info.js'
export type { ReadOptions, ReadResult, WriteOptions } from './rbd/io.js'
export type { ImageLayout } from './rbd/layout.js'
export type { Locker, LockMode, LockOwner, Locks } from './rbd/lock.js'
export type { Metadata } from './rbd/metadata.js'
export type { MigrationEnd, MigrationStatus } from './rbd/migration.js'
export type { MirrorInfo } from './rbd/mirror.js'
export { namespaceCreate, namespaceExists, namespaceList, namespaceRemove, poolInit } from './rbd/pool.js'
export type { LinkedImage, ParentImage, Watcher } from './rbd/relations.js'
export type { SnapshotInfo, SnapshotNamespace, Snapshots } from './rbd/snapshot.js'
export type { ReadStreamOptions, WriteStreamOptions } from './rbd/stream.js'

export { Trash, type TrashEntry, type TrashMoveOptions, type TrashRemoveOptions } from './rbd/trash.js'

/**
 * For each library, the functions that this host's version has, or why it cannot be loaded.
 *
 * @since 0.1.0
 */
export type CapabilitiesOfHost = Record<'librados' | 'librbd' | 'libvirt', Record<string, boolean> | string>

/**
 * What this host's libraries can do: `capabilities().librbd.rbd_aio_write_zeroes`. A function that is missing
 * rejects with `ENOSYS`. A library that is not installed is a text that names its package.
 *
 * @since 0.1.0
 */
export function capabilities(): CapabilitiesOfHost {
  return native.capabilities()
}

/**
 * The versions of the libraries on this host; absent when not installed.
 *
 * Implements: rados_version, rbd_version, virGetVersion.
 * @since 0.1.0
 */
export function versions(): { librados?: string; librbd?: string; libvirt?: string } {
  return native.versions()
}
