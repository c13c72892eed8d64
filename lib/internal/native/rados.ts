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

/** What each step of an operation takes: the rows of native/rados/write_op.cc. */
export interface WriteSteps {
  rados_write_op_assert_exists: []
  rados_write_op_assert_version: [version: bigint]
  rados_write_op_cmpext: [bytes: Uint8Array, position: number]
  rados_write_op_create: [exclusive: number]
  rados_write_op_write_full: [bytes: Uint8Array]
  rados_write_op_write: [bytes: Uint8Array, position: number]
  rados_write_op_append: [bytes: Uint8Array]
  rados_write_op_setxattr: [name: string, bytes: Uint8Array]
  rados_write_op_rmxattr: [name: string]
  rados_write_op_omap_set2: [pairs: [name: string, bytes: Uint8Array][]]
  rados_write_op_omap_rm_keys2: [names: string[]]
  rados_write_op_remove: []
}

/** A step of an operation: its C function, and the arguments of its row in native/rados/write_op.cc. */
export type NativeStep = {
  [Name in keyof WriteSteps]: readonly [Name, ...WriteSteps[Name]]
}[keyof WriteSteps]

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
  rados_mon_command: Task<[cluster: number, command: string, input: Uint8Array], NativeAnswer>
  rados_mgr_command: Task<[cluster: number, command: string, input: Uint8Array], NativeAnswer>
  rados_pool_list: Task<[cluster: number], string[]>
  rados_pool_create: Task<[cluster: number, name: string]>
  rados_pool_delete: Task<[cluster: number, name: string]>
  rados_wait_for_latest_osdmap: Task<[cluster: number]>
  rados_ioctx_create: Task<[cluster: number, pool: string, namespace: string], number>
  rados_ioctx_get_id: Task<[ioctx: number], bigint>
  rados_ioctx_pool_stat: Task<[ioctx: number], NativePoolStat>
  rados_write_full: Task<[ioctx: number, object: string, data: Uint8Array]>
  rados_write_op_operate2: Task<[ioctx: number, object: string, steps: readonly NativeStep[]]>
  rados_write_op_create: Task<[ioctx: number, object: string, exclusive: boolean]>
  rados_read: Task<[ioctx: number, object: string, position: number, length: number], Buffer>
  rados_stat: Task<[ioctx: number, object: string], [size: number, mtimeMs: number]>
  rados_stat2: Task<[ioctx: number, object: string], [size: number, mtimeMs: number]>
  rados_remove: Task<[ioctx: number, object: string]>
  rados_lock_exclusive: Task<
    [
      ioctx: number,
      object: string,
      name: string,
      cookie: string,
      description: string,
      durationMs: number,
      renew: boolean,
    ]
  >
  rados_unlock: Task<[ioctx: number, object: string, name: string, cookie: string]>
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
