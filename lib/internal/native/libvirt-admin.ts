// What native/libvirt/admin.cc exports.

import type { Task } from './core.js'
import type { NativeParameter, NativeParameters } from './libvirt-objects.js'

export interface NativeAdminServer {
  handle: number
  name: string
}

export interface NativeAdminClient {
  handle: number
  id: bigint
  /** Since 1970. */
  connectedSeconds: number
  /** virClientTransport */
  transport: number
}

export interface LibvirtAdminNative {
  virAdmConnectOpen: Task<[uri: string | undefined, label: string], number>
  virAdmConnectRegisterCloseCallback: Task<[connection: number], number>
  virAdmConnectIsAlive: Task<[connection: number], boolean>
  virAdmConnectGetURI: Task<[connection: number], string>
  virAdmConnectGetLibVersion: Task<[connection: number], number>
  virAdmConnectListServers: Task<[connection: number], NativeAdminServer[]>
  virAdmConnectLookupServer: Task<[connection: number, name: string], NativeAdminServer>
  virAdmConnectGetLoggingOutputs: Task<[connection: number], string>
  virAdmConnectGetLoggingFilters: Task<[connection: number], string>
  virAdmConnectSetLoggingOutputs: Task<[connection: number, outputs: string]>
  virAdmConnectSetLoggingFilters: Task<[connection: number, filters: string]>
  virAdmConnectSetDaemonTimeout: Task<[connection: number, seconds: number]>
  virAdmServerGetThreadPoolParameters: Task<[server: number], NativeParameters>
  virAdmServerSetThreadPoolParameters: Task<[server: number, parameters: NativeParameter[]]>
  virAdmServerGetClientLimits: Task<[server: number], NativeParameters>
  virAdmServerSetClientLimits: Task<[server: number, parameters: NativeParameter[]]>
  virAdmServerUpdateTlsFiles: Task<[server: number]>
  virAdmServerListClients: Task<[server: number], NativeAdminClient[]>
  virAdmServerLookupClient: Task<[server: number, id: bigint], NativeAdminClient>
  virAdmClientGetInfo: Task<[client: number], NativeParameters>
  virAdmClientClose: Task<[client: number]>
}
