/** libvirt: connections, domains, storage pools, volumes, secrets, and the XML documents that describe them. */
export { Connection, type ConnectionOptions, type ListOptions } from './connection.js'
export {
  type DeviceOptions,
  Domain,
  type DomainInfo,
  type DomainState,
  type DomainStatus,
  type UndefineOptions,
  type WaitOptions,
} from './domain.js'
export {
  LibvirtError,
  type LibvirtErrorContext,
  type LibvirtErrorInit,
  type LibvirtErrorLevel,
} from './errors.js'
export { LibvirtObject } from './object.js'
export type { QmpCommand } from './qemu-monitor.js'
export { Secret, type SecretUsageType } from './secret.js'
export { StoragePool, type StoragePoolInfo, type StoragePoolState } from './storage-pool.js'
export { StorageVolume, type StorageVolumeInfo, type StorageVolumeType } from './storage-volume.js'
export { xml } from './xml/index.js'
