import type { Task } from './core.js'

/** A notification as a watch delivers it. */
export interface NativeNotification {
  id: bigint
  clientId: bigint
  payload: Buffer
}

/** The answer of a monitor or manager command. */
export interface NativeAnswer {
  output: Buffer
  status: string
}

export interface NativeClusterStat {
  bytesTotal: number
  bytesUsed: number
  bytesAvailable: number
  objects: number
}

export interface NativePoolStat {
  bytesUsed: number
  objects: number
  objectClones: number
  objectsDegraded: number
  objectsUnfound: number
  readOperations: number
  bytesRead: number
  writeOperations: number
  bytesWritten: number
}

export interface NativeNotifyReply {
  replies: { clientId: bigint; cookie: bigint; payload: Buffer }[]
  timedOut: { clientId: bigint; cookie: bigint }[]
}

/** A key of an omap: a text, or bytes that are none. */
type Key = string | Uint8Array

/** What each step of an operation takes: the rows of native/rados/write_op.cc. */
export interface WriteSteps {
  rados_write_op_set_flags: [flags: number]
  rados_write_op_assert_exists: []
  rados_write_op_assert_version: [version: bigint]
  rados_write_op_cmpext: [bytes: Uint8Array, position: number]
  rados_write_op_cmpxattr: [name: string, how: number, value: Uint8Array]
  rados_write_op_omap_cmp2: [key: Key, how: number, value: Uint8Array]
  rados_write_op_create: [exclusive: number]
  rados_write_op_write_full: [bytes: Uint8Array]
  rados_write_op_write: [bytes: Uint8Array, position: number]
  rados_write_op_writesame: [bytes: Uint8Array, length: number, position: number]
  rados_write_op_append: [bytes: Uint8Array]
  rados_write_op_truncate: [size: number]
  rados_write_op_zero: [position: number, length: number]
  rados_write_op_setxattr: [name: string, bytes: Uint8Array]
  rados_write_op_rmxattr: [name: string]
  rados_write_op_omap_set2: [pairs: [name: string, bytes: Uint8Array][]]
  rados_write_op_omap_rm_keys2: [names: string[]]
  rados_write_op_omap_rm_range2: [begin: Key, end: Key]
  rados_write_op_omap_clear: []
  rados_write_op_set_alloc_hint2: [objectSize: number, writeSize: number, flags: number]
  rados_write_op_exec: [cls: string, method: string, input: Uint8Array]
  rados_write_op_remove: []
}

/** The same of native/rados/read_op.cc. */
export interface ReadSteps {
  rados_read_op_set_flags: [flags: number]
  rados_read_op_assert_exists: []
  rados_read_op_assert_version: [version: bigint]
  rados_read_op_cmpext: [bytes: Uint8Array, position: number]
  rados_read_op_cmpxattr: [name: string, how: number, value: Uint8Array]
  rados_read_op_omap_cmp2: [key: Key, how: number, value: Uint8Array]
  rados_read_op_read: [position: number, length: number]
  rados_read_op_stat: []
  rados_read_op_getxattrs: []
  rados_read_op_checksum: [type: number, seed: Uint8Array, position: number, length: number, piece: number]
  rados_read_op_exec: [cls: string, method: string, input: Uint8Array]
  rados_read_op_omap_get_vals2: [after: Key, prefix: Key, most: number]
  rados_read_op_omap_get_keys2: [after: Key, most: number]
  rados_read_op_omap_get_vals_by_keys2: [keys: string[]]
}

/** A step of an operation: its C function, and the arguments of its row. */
type StepOf<Steps extends Record<keyof Steps, unknown[]>> = {
  [Name in keyof Steps]: readonly [Name, ...Steps[Name]]
}[keyof Steps]

export type NativeWriteStep = StepOf<WriteSteps>
export type NativeReadStep = StepOf<ReadSteps>

/** Keys of an omap: `entries` has keys and values in turn; `last` is the last key's bytes. */
export interface NativeOmap {
  entries: (string | Buffer)[]
  last: Buffer
  /** Whether there are more; only of a page. */
  more?: boolean
}

/** What an operation answers: a result for each step. */
export interface NativeOperation {
  version: bigint
  results: unknown[]
}

