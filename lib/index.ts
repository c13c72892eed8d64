import { native } from './internal/addon.js'

export * from './bench/index.js'
export { BufferPool, type BufferPoolOptions } from './buffer-pool.js'
export * from './copy/index.js'
export { CephError, type ErrorObject } from './errors.js'
export type { CallOptions } from './internal/call-options.js'
export type { NativeCall } from './internal/call-trace.js'
export type { Applications } from './rados/applications.js'
export type {
  Auth,
  AuthEntity,
  AuthKey,
  AuthUser,
  Capabilities,
  GetOrCreateOptions,
  KeyType,
} from './rados/auth.js'
export type { ChecksumOptions } from './rados/checksum.js'
export { Cluster, type ClusterStat } from './rados/cluster.js'
export type { Command, CommandOptions } from './rados/command.js'
export type { ConnectOptions } from './rados/connect-options.js'
export type {
  AllocationHint,
  ChecksumAlgorithm,
  Comparison,
  OperationFlag,
  StepFlag,
} from './rados/flags.js'
export { IoCtx, type OpenIoCtxOptions, type PoolStat } from './rados/ioctx.js'
export type { ListedObject, ObjectListing, ObjectListOptions } from './rados/listing.js'
export type { LogLevel, LogLine, MonitorLog, MonitorLogOptions } from './rados/monitor-log.js'
export type { Monitor } from './rados/monitors.js'
export type { OperateOptions, OperationResult } from './rados/object.js'
export type { LockObjectOptions, ObjectLock, ObjectLocker, ObjectLockers } from './rados/object-lock.js'
export type { Omap, OmapOptions } from './rados/omap.js'
export type { PoolSnapshot, PoolSnapshots, SelfManagedSnapshots } from './rados/pool-snapshots.js'
export type { Pools } from './rados/pools.js'
export { type ObjectStat, type OmapPage, type OmapRange, ReadOp } from './rados/read-op.js'
export type { Service } from './rados/service.js'
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
export type { Xattrs } from './rados/xattrs.js'
export type { CloneOptions, CloneParent } from './rbd/clone.js'
export type { CompareAndWriteOptions, CompareAndWriteResult } from './rbd/compare-and-write.js'
export type { ConfigOption, ImageConfig } from './rbd/config.js'
export type { ImageCopyOptions, ImageDeepCopyOptions } from './rbd/content.js'
export type { ImageDiffOptions, ImageExtent } from './rbd/diff.js'
export type {
  Encryption,
  EncryptionFormat,
  EncryptionFormatOptions,
  EncryptionLayer,
} from './rbd/encryption.js'
export type { Extent } from './rbd/extents.js'
export type { Feature, ImageOperation } from './rbd/features.js'
export type { FileRange, FileStreamOptions } from './rbd/file-arguments.js'
export { ImageFileHandle } from './rbd/file-handle.js'
export { Group, type GroupImage, type GroupImages, type ImageGroup } from './rbd/group.js'
export type { GroupDiffOptions, GroupExtent } from './rbd/group-diff.js'
export type { GroupSnapshot, GroupSnapshotDetails, GroupSnapshots } from './rbd/group-snapshot.js'
export type { OperationOptions, OperationProgress, OperationToTheEndOptions } from './rbd/handle.js'
export { Image, type OpenOptions } from './rbd/image.js'
export type { ImageFeatures } from './rbd/image-features.js'
export {
  type ImageUpdate,
  type QuiesceHandler,
  type QuiesceOptions,
  QuiesceWatch,
  UpdateWatch,
  type Watches,
} from './rbd/image-watch.js'
export type { ImageInfo } from './rbd/info.js'
export { inventory } from './rbd/inventory/inventory.js'
export type {
  InventoryEntry,
  InventoryImage,
  InventoryLocker,
  InventoryOptions,
  InventoryParent,
  InventorySnapshot,
} from './rbd/inventory/types.js'
export type { IoFlag } from './rbd/io-flags.js'
export type { ReadOptions, ReadResult, WriteOptions } from './rbd/io-options.js'
export type { ImageLayout, NewImageOptions } from './rbd/layout.js'
export type {
  AcquireMode,
  AddLockOptions,
  Locker,
  LockMode,
  LockOwner,
  Locks,
  RemoveLockOptions,
} from './rbd/lock.js'
export { type LockEvent, LockWatch } from './rbd/lock-watch.js'
export type { Metadata, MetadataListOptions } from './rbd/metadata.js'
export { Migration, type MigrationOptions } from './rbd/migration.js'
export type { MigrationSource, MigrationStream } from './rbd/migration-source.js'
export type { MigrationEnd, MigrationStatus } from './rbd/migration-status.js'
export type {
  ImageMirror,
  MirrorForceOptions,
  MirrorImageMode,
  MirrorImageState,
  MirrorInfo,
  MirrorReplayState,
  MirrorSiteStatus,
  MirrorStatus,
} from './rbd/mirror.js'
export type { MirrorPeer, MirrorPeerAttributes, MirrorPeers, PeerDirection } from './rbd/mirror-peers.js'
export {
  type ListedMirrorStatus,
  Mirror,
  type MirroredImage,
  type MirrorMode,
} from './rbd/mirror-pool.js'
export type { NamedObjects, ObjectMap, ObjectMapCheck } from './rbd/object-map.js'
export {
  type ImagesStat,
  namespaceCreate,
  namespaceExists,
  namespaceList,
  namespaceRemove,
  poolInit,
  poolStats,
} from './rbd/pool.js'
export {
  PoolConfig,
  type PoolConfigOption,
  PoolMetadata,
  type PoolMetadataListOptions,
} from './rbd/pool-settings.js'
export type { SnapshotQuiesce } from './rbd/quiesce.js'
export type { LinkedImage, ListClonesOptions, ParentImage, Watcher } from './rbd/relations.js'
export {
  type ImageScheduleLevel,
  MirrorSnapshotSchedules,
  type Schedule,
  type ScheduledRun,
  type ScheduleEntry,
  type ScheduleInterval,
  type ScheduleLevel,
  TrashPurgeSchedules,
} from './rbd/schedules.js'
export type { CreateSnapshotOptions, RemoveSnapshotOptions, Snapshots } from './rbd/snapshot.js'
export type { SnapshotInfo, SnapshotNamespace } from './rbd/snapshot-info.js'
export type { ReadStreamOptions, WriteStreamOptions } from './rbd/stream.js'
export {
  type BackgroundTask,
  type ImageReference,
  type TaskAction,
  Tasks,
  type TrashedReference,
} from './rbd/tasks.js'
export {
  Trash,
  type TrashEntry,
  type TrashMoveOptions,
  type TrashPurgeOptions,
  type TrashRemoveOptions,
} from './rbd/trash.js'
export { flattenTree, removeTree } from './rbd/tree/change.js'
export type {
  CloneTree,
  CloneTreeChangeOptions,
  CloneTreeOptions,
  CloneTreeProgress,
  FlattenTreeOptions,
  RemoveTreeOptions,
} from './rbd/tree/types.js'
export { cloneTree } from './rbd/tree/walk.js'

/**
 * For each library, the functions that this host's version has, or why it cannot be loaded.
 *
 * @since 0.1.0
 */
export type CapabilitiesOfHost = Record<'librados' | 'librbd' | 'libvirt', Record<string, boolean> | string>

/**
 * What this host's libraries can do: `capabilities().librbd.rbd_clone4`. A function that is missing
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
