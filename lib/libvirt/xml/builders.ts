/** This file is the namespace `xml` of `rbdkit/libvirt`, which builds, reads and changes libvirt's documents. */

export { type CloneDomainOptions, cloneDomain } from './clone.js'
export type { DomainGraphics, DomainInterface, DomainSerial } from './devices.js'
export {
  type DiskAddress,
  type DiskBus,
  type DiskCache,
  type DiskDiscard,
  type DiskIo,
  type DiskOptions,
  type FileDiskOptions,
  fileDisk,
  parseDomainDisks,
  type RbdDiskOptions,
  rbdDisk,
} from './disk.js'
export { type DomainOptions, domain } from './domain.js'
export { serialize, type XmlAttributes, XmlComment, XmlElement, type XmlNode } from './element.js'
export type { CephAuth, Monitor, SecretReference } from './fields.js'
export { parse, XmlError } from './parse.js'
export { parseSecret, type SecretDocument, type SecretOptions, secret } from './secret.js'
export {
  type DirStoragePoolOptions,
  parseStoragePool,
  type RbdStoragePoolOptions,
  type StoragePoolDocument,
  type StoragePoolOptions,
  type StorageVolumeOptions,
  storagePool,
  storageVolume,
} from './storage.js'
