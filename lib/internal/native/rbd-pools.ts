import type { Task } from './core.js'
import type { NativeConfigSource, NativeLayout } from './rbd.js'

export interface NativeGroupImage {
  image: string
  poolId: bigint
  pool: string
  /** rbd_group_image_state_t */
  state: number
}

export interface NativeGroupSnapshot {
  name: string
  /** rbd_group_snap_state_t */
  state: number
}

/** What librbd 20.2 tells of a group's snapshot. */
export interface NativeGroupSnapshotWhole extends NativeGroupSnapshot {
  id: string
  /** rbd_group_snap_namespace_type_t */
  namespaceType: number
  imageSnapshot: string
  images: { image: string; poolId: bigint; pool: string; snapshotId: bigint }[]
}

export interface NativePoolStats {
  images: number
  provisionedBytes: number
  maxProvisionedBytes: number
  snapshots: number
  trashImages: number
  trashProvisionedBytes: number
  trashMaxProvisionedBytes: number
  trashSnapshots: number
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
  /** rbd_image_migration_state_t */
  state: number
  description: string
}

export interface NativeMirrorInfo {
  globalId: string
  /** rbd_mirror_image_state_t */
  state: number
  primary: boolean
}

export interface NativeMirrorSite {
  mirrorUuid: string
  /** rbd_mirror_image_status_state_t */
  state: number
  description: string
  lastUpdateMs: number
  up: boolean
}

export interface NativeMirrorStatus {
  name: string
  info: NativeMirrorInfo
  sites: NativeMirrorSite[]
}

export interface NativeMirrorPeer {
  uuid: string
  /** rbd_mirror_peer_direction_t */
  direction: number
  siteName: string
  mirrorUuid: string
  clientName: string
  lastSeenMs: number
}

/** A page of what is told of images, by their ids, after the image `after`; empty after the last. */
type ByImage<T> = Task<[ioctx: number, after: string], [id: string, told: T][]>

