// Events and streams of native/libvirt/.

import type { Task } from './core.js'

/** What a callback tells: whose event it is, and the fields of its row; or that the connection has ended. */
export interface NativeEvent {
  object: Record<string, unknown>
  /** virConnectCloseReason */
  closeReason?: number
  [field: string]: unknown
}

/** The object whose events are wanted, or those of all. */
export type EventsOfObject = [] | [handle: number]

export type RegisterAny = Task<[connection: number, object: EventsOfObject, id: number], number>
type Opened<More = undefined> = [stream: number, more: More]

export interface LibvirtEventNative {
  virConnectDomainEventRegisterAny: RegisterAny
  virConnectNetworkEventRegisterAny: RegisterAny
  virConnectStoragePoolEventRegisterAny: RegisterAny
  virConnectSecretEventRegisterAny: RegisterAny
  virConnectNodeDeviceEventRegisterAny: RegisterAny
  virConnectRegisterCloseCallback: Task<[connection: number], number>
  virConnectDomainQemuMonitorEventRegister: Task<
    [connection: number, domain: EventsOfObject, event: string | undefined, flags: number],
    number
  >
}

export interface LibvirtStreamNative {
  virStorageVolDownload: Task<[volume: number, offset: number, length: number, flags: number], Opened>
  virStorageVolUpload: Task<[volume: number, offset: number, length: number, flags: number], Opened>
  virDomainOpenConsole: Task<[domain: number, device: string | undefined, flags: number], Opened>
  virDomainOpenChannel: Task<[domain: number, name: string | undefined, flags: number], Opened>
  /** With the image's type. */
  virDomainScreenshot: Task<[domain: number, screen: number], Opened<string>>
  /** Bytes, the length of a hole, or undefined at the end. */
  virStreamRecvFlags: Task<[stream: number, most: number], Buffer | number | undefined>
  virStreamSend: Task<[stream: number, bytes: Uint8Array]>
  /** All of a file; its size. */
  sendFile: Task<[stream: number, path: string, sparse: boolean], number>
  virStreamSendHole: Task<[stream: number, length: number]>
  virStreamFinish: Task<[stream: number]>
}
