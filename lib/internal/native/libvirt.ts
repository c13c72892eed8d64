import type { Task } from './core.js'

/** libvirt's own error, as the failing thread found it. */
export interface NativeLibvirtError {
  /** virErrorNumber */
  code: number
  /** virErrorDomain */
  domain: number
  /** virErrorLevel */
  level: number
  message: string
}

/** A handle with what never changes in the object's life. */
export interface NativeDomain {
  handle: number
  name: string
  uuid: string
}
export interface NativeStoragePool {
  handle: number
  name: string
  uuid: string
}
export interface NativeStorageVolume {
  handle: number
  name: string
  key: string
}
export interface NativeSecret {
  handle: number
  uuid: string
  /** virSecretUsageType */
  usageType: number
  usageId: string
}

export interface NativeStoragePoolInfo {
  /** virStoragePoolState */
  state: number
  capacity: number
  allocation: number
  available: number
}

export interface NativeStorageVolumeInfo {
  /** virStorageVolType */
  type: number
  capacity: number
  allocation: number
}

export interface NativeDomainInfo {
  /** virDomainState */
  state: number
  maxMemory: number
  memory: number
  vcpus: number
  cpuTimeNs: bigint
}

/** A typed parameter that is to be set; `type` is a virTypedParameterType. */
export type NativeParameter = [name: string, type: number, value: string | number | boolean]

/** What native/libvirt/ exports, under libvirt's own names. */
export interface LibvirtNative {
  virConnectOpen: Task<
    [
      uri: string | undefined,
      readOnly: boolean,
      keepAliveInterval: number,
      keepAliveCount: number,
      label: string,
    ],
    number
  >
  virConnectGetVersion: Task<[connection: number], number>
  virConnectGetLibVersion: Task<[connection: number], number>
  virConnectGetType: Task<[connection: number], string>
  virConnectGetURI: Task<[connection: number], string>
  virConnectGetHostname: Task<[connection: number], string>
  virConnectIsAlive: Task<[connection: number], boolean>

  virSecretDefineXML: Task<[connection: number, xml: string], NativeSecret>
  virSecretLookupByUUIDString: Task<[connection: number, uuid: string], NativeSecret>
  virSecretLookupByUsage: Task<[connection: number, usageType: number, usageId: string], NativeSecret>
  virConnectListAllSecrets: Task<[connection: number], NativeSecret[]>
  virSecretSetValue: Task<[secret: number, value: Uint8Array]>
  virSecretGetValue: Task<[secret: number], Buffer>
  virSecretGetXMLDesc: Task<[secret: number], string>
  virSecretUndefine: Task<[secret: number]>

  virStoragePoolDefineXML: Task<[connection: number, xml: string], NativeStoragePool>
  virStoragePoolLookupByName: Task<[connection: number, name: string], NativeStoragePool>
  virStoragePoolLookupByUUIDString: Task<[connection: number, uuid: string], NativeStoragePool>
  virConnectListAllStoragePools: Task<[connection: number, flags: number], NativeStoragePool[]>
  virStoragePoolBuild: Task<[pool: number]>
  virStoragePoolCreate: Task<[pool: number]>
  virStoragePoolSetAutostart: Task<[pool: number, autostart: boolean]>
  virStoragePoolGetAutostart: Task<[pool: number], boolean>
  virStoragePoolRefresh: Task<[pool: number]>
  virStoragePoolGetInfo: Task<[pool: number], NativeStoragePoolInfo>
  virStoragePoolIsActive: Task<[pool: number], boolean>
  virStoragePoolGetXMLDesc: Task<[pool: number], string>
  virStoragePoolDestroy: Task<[pool: number]>
  virStoragePoolUndefine: Task<[pool: number]>

  virStoragePoolListAllVolumes: Task<[pool: number], NativeStorageVolume[]>
  virStorageVolLookupByName: Task<[pool: number, name: string], NativeStorageVolume>
  virStorageVolCreateXML: Task<[pool: number, xml: string], NativeStorageVolume>
  virStorageVolCreateXMLFrom: Task<[pool: number, xml: string, from: number], NativeStorageVolume>
  virStorageVolGetPath: Task<[volume: number], string>
  virStorageVolGetInfo: Task<[volume: number], NativeStorageVolumeInfo>
  virStorageVolResize: Task<[volume: number, capacity: number, shrink: boolean]>
  virStorageVolDelete: Task<[volume: number]>
  virStorageVolGetXMLDesc: Task<[volume: number], string>

  virDomainDefineXML: Task<[connection: number, xml: string], NativeDomain>
  virDomainCreateXML: Task<[connection: number, xml: string], NativeDomain>
  virDomainLookupByName: Task<[connection: number, name: string], NativeDomain>
  virDomainLookupByUUIDString: Task<[connection: number, uuid: string], NativeDomain>
  virConnectListAllDomains: Task<[connection: number, flags: number], NativeDomain[]>
  virDomainGetID: Task<[domain: number], number>
  virDomainGetInfo: Task<[domain: number], NativeDomainInfo>
  virDomainGetState: Task<[domain: number], [state: number, reason: number]>
  virDomainGetXMLDesc: Task<[domain: number, flags: number], string>
  virDomainIsActive: Task<[domain: number], boolean>
  virDomainIsPersistent: Task<[domain: number], boolean>
  virDomainCreate: Task<[domain: number]>
  virDomainAttachDeviceFlags: Task<[domain: number, xml: string, flags: number]>
  virDomainDetachDeviceFlags: Task<[domain: number, xml: string, flags: number]>
  virDomainShutdown: Task<[domain: number]>
  virDomainReboot: Task<[domain: number]>
  virDomainDestroyFlags: Task<[domain: number, flags: number]>
  virDomainUndefineFlags: Task<[domain: number, flags: number]>
  virDomainQemuMonitorCommand: Task<[domain: number, command: string, flags: number], string>
  virDomainGetMemoryParameters: Task<[domain: number, flags: number], [name: string, value: unknown][]>
  virDomainSetMemoryParameters: Task<[domain: number, parameters: NativeParameter[], flags: number]>
  virDomainGetBlockIoTune: Task<
    [domain: number, disk: string | undefined, flags: number],
    [name: string, value: unknown][]
  >
  virDomainSetBlockIoTune: Task<[domain: number, disk: string, parameters: NativeParameter[], flags: number]>
  virConnectDomainEventRegisterAny: Task<[connection: number, kind: string], number>
}