/** Objects of a listing: names, namespaces and locators in turn, each ended by NUL. */
export interface NativeObjectPage {
  objects: string
  /** The hash of the next one; -1 when there are no more. */
  position: number
}

/** A line of the cluster's log. */
export interface NativeLogLine {
  channel: string
  from: string
  address: string
  timeMs: number
  sequence: number
  level: string
  message: string
}

export interface NativeLockers {
  exclusive: boolean
  tag: string
  lockers: { client: string; cookie: string; address: string }[]
}

/** Starts an asynchronous call on an object: 0 or a negative errno. Views are lent until the slot is settled. */
type Aio<A extends unknown[] = []> = (slot: number, ioctx: number, object: string, ...args: A) => number

/** What native/rados/ exports, under librados's own names. */
export interface RadosNative {
  rados_connect: Task<
    [cluster: string, user: string, confFile: string | undefined, settings: [string, string][]],
    number
  >
  rados_cluster_fsid: Task<[cluster: number], string>
  rados_get_instance_id: Task<[cluster: number], bigint>
  rados_cluster_stat: Task<[cluster: number], NativeClusterStat>
  rados_conf_get: Task<[cluster: number, name: string], string>
  rados_conf_set: Task<[cluster: number, name: string, value: string]>
  rados_mon_command: Task<[cluster: number, command: string, input: Uint8Array], NativeAnswer>
  rados_mgr_command: Task<[cluster: number, command: string, input: Uint8Array], NativeAnswer>
  rados_pool_list: Task<[cluster: number], string[]>
  rados_pool_create: Task<[cluster: number, name: string]>
  rados_pool_delete: Task<[cluster: number, name: string]>
  rados_wait_for_latest_osdmap: Task<[cluster: number]>
  rados_pool_create_with_crush_rule: Task<[cluster: number, name: string, rule: number]>
  rados_pool_lookup: Task<[cluster: number, name: string], number>
  rados_pool_reverse_lookup: Task<[cluster: number, id: bigint], string>
  rados_pool_get_base_tier: Task<[cluster: number, id: bigint], bigint>
  rados_inconsistent_pg_list: Task<[cluster: number, pool: bigint], string[]>
  rados_mon_command_target: Task<
    [cluster: number, target: string, command: string, input: Uint8Array],
    NativeAnswer
  >
  rados_mgr_command_target: Task<
    [cluster: number, target: string, command: string, input: Uint8Array],
    NativeAnswer
  >
  rados_osd_command: Task<[cluster: number, osd: number, command: string, input: Uint8Array], NativeAnswer>
  rados_pg_command: Task<[cluster: number, pg: string, command: string, input: Uint8Array], NativeAnswer>
  rados_getaddrs: Task<[cluster: number], string>
  rados_blocklist_add: Task<[cluster: number, address: string, seconds: number]>
  rados_get_min_compatible_osd: Task<[cluster: number], number>
  rados_get_min_compatible_client: Task<[cluster: number], [client: number, required: number]>
  rados_service_register: Task<
    [cluster: number, service: string, daemon: string, metadata: [string, string][]]
  >
  rados_service_update_status: Task<[cluster: number, status: [string, string][]]>
  rados_monitor_log2: Task<[cluster: number, level: string], number>
  rados_ioctx_create: Task<
    [
      cluster: number,
      pool: string,
      namespace: string,
      locator: string | undefined,
      fullTry: boolean,
      snapshot: string | undefined,
      snapshotId: bigint,
    ],
    number
  >
  rados_ioctx_get_pool_name: Task<[ioctx: number], string>
  rados_ioctx_pool_requires_alignment2: Task<[ioctx: number], boolean>
  rados_ioctx_pool_required_alignment2: Task<[ioctx: number], number>
  rados_application_enable: Task<[ioctx: number, name: string, force: boolean]>
  rados_application_list: Task<[ioctx: number], string[]>
  rados_application_metadata_get: Task<[ioctx: number, application: string, key: string], string>
  rados_application_metadata_set: Task<[ioctx: number, application: string, key: string, value: string]>
  rados_application_metadata_remove: Task<[ioctx: number, application: string, key: string]>
  rados_application_metadata_list: Task<
    [ioctx: number, application: string],
    [keys: string[], values: string[]]
  >
  rados_ioctx_snap_create: Task<[ioctx: number, name: string]>
  rados_ioctx_snap_remove: Task<[ioctx: number, name: string]>
  rados_ioctx_snap_rollback: Task<[ioctx: number, object: string, name: string]>
  rados_ioctx_snap_lookup: Task<[ioctx: number, name: string], bigint>
  rados_ioctx_snap_get_name: Task<[ioctx: number, id: bigint], string>
  rados_ioctx_snap_get_stamp: Task<[ioctx: number, id: bigint], number>
  rados_ioctx_snap_list: Task<[ioctx: number], bigint[]>
  rados_ioctx_selfmanaged_snap_rollback: Task<[ioctx: number, object: string, id: bigint]>
  /** `positions` has a hash for each slice; NaN: its beginning, -1: it is over. */
  rados_object_list_slice: Task<[ioctx: number, namespace: string, positions: number[]], number>
  rados_object_list: Task<[listing: number, slice: number, most: number], NativeObjectPage>
  rados_ioctx_get_id: Task<[ioctx: number], bigint>
  rados_ioctx_pool_stat: Task<[ioctx: number], NativePoolStat>
  rados_aio_read: Aio<[view: Uint8Array, position: number]>
  rados_aio_write: Aio<[view: Uint8Array, position: number]>
  rados_aio_write_full: Aio<[view: Uint8Array]>
  rados_aio_append: Aio<[view: Uint8Array]>
  rados_aio_writesame: Aio<[view: Uint8Array, length: number, position: number]>
  rados_aio_cmpext: Aio<[view: Uint8Array, position: number]>
  rados_aio_remove: Aio
  /** Of 24 bytes: the size, and a time_t or a timespec. */
  rados_aio_stat: Aio<[view: Uint8Array]>
  rados_aio_stat2: Aio<[view: Uint8Array]>
  rados_aio_getxattr: Aio<[name: string, view: Uint8Array]>
  rados_aio_setxattr: Aio<[name: string, view: Uint8Array]>
  rados_aio_rmxattr: Aio<[name: string]>
  rados_aio_unlock: Aio<[name: string, cookie: string]>
  /** These are about no object. */
  rados_aio_flush_async: Aio
  rados_aio_ioctx_selfmanaged_snap_create: Aio<[id: BigUint64Array]>
  rados_aio_ioctx_selfmanaged_snap_remove: Aio<[id: number]>
  rados_ioctx_selfmanaged_snap_set_write_ctx: Aio<[sequence: number, ids: BigUint64Array]>
  rados_aio_write_op_operate: Task<
    [ioctx: number, object: string, steps: readonly NativeWriteStep[], mtimeMs: number, flags: number],
    NativeOperation
  >
  rados_aio_read_op_operate: Task<
    [ioctx: number, object: string, steps: readonly NativeReadStep[], flags: number],
    NativeOperation
  >
  rados_lock_exclusive: Task<
    [
      ioctx: number,
      object: string,
      name: string,
      cookie: string,
      description: string,
      durationMs: number,
      flags: number,
    ]
  >
  rados_lock_shared: Task<
    [
      ioctx: number,
      object: string,
      name: string,
      cookie: string,
      tag: string,
      description: string,
      durationMs: number,
      flags: number,
    ]
  >
  rados_list_lockers: Task<[ioctx: number, object: string, name: string], NativeLockers>
  rados_break_lock: Task<[ioctx: number, object: string, name: string, client: string, cookie: string]>
  rados_watch3: Task<
    [ioctx: number, object: string, timeoutSeconds: number],
    { handle: number; cookie: bigint }
  >
  /** Its slot hears a notification, or the negative errno of the watch's loss, until the watch is closed. */
  rados_notify_ack: Task<[watch: number, notify: bigint, payload: Uint8Array]>
  rados_watch_check: Task<[watch: number], number>
  rados_notify2: Task<
    [ioctx: number, object: string, payload: Uint8Array, timeoutMs: number],
    NativeNotifyReply
  >
}
