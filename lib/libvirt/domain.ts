import { native } from '../internal/addon.js'
import {
  controlStates,
  metadataTypes,
  VIR_DOMAIN_BLOCK_RESIZE,
  VIR_DOMAIN_DEVICE_MODIFY,
  VIR_DOMAIN_MESSAGE,
  VIR_DOMAIN_QEMU_MONITOR_COMMAND,
  VIR_DOMAIN_XML,
} from '../internal/generated/libvirt.js'
import type { Job } from '../internal/job.js'
import { nameOf, numberOf } from '../internal/name-of.js'
import type { NativeDomain } from '../internal/native/libvirt-objects.js'
import { toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { DomainBackups } from './domain-backups.js'
import { DomainBlockJobs } from './domain-block-jobs.js'
import { DomainCheckpoints } from './domain-checkpoints.js'
import { DomainCpus } from './domain-cpus.js'
import { type DetachOptions, detachDisk } from './domain-devices.js'
import { DomainGraphics } from './domain-graphics.js'
import { DomainGuest } from './domain-guest.js'
import { DomainInput } from './domain-input.js'
import { DomainIo } from './domain-io.js'
import { DomainIoThreads } from './domain-io-threads.js'
import { DomainJob, type DomainJobInfo } from './domain-job.js'
import { DomainMemory } from './domain-memory.js'
import { DomainMigration, type MigrateOptions, startMigration } from './domain-migration.js'
import { DomainSaved } from './domain-saved.js'
import { DomainSnapshots } from './domain-snapshots.js'
import { DomainStatistics } from './domain-statistics.js'
import { DomainTuning } from './domain-tuning.js'
import { type AffectOptions, affectBits, affectFlags, flagsOf, toFlags } from './flags.js'
import { type MetadataType, toMetadata } from './metadata.js'
import { monitorReply, type QmpCommand, toDescriptors, toMonitorCommand } from './qemu-monitor.js'

/**
 * libvirt's virDomainControlState.
 *
 * @since 0.1.0
 */
export type ControlState = (typeof controlStates)[keyof typeof controlStates]

/**
 * A virtual machine. Its memory and CPUs are its definition's; closing this handle does nothing to it.
 *
 * Every method rejects with `VIR_ERR_NO_DOMAIN` when the domain is gone.
 *
 * @since 0.1.0
 */
export class Domain extends DomainIo {
  readonly connection: Connection
  readonly name: string
  readonly uuid: string
  /** What it may use of the host. */
  readonly tuning: DomainTuning = new DomainTuning(this)
  /** Its memory. */
  readonly memory: DomainMemory = new DomainMemory(this)
  /** Its virtual CPUs. */
  readonly cpus: DomainCpus = new DomainCpus(this)
  /** Its I/O threads. */
  readonly ioThreads: DomainIoThreads = new DomainIoThreads(this)
  /** What it has used and done. */
  readonly statistics: DomainStatistics = new DomainStatistics(this)
  /** What the agent in the guest tells and does. */
  readonly guest: DomainGuest = new DomainGuest(this)
  /** Its screens. */
  readonly graphics: DomainGraphics = new DomainGraphics(this)
  /** Its keyboard and the like. */
  readonly input: DomainInput = new DomainInput(this)
  /** The memory that libvirt keeps for its next start. */
  readonly saved: DomainSaved = new DomainSaved(this)
  /** Jobs that copy and merge its disks. */
  readonly blockJobs: DomainBlockJobs = new DomainBlockJobs(this)
  /** What it is at as a whole. */
  readonly job: DomainJob = new DomainJob(this)
  /** What may be changed of a migration. */
  readonly migration: DomainMigration = new DomainMigration(this)
  readonly snapshots: DomainSnapshots = new DomainSnapshots(this)
  readonly backups: DomainBackups = new DomainBackups(this)
  readonly checkpoints: DomainCheckpoints = new DomainCheckpoints(this)

  /** @internal */
  constructor(connection: Connection, domain: NativeDomain) {
    super(domain.handle, connection, { uri: connection.givenUri, object: domain.name, kind: 'domain' })
    this.connection = connection
    this.name = domain.name
    this.uuid = domain.uuid
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.connection.call(native.virDomainLookupByUUIDString, this.uuid)
  }

  /**
   * The domain's document: of the running domain if it runs, else its definition.
   *
   * Errors: `VIR_ERR_OPERATION_DENIED` `secure` on a read-only connection.
   *
   * Implements: virDomainGetXMLDesc.
   * @since 0.1.0
   */
  async xml(options?: {
    /** The definition also when the domain runs. Default `false`. */
    inactive?: boolean
    /** Gives passwords as well, such as VNC's. Default `false`. */
    secure?: boolean
    /** The guest's CPU by what the host gives it. Default `false`. */
    updateCpu?: boolean
    /** As another host would be told of it. Default `false`. */
    migratable?: boolean
  }): Promise<string> {
    const mask = toFlags(options, {
      inactive: VIR_DOMAIN_XML.INACTIVE,
      secure: VIR_DOMAIN_XML.SECURE,
      updateCpu: VIR_DOMAIN_XML.UPDATE_CPU,
      migratable: VIR_DOMAIN_XML.MIGRATABLE,
    })
    return this.call(native.virDomainGetXMLDesc, mask)
  }

  /**
   * Migrates the domain over `destination`, a connection to the other host, and resolves with it there:
   * `await domain.migrate(other, { live: true })`. Or to a URI, to which this host's libvirtd connects itself, peer to peer;
   * that goes on when this process ends, and resolves with `undefined`.
   *
   * Progress is told four times a second. Aborting the signal cancels the migration, and rejects with the reason once the
   * domain is known to stay; when it has gone, or `startPostCopy()` was called, the migration ends as it would have.
   *
   * Errors: `VIR_ERR_OPERATION_ABORTED` it was cancelled elsewhere; `VIR_ERR_MIGRATE_UNSAFE` a disk's cache;
   * `VIR_ERR_OPERATION_FAILED`, `VIR_ERR_INTERNAL_ERROR` one of both hosts refused, or it failed: the message tells, and the
   * domain is where it was; `VIR_ERR_OPERATION_INVALID` the domain does not run.
   *
   * Implements: virDomainMigrate3, virDomainMigrateToURI3, virDomainGetJobStats, virDomainAbortJobFlags.
   * @since 0.1.0
   */
  migrate(destination: Connection, options?: MigrateOptions): Job<DomainJobInfo, Domain>
  migrate(destination: string, options?: MigrateOptions): Job<DomainJobInfo, undefined>
  migrate(
    destination: Connection | string,
    options?: MigrateOptions,
  ): Job<DomainJobInfo, Domain> | Job<DomainJobInfo, undefined> {
    const arrived = (connection: Connection, domain: NativeDomain): Domain => new Domain(connection, domain)
    return startMigration(this, destination, options, arrived) as Job<DomainJobInfo, Domain>
  }

  /**
   * Adds a device, such as a disk.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run; `VIR_ERR_XML_ERROR` the target is taken;
   * `VIR_ERR_XML_DETAIL` the document is malformed; `VIR_ERR_CONFIG_UNSUPPORTED` the host cannot do it.
   *
   * Implements: virDomainAttachDeviceFlags.
   * @since 0.1.0
   */
  async attachDevice(xml: string, options?: AffectOptions): Promise<void> {
    await this.call(native.virDomainAttachDeviceFlags, toText('xml', xml), affectFlags(options))
  }

  /**
   * Removes a device. From a running domain it takes the guest's consent: libvirt waits some seconds for it, and the
   * device may still be there afterwards; `xml()` tells.
   *
   * Errors: `VIR_ERR_DEVICE_MISSING` or `VIR_ERR_OPERATION_FAILED` no such device; `VIR_ERR_OPERATION_INVALID`
   * `live` but the domain does not run; `VIR_ERR_XML_DETAIL` the document is malformed.
   *
   * Implements: virDomainDetachDeviceFlags.
   * @since 0.1.0
   */
  async detachDevice(xml: string, options?: AffectOptions): Promise<void> {
    await this.call(native.virDomainDetachDeviceFlags, toText('xml', xml), affectFlags(options))
  }

  /**
   * Removes a disk by its target, such as `'vdb'`, and resolves when it is gone: from a running domain when its guest has
   * let it go. Without `live` and `config`: from the running domain if it runs, else from its definition.
   *
   * Errors: `ENODEV` no such disk; `EBUSY` the guest refused; `ETIMEDOUT` not within `timeoutMs`, the guest may let go
   * yet; `VIR_ERR_OPERATION_INVALID` `live` but the domain does not run.
   *
   * Implements: virDomainDetachDeviceAlias, virDomainDetachDeviceFlags.
   * @since 0.1.0
   */
  detachDisk(target: string, options?: DetachOptions): Promise<void> {
    return detachDisk(this, target, options)
  }

  /**
   * Removes a device by its alias, as in `xml()`; gives at once. The event `device-removed` tells when it is gone.
   *
   * Errors: `VIR_ERR_DEVICE_MISSING`, or of an older libvirt `VIR_ERR_INTERNAL_ERROR`, no such device;
   * `VIR_ERR_OPERATION_INVALID` the domain does not run.
   *
   * Implements: virDomainDetachDeviceAlias.
   * @since 0.1.0
   */
  async detachDeviceAlias(alias: string, options?: AffectOptions): Promise<void> {
    await this.call(native.virDomainDetachDeviceAlias, toText('alias', alias), affectFlags(options))
  }

  /**
   * Changes a device: the medium of a CD drive, the link of an interface. `force`: also where the guest has it locked.
   *
   * Errors: `VIR_ERR_OPERATION_UNSUPPORTED` what cannot be changed; `VIR_ERR_DEVICE_MISSING` no such device;
   * `VIR_ERR_XML_DETAIL` the document is malformed.
   *
   * Implements: virDomainUpdateDeviceFlags.
   * @since 0.1.0
   */
  async updateDevice(xml: string, options?: AffectOptions & { force?: boolean }): Promise<void> {
    const mask = toFlags(options, { ...affectBits, force: VIR_DOMAIN_DEVICE_MODIFY.FORCE })
    await this.call(native.virDomainUpdateDeviceFlags, toText('xml', xml), mask)
  }

  /**
   * Has the guest's interfaces, or one by its target or MAC address, tell the network where they are (gratuitous ARP).
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` the domain does not run; `ENOSYS` libvirt is older than 12.5.0.
   *
   * Implements: virDomainAnnounceInterface.
   * @since 0.1.0
   */
  async announceInterface(device?: string): Promise<void> {
    const name = device === undefined ? undefined : toText('device', device)
    await this.call(native.virDomainAnnounceInterface, name, [], 0)
  }

  /**
   * Bytes of a disk, by its target or its source's path; files and block devices only.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk; `VIR_ERR_OPERATION_INVALID`, `VIR_ERR_SYSTEM_ERROR` it cannot be read.
   *
   * Implements: virDomainBlockPeek.
   * @since 0.1.0
   */
  async blockPeek(disk: string, position: number | bigint, length: number): Promise<Buffer> {
    // A daemon sends no more at once.
    const most = toSize('length', length, 1, 4 * 2 ** 20)
    return this.call(native.virDomainBlockPeek, toText('disk', disk), toSize('position', position), most)
  }

  /**
   * Has the guest see a disk of another size, in bytes. The image behind it must have it already, or be one that QEMU
   * makes larger itself.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk; `VIR_ERR_OPERATION_INVALID` the domain does not run.
   *
   * Implements: virDomainBlockResize.
   * @since 0.1.0
   */
  async blockResize(disk: string, bytes: number | bigint): Promise<void> {
    const size = toSize('bytes', bytes)
    await this.call(native.virDomainBlockResize, toText('disk', disk), size, VIR_DOMAIN_BLOCK_RESIZE.BYTES)
  }

  /**
   * Title, description or an element of your own that is kept with the domain. `uri`: the element's namespace.
   *
   * Errors: `VIR_ERR_NO_DOMAIN_METADATA` there is none.
   *
   * Implements: virDomainGetMetadata.
   * @since 0.1.0
   */
  async metadata(type: MetadataType, options?: AffectOptions & { uri?: string }): Promise<string> {
    const given = toOptions('options', options, { live: true, config: true, uri: true })
    const uri = given.uri === undefined ? undefined : toText('options.uri', given.uri)
    const number = numberOf('type', type, metadataTypes)
    return this.call(native.virDomainGetMetadata, number, uri, flagsOf(given, affectBits))
  }

  /**
   * Sets them; `undefined` removes. An element needs `key`, the prefix of its namespace, and `uri`.
   *
   * Errors: `VIR_ERR_INVALID_ARG` a title with a line end, or no `key`.
   *
   * Implements: virDomainSetMetadata.
   * @since 0.1.0
   */
  async setMetadata(
    type: MetadataType,
    text: string | undefined,
    options?: AffectOptions & { key?: string; uri?: string },
  ): Promise<void> {
    await this.call(native.virDomainSetMetadata, ...toMetadata(type, text, options))
  }

  /**
   * What kind of system it boots: `'hvm'`.
   *
   * Implements: virDomainGetOSType.
   * @since 0.1.0
   */
  osType(): Promise<string> {
    return this.call(native.virDomainGetOSType)
  }

  /**
   * What the daemon is doing with it, and for how many milliseconds.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run.
   *
   * Implements: virDomainGetControlInfo.
   * @since 0.1.0
   */
  async controlInfo(): Promise<{ state: ControlState | 'unknown'; details: number; stateTimeMs: number }> {
    const { state, details, stateTime } = await this.call(native.virDomainGetControlInfo)
    return { state: nameOf(controlStates, state), details, stateTimeMs: stateTime }
  }

  /**
   * What libvirt has to say against its definition: what is deprecated, and what it does not answer for.
   *
   * Implements: virDomainGetMessages.
   * @since 0.1.0
   */
  async messages(options?: { deprecation?: boolean; tainting?: boolean }): Promise<string[]> {
    const mask = toFlags(options, {
      deprecation: VIR_DOMAIN_MESSAGE.DEPRECATION,
      tainting: VIR_DOMAIN_MESSAGE.TAINTING,
    })
    return this.call(native.virDomainGetMessages, mask)
  }

  /**
   * The labels by which the host keeps it apart, of each security driver.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run.
   *
   * Implements: virDomainGetSecurityLabelList.
   * @since 0.1.0
   */
  securityLabels(): Promise<{ label: string; enforcing: boolean }[]> {
    return this.call(native.virDomainGetSecurityLabelList)
  }

  /**
   * Runs a command in QEMU's monitor: a QMP command by name or as `{ execute, arguments }`, which gives its `return`
   * value; with `hmp` a line of the human monitor, which gives its text. Meant for looking; a command that changes
   * the guest behind libvirt's back may confuse libvirt, which marks the domain as tainted.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` the domain does not run; `VIR_ERR_OPERATION_FAILED` QEMU refused, its error
   * class and words are in the message; `VIR_ERR_NO_SUPPORT` the domain is not QEMU's; `ENOSYS` libvirt-qemu is not
   * installed.
   *
   * Implements: virDomainQemuMonitorCommand.
   * @since 0.1.0
   */
  qemuMonitorCommand(command: string, options: { hmp: true }): Promise<string>
  qemuMonitorCommand<T = unknown>(command: string | QmpCommand, options?: { hmp?: false }): Promise<T>
  async qemuMonitorCommand(command: string | QmpCommand, options?: { hmp?: boolean }): Promise<unknown> {
    const hmp = toBoolean('options.hmp', toOptions('options', options, { hmp: true }).hmp, false)
    const text = hmp ? toText('command', command) : toMonitorCommand(command)
    const how = hmp ? VIR_DOMAIN_QEMU_MONITOR_COMMAND.HMP : VIR_DOMAIN_QEMU_MONITOR_COMMAND.DEFAULT
    const reply = await this.call(native.virDomainQemuMonitorCommand, text, how)
    return hmp ? reply : monitorReply(reply, this.context('virDomainQemuMonitorCommand'))
  }

  /**
   * Runs a QMP command with open files of this process's beside it, as `add-fd` takes one: their descriptors stay the
   * caller's. What files QEMU sends back are the caller's to close. The daemon must be of this host.
   *
   * Errors: as `qemuMonitorCommand()`; `VIR_ERR_NO_SUPPORT`, `VIR_ERR_ARGUMENT_UNSUPPORTED` the connection carries no files.
   *
   * Implements: virDomainQemuMonitorCommandWithFiles.
   * @since 0.1.0
   */
  async qemuMonitorCommandWithFiles<T = unknown>(
    command: string | QmpCommand,
    descriptors: readonly number[],
  ): Promise<{ reply: T; descriptors: number[] }> {
    const given = toDescriptors(descriptors)
    const how = VIR_DOMAIN_QEMU_MONITOR_COMMAND.DEFAULT
    const task = native.virDomainQemuMonitorCommandWithFiles
    const [told, text] = await this.call(task, toMonitorCommand(command), given, how)
    return { reply: monitorReply(text, this.context(task.name), told) as T, descriptors: told }
  }

  /**
   * Sends a command to the agent in the guest and gives its `return` value. Meant for what `guest` has no method for.
   * Waits for `timeoutMs`, whole seconds of it; without it as long as the hypervisor likes, some seconds.
   *
   * Errors: `VIR_ERR_AGENT_UNRESPONSIVE` no agent answers; `VIR_ERR_AGENT_COMMAND_TIMEOUT` not in time;
   * `VIR_ERR_INTERNAL_ERROR` it refused, its own words are in the message.
   *
   * Implements: virDomainQemuAgentCommand.
   * @since 0.1.0
   */
  async qemuAgentCommand<T = unknown>(
    command: string | QmpCommand,
    options?: { timeoutMs?: number },
  ): Promise<T> {
    const { timeoutMs } = toOptions('options', options, { timeoutMs: true })
    // VIR_DOMAIN_QEMU_AGENT_COMMAND_DEFAULT
    const seconds = timeoutMs === undefined ? -1 : Math.ceil(toSize('options.timeoutMs', timeoutMs) / 1000)
    const text = toMonitorCommand(command)
    const reply = await this.call(native.virDomainQemuAgentCommand, text, seconds, 0)
    return monitorReply(reply, this.context('virDomainQemuAgentCommand')) as T
  }
}
