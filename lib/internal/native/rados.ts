import type { TaskFunction } from './core.js'

/** A notification as a watch delivers it. */
export interface NativeNotification {
  id: bigint
  clientId: bigint
  payload: Buffer
}

/** What native/rados/ exports, under librados's own names. */
export interface RadosNative {
  rados_connect: TaskFunction<
    [cluster: string, user: string, confFile: string | undefined, settings: [string, string][]]
  >
  rados_cluster_fsid: TaskFunction<[cluster: number]>
  rados_get_instance_id: TaskFunction<[cluster: number]>
  rados_cluster_stat: TaskFunction<[cluster: number]>
  rados_conf_get: TaskFunction<[cluster: number, name: string]>
  rados_mon_command: TaskFunction<[cluster: number, command: string, input: Uint8Array]>
  rados_mgr_command: TaskFunction<[cluster: number, command: string, input: Uint8Array]>
  rados_pool_list: TaskFunction<[cluster: number]>
  rados_pool_create: TaskFunction<[cluster: number, name: string]>
  rados_pool_delete: TaskFunction<[cluster: number, name: string]>
  rados_wait_for_latest_osdmap: TaskFunction<[cluster: number]>
  rados_ioctx_create: TaskFunction<[cluster: number, pool: string, namespace: string]>
  rados_ioctx_get_id: TaskFunction<[ioctx: number]>
  rados_ioctx_pool_stat: TaskFunction<[ioctx: number]>
  rados_write_full: TaskFunction<[ioctx: number, object: string, data: Uint8Array]>
  rados_write_op_create: TaskFunction<[ioctx: number, object: string, exclusive: boolean]>
  rados_read: TaskFunction<[ioctx: number, object: string, position: number, length: number]>
  rados_stat: TaskFunction<[ioctx: number, object: string]>
  rados_remove: TaskFunction<[ioctx: number, object: string]>
  rados_lock_exclusive: TaskFunction<
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
  rados_unlock: TaskFunction<[ioctx: number, object: string, name: string, cookie: string]>
  rados_watch3: TaskFunction<[ioctx: number, object: string, timeoutSeconds: number]>
  /** Its slot hears a notification, or the negative errno of the watch's loss, until the watch is closed. */
  rados_watch_events: TaskFunction<[watch: number]>
  rados_notify_ack: TaskFunction<[watch: number, notify: bigint, payload: Uint8Array]>
  rados_watch_check: TaskFunction<[watch: number]>
  rados_notify2: TaskFunction<[ioctx: number, object: string, payload: Uint8Array, timeoutMs: number]>
}
