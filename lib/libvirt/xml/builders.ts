/** This file is the namespace `xml` of `rbdkit/libvirt`, which builds, reads and changes libvirt's documents. */

export {
  type BackupDisk,
  type BackupDocumentOptions,
  backup,
  type CheckpointOptions,
  checkpoint,
} from './backup.js'
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
export {
  serialize,
  type XmlAttributes,
  XmlCData,
  XmlComment,
  XmlDocument,
  XmlElement,
  XmlInstruction,
  type XmlNode,
} from './element.js'
export type { CephAuth, DiskEncryption, Monitor, SecretReference } from './fields.js'
export { parse, parseDocument, XmlError } from './parse.js'
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
export {
  AddressXml,
  BandwidthXml,
  EncryptionSecretXml,
  EncryptionXml,
  IpXml,
} from './views/common.js'
export {
  CharacterDeviceXml,
  ControllerXml,
  DeviceXml,
  FilesystemXml,
  GraphicsXml,
  HostDeviceXml,
  InterfaceXml,
  MemballoonXml,
  MemoryDeviceXml,
  RngXml,
  VideoXml,
} from './views/devices.js'
export { BackingStoreXml, DiskXml, IoTuneXml, type RbdSource } from './views/disk.js'
export { CpuFeatureXml, CpuXml, DomainXml, MetadataXml, PinXml, TimerXml } from './views/domain.js'
export {
  CapabilitiesXml,
  CellXml,
  ChoicesXml,
  DhcpHostXml,
  DhcpRangeXml,
  DomainCapabilitiesXml,
  GuestXml,
  NetworkIpXml,
  NetworkXml,
  NodeDeviceXml,
} from './views/host.js'
export {
  BackupXml,
  CheckpointXml,
  DiskReferenceXml,
  SecretXml,
  SnapshotXml,
  StoragePoolXml,
  StorageVolumeXml,
} from './views/storage.js'
export { XmlView } from './views/view.js'