/** What native/rbd/ exports of pools, groups, migration and mirroring, under librbd's own names. */
export interface RbdPoolsNative {
  rbd_group_create: Task<[ioctx: number, group: string]>
  rbd_group_remove: Task<[ioctx: number, group: string]>
  rbd_group_rename: Task<[ioctx: number, from: string, to: string]>
  rbd_group_list: Task<[ioctx: number], string[]>
  rbd_group_get_id: Task<[ioctx: number, group: string], string>
  rbd_group_image_add: Task<[ioctx: number, group: string, imageIoctx: number, image: string]>
  rbd_group_image_remove: Task<[ioctx: number, group: string, imageIoctx: number, image: string]>
  rbd_group_image_remove_by_id: Task<[ioctx: number, group: string, imageIoctx: number, id: string]>
  rbd_group_image_list: Task<[ioctx: number, group: string], NativeGroupImage[]>
  rbd_group_snap_create2: Task<[ioctx: number, group: string, snapshot: string, flags: number]>
  rbd_group_snap_remove: Task<[ioctx: number, group: string, snapshot: string]>
  rbd_group_snap_rename: Task<[ioctx: number, group: string, from: string, to: string]>
  rbd_group_snap_list: Task<[ioctx: number, group: string], NativeGroupSnapshot[]>
  rbd_group_snap_list2: Task<[ioctx: number, group: string], NativeGroupSnapshotWhole[]>
  rbd_group_snap_get_info: Task<[ioctx: number, group: string, snapshot: string], NativeGroupSnapshotWhole>
  rbd_group_snap_rollback_with_progress: Task<[ioctx: number, group: string, snapshot: string]>
  rbd_trash_purge_with_progress: Task<[ioctx: number, expiredSeconds: number, threshold: number]>
  rbd_migration_prepare: Task<
    [ioctx: number, image: string, destIoctx: number, dest: string, layout: NativeLayout]
  >
  rbd_migration_prepare_import: Task<[ioctx: number, source: string, image: string, layout: NativeLayout]>
  rbd_migration_execute_with_progress: Task<[ioctx: number, image: string]>
  rbd_migration_commit_with_progress: Task<[ioctx: number, image: string]>
  rbd_migration_abort_with_progress: Task<[ioctx: number, image: string]>
  rbd_migration_status: Task<[ioctx: number, image: string], NativeMigrationStatus>
  /** Where the first compressed cluster of a qcow2 file's disk is; undefined: there is none. */
  qcow2CompressedCluster: Task<[ioctx: number, path: string], number | undefined>
  rbd_pool_stats_get: Task<[ioctx: number], NativePoolStats>
  rbd_pool_metadata_get: Task<[ioctx: number, key: string], string | undefined>
  rbd_pool_metadata_set: Task<[ioctx: number, key: string, value: string]>
  rbd_pool_metadata_remove: Task<[ioctx: number, key: string]>
  /** At most `most` pairs after the key `after`; 0: all. */
  rbd_pool_metadata_list: Task<[ioctx: number, after: string, most: number], [key: string, value: string][]>
  rbd_config_pool_list: Task<[ioctx: number], [name: string, value: string, source: NativeConfigSource][]>
  rbd_mirror_site_name_get: Task<[cluster: number], string>
  rbd_mirror_site_name_set: Task<[cluster: number, name: string]>
  rbd_mirror_mode_get: Task<[ioctx: number], number>
  rbd_mirror_mode_set: Task<[ioctx: number, mode: number]>
  rbd_mirror_uuid_get: Task<[ioctx: number], string>
  rbd_mirror_remote_namespace_get: Task<[ioctx: number], string>
  rbd_mirror_remote_namespace_set: Task<[ioctx: number, namespace: string]>
  rbd_mirror_peer_bootstrap_create: Task<[ioctx: number], string>
  rbd_mirror_peer_bootstrap_import: Task<[ioctx: number, direction: number, token: string]>
  rbd_mirror_peer_site_add: Task<
    [ioctx: number, direction: number, siteName: string, clientName: string],
    string
  >
  rbd_mirror_peer_site_set_name: Task<[ioctx: number, uuid: string, siteName: string]>
  rbd_mirror_peer_site_set_client_name: Task<[ioctx: number, uuid: string, clientName: string]>
  rbd_mirror_peer_site_set_direction: Task<[ioctx: number, uuid: string, direction: number]>
  rbd_mirror_peer_site_remove: Task<[ioctx: number, uuid: string]>
  rbd_mirror_peer_site_list: Task<[ioctx: number], NativeMirrorPeer[]>
  rbd_mirror_peer_site_get_attributes: Task<
    [ioctx: number, uuid: string],
    [name: string, value: string][] | undefined
  >
  rbd_mirror_peer_site_set_attributes: Task<
    [ioctx: number, uuid: string, attributes: [name: string, value: string][]]
  >
  rbd_mirror_image_global_status_list: ByImage<NativeMirrorStatus>
  rbd_mirror_image_status_summary: Task<[ioctx: number], [state: number, images: number][]>
  rbd_mirror_image_instance_id_list: ByImage<string>
  rbd_mirror_image_info_list: Task<
    [ioctx: number, mode: number | undefined, after: string],
    [id: string, mode: number, info: NativeMirrorInfo][]
  >
  rbd_mirror_image_enable2: Task<[image: number, mode: number]>
  rbd_mirror_image_disable: Task<[image: number, force: boolean]>
  rbd_mirror_image_promote: Task<[image: number, force: boolean]>
  rbd_mirror_image_demote: Task<[image: number]>
  rbd_mirror_image_resync: Task<[image: number]>
  rbd_mirror_image_create_snapshot2: Task<[image: number, flags: number], bigint>
  rbd_mirror_image_get_info: Task<[image: number], NativeMirrorInfo>
  rbd_mirror_image_get_mode: Task<[image: number], number>
  rbd_mirror_image_get_global_status: Task<[image: number], NativeMirrorStatus>
  rbd_mirror_image_get_instance_id: Task<[image: number], string>
}
