/**
 * This module binds libvirt: connections, hosts, domains, networks, storage pools, volumes, secrets, devices, network
 * filters, and the XML documents that describe them.
 */

export type {
  BlkioParameters,
  BlockCopyParameters,
  BlockIoTune,
  ClientInfo,
  ClientLimits,
  InterfaceParameters,
  IoThreadParameters,
  JobStatistics,
  MemoryParameters,
  MigrationParameters,
  NetworkPortParameters,
  NodeMemoryParameters,
  NumaParameters,
  PerfEvents,
  SchedulerParameters,
  ThreadPoolParameters,
} from '../internal/generated/parameters.js'
export { AdminConnection, type AdminOptions } from './admin.js'
export { AdminClient, AdminServer, type ClientTransport } from './admin-server.js'
export { BlockJob, type BlockJobInfo } from './block-job.js'
export { Connection } from './connection.js'
export type { ConnectionEvents } from './connection-events.js'
export type { ConnectionOptions } from './connection-open.js'
export { type ControlState, Domain } from './domain.js'
export { Backup, type BackupOptions, type DomainBackups } from './domain-backups.js'
export type {
  BlockCommitOptions,
  BlockCopyOptions,
  BlockJobOptions,
  BlockPullOptions,
  DomainBlockJobs,
} from './domain-block-jobs.js'
export {
  type CheckpointCreateOptions,
  type CheckpointListOptions,
  DomainCheckpoint,
  type DomainCheckpoints,
} from './domain-checkpoints.js'
export type { DomainCpus, Vcpu, VcpuCountOptions } from './domain-cpus.js'
export type { DetachOptions } from './domain-devices.js'
export type {
  BlockJobEvent,
  DeviceEvent,
  DomainEvent,
  DomainEventMap,
  DomainEvents,
  GraphicsAddress,
  GraphicsEvent,
  IoErrorEvent,
  LifecycleEvent,
  ParametersEvent,
} from './domain-events.js'
export type { DomainGraphics } from './domain-graphics.js'
export type {
  AddressSource,
  DomainGuest,
  GuestFileSystem,
  GuestInfoOptions,
  GuestInterface,
  GuestVcpus,
} from './domain-guest.js'
export type { DomainInput, KeycodeSet } from './domain-input.js'
export type { ChannelOptions, ConsoleOptions, DomainIo, Screenshot, ScreenshotOptions } from './domain-io.js'
export type { DomainIoThreads } from './domain-io-threads.js'
export type { DomainJob, DomainJobInfo } from './domain-job.js'
export type { DomainLifecycle } from './domain-lifecycle.js'
export type { DomainMemory } from './domain-memory.js'
export type { DomainMigration, MigrateOptions, MigrationFlags } from './domain-migration.js'
export type {
  CoreDumpOptions,
  DomainInfo,
  DomainState,
  DomainStatus,
  PowerMethod,
  SaveOptions,
  StartOptions,
  UndefineOptions,
  WaitOptions,
} from './domain-options.js'
export type { DomainSaved, SaveImages } from './domain-saved.js'
export {
  DomainSnapshot,
  type DomainSnapshots,
  type SnapshotCreateOptions,
  type SnapshotListOptions,
  type SnapshotRevertOptions,
  type TreeDeleteOptions,
} from './domain-snapshots.js'
export type {
  BlockCounters,
  BlockInfo,
  DiskError,
  DomainStatistics,
  InterfaceCounters,
} from './domain-statistics.js'
export type {
  BalloonStats,
  DomainBlockStats,
  DomainInterfaceStats,
  DomainStats,
  DomainStatsGroup,
  DomainStatsOptions,
  VcpuStats,
} from './domain-stats.js'
export type { DomainTuning } from './domain-tuning.js'
export {
  LibvirtError,
  type LibvirtErrorContext,
  type LibvirtErrorInit,
  type LibvirtErrorLevel,
} from './errors.js'
export type {
  ConnectionEventMap,
  EventMaps,
  EventsOptions,
  NetworkEvent,
  NetworkEventMap,
  NodeDeviceEvent,
  NodeDeviceEventMap,
  QemuMonitorEvent,
  QemuMonitorEventsOptions,
  SecretEvent,
  SecretEventMap,
  StoragePoolEvent,
  StoragePoolEventMap,
} from './event-kinds.js'
export { type CloseReason, Events } from './events.js'
export type { AffectOptions, ListOptions, ValidateOptions } from './flags.js'
export type { CpuComparison, Host, HostInfo } from './host.js'
export type { HypervisorOptions } from './host-arguments.js'
export { Interface, type Interfaces } from './interfaces.js'
export type { MetadataType } from './metadata.js'
export type { NativeConfig } from './native-config.js'
export {
  type DhcpLease,
  Network,
  NetworkPort,
  type NetworkPortOptions,
  type NetworkSection,
  type NetworkUpdateCommand,
} from './network.js'
export type { Networks } from './networks.js'
export {
  NodeDevice,
  type NodeDeviceCapability,
  type NodeDeviceListOptions,
  type NodeDevices,
} from './node-devices.js'
export { NWFilter, NWFilterBinding, type NWFilters } from './nwfilters.js'
export { LibvirtObject } from './object.js'
export type { CredentialRequest, CredentialsHandler, CredentialType } from './opening.js'
export type { QmpCommand } from './qemu-monitor.js'
export type { ReconnectingConnection } from './reconnecting.js'
export type { Reconnected, ReconnectOptions, Resumed } from './reconnection.js'
export { Secret, type SecretUsageType } from './secret.js'
export type { Storage } from './storage.js'
export {
  type PoolBuildOptions,
  type PoolCreateOptions,
  StoragePool,
  type StoragePoolInfo,
  type StoragePoolState,
  type VolumeCreateOptions,
} from './storage-pool.js'
export { StorageVolume, type StorageVolumeInfo, type StorageVolumeType } from './storage-volume.js'
export type { Told } from './told.js'
export type { TransferOptions, UploadFileOptions } from './volume-streams.js'
export { xml } from './xml/index.js'
