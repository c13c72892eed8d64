import type { TaskFunction } from './core.js'

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

/** What native/libvirt/ exports, under libvirt's own names. */
export interface LibvirtNative {
  virConnectOpen: TaskFunction<
    [
      uri: string | undefined,
      readOnly: boolean,
      keepAliveInterval: number,
      keepAliveCount: number,
      label: string,
    ]
  >
  virConnectGetVersion: TaskFunction<[connection: number]>
  virConnectGetLibVersion: TaskFunction<[connection: number]>
  virConnectGetType: TaskFunction<[connection: number]>
  virConnectGetURI: TaskFunction<[connection: number]>
  virConnectGetHostname: TaskFunction<[connection: number]>
  virConnectIsAlive: TaskFunction<[connection: number]>

  virSecretDefineXML: TaskFunction<[connection: number, xml: string]>
  virSecretLookupByUUIDString: TaskFunction<[connection: number, uuid: string]>
  virSecretLookupByUsage: TaskFunction<[connection: number, usageType: number, usageId: string]>
  virConnectListAllSecrets: TaskFunction<[connection: number]>
  virSecretSetValue: TaskFunction<[secret: number, value: Uint8Array]>
  virSecretGetValue: TaskFunction<[secret: number]>
  virSecretGetXMLDesc: TaskFunction<[secret: number]>
  virSecretUndefine: TaskFunction<[secret: number]>

  virStoragePoolDefineXML: TaskFunction<[connection: number, xml: string]>
  virStoragePoolLookupByName: TaskFunction<[connection: number, name: string]>
  virStoragePoolLookupByUUIDString: TaskFunction<[connection: number, uuid: string]>
  virConnectListAllStoragePools: TaskFunction<[connection: number, flags: number]>
  virStoragePoolBuild: TaskFunction<[pool: number]>
  virStoragePoolCreate: TaskFunction<[pool: number]>
  virStoragePoolSetAutostart: TaskFunction<[pool: number, autostart: boolean]>
  virStoragePoolGetAutostart: TaskFunction<[pool: number]>
  virStoragePoolRefresh: TaskFunction<[pool: number]>
  virStoragePoolGetInfo: TaskFunction<[pool: number]>
  virStoragePoolIsActive: TaskFunction<[pool: number]>
  virStoragePoolGetXMLDesc: TaskFunction<[pool: number]>
  virStoragePoolDestroy: TaskFunction<[pool: number]>
  virStoragePoolUndefine: TaskFunction<[pool: number]>

  virStoragePoolListAllVolumes: TaskFunction<[pool: number]>
  virStorageVolLookupByName: TaskFunction<[pool: number, name: string]>
  virStorageVolCreateXML: TaskFunction<[pool: number, xml: string]>
  virStorageVolCreateXMLFrom: TaskFunction<[pool: number, xml: string, from: number]>
  virStorageVolGetPath: TaskFunction<[volume: number]>
  virStorageVolGetInfo: TaskFunction<[volume: number]>
  virStorageVolResize: TaskFunction<[volume: number, capacity: number, shrink: boolean]>
  virStorageVolDelete: TaskFunction<[volume: number]>
  virStorageVolGetXMLDesc: TaskFunction<[volume: number]>

  virDomainDefineXML: TaskFunction<[connection: number, xml: string]>
  virDomainCreateXML: TaskFunction<[connection: number, xml: string]>
  virDomainLookupByName: TaskFunction<[connection: number, name: string]>
  virDomainLookupByUUIDString: TaskFunction<[connection: number, uuid: string]>
  virConnectListAllDomains: TaskFunction<[connection: number, flags: number]>
  virDomainGetID: TaskFunction<[domain: number]>
  virDomainGetInfo: TaskFunction<[domain: number]>
  virDomainGetState: TaskFunction<[domain: number]>
  virDomainGetXMLDesc: TaskFunction<[domain: number, flags: number]>
  virDomainIsActive: TaskFunction<[domain: number]>
  virDomainIsPersistent: TaskFunction<[domain: number]>
  virDomainCreate: TaskFunction<[domain: number]>
  virDomainAttachDeviceFlags: TaskFunction<[domain: number, xml: string, flags: number]>
  virDomainDetachDeviceFlags: TaskFunction<[domain: number, xml: string, flags: number]>
  virDomainShutdown: TaskFunction<[domain: number]>
  virDomainReboot: TaskFunction<[domain: number]>
  virDomainDestroyFlags: TaskFunction<[domain: number, flags: number]>
  virDomainUndefineFlags: TaskFunction<[domain: number, flags: number]>
  virDomainQemuMonitorCommand: TaskFunction<[domain: number, command: string, flags: number]>
}
