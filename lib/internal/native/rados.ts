import type { TaskFunction } from './core.js'

/** What native/rados/ exports, under librados's own names. */
export interface RadosNative {
  rados_connect: TaskFunction<
    [cluster: string, user: string, confFile: string | undefined, settings: [string, string][]]
  >
  rados_cluster_fsid: TaskFunction<[cluster: number]>
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
}
