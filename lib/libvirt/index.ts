/**
 * This module binds libvirt: connections, domains, storage pools, volumes, secrets, and the XML documents that
 * describe them.
 */

export type { BlockIoTune, MemoryParameters } from '../internal/generated/parameters.js'
export { Connection, type ConnectionOptions } from './connection.js'
export {
  Domain,
  type DomainInfo,
  type DomainState,
  type DomainStatus,
  type UndefineOptions,
  type WaitOptions,
} from './domain.js'
export {
  type DeviceEvent,
  type DomainEvent,
  type DomainEventMap,
  DomainEvents,
  type LifecycleEvent,
} from './domain-events.js'
export type { DomainTuning } from './domain-tuning.js'
export {
  LibvirtError,
  type LibvirtErrorContext,
  type LibvirtErrorInit,
  type LibvirtErrorLevel,
} from './errors.js'
export type { AffectOptions, ListOptions } from './flags.js'
export { LibvirtObject } from './object.js'
export type { QmpCommand } from './qemu-monitor.js'
export { Secret, type SecretUsageType } from './secret.js'
export { StoragePool, type StoragePoolInfo, type StoragePoolState } from './storage-pool.js'
export { StorageVolume, type StorageVolumeInfo, type StorageVolumeType } from './storage-volume.js'
export { xml } from './xml/index.js'
