import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { native } from '../internal/addon.js'
import {
  domainStateReasons,
  domainStates,
  VIR_DOMAIN_DESTROY,
  VIR_DOMAIN_QEMU_MONITOR_COMMAND,
  VIR_DOMAIN_UNDEFINE,
  VIR_DOMAIN_XML,
} from '../internal/generated/libvirt.js'
import { jsonable } from '../internal/json.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeDomain } from '../internal/native/libvirt.js'
import { type Known, toBoolean, toOneOf, toOptions, toSignal, toSize, toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { DomainTuning } from './domain-tuning.js'
import { LibvirtError, systemError } from './errors.js'
import { type AffectOptions, affectFlags, flags } from './flags.js'
import { LibvirtObject } from './object.js'
import { monitorReply, type QmpCommand, toMonitorCommand } from './qemu-monitor.js'

/**
 * libvirt's virDomainState.
 *
 * @since 0.1.0
 */
export type DomainState = (typeof domainStates)[keyof typeof domainStates]

/**
 * A domain's state and why it is in it.
 *
 * @since 0.1.0
 */
export interface DomainStatus {
  state: DomainState | 'unknown'
  /** libvirt's reason, in lower case: `'booted'`, `'destroyed'`, `'ioerror'`, `'from-snapshot'`. */
  reason: string
}

/**
 * What a domain has and uses.
 *
 * @since 0.1.0
 */
export interface DomainInfo {
  state: DomainState | 'unknown'
  /** Bytes. */
  maxMemory: number
  /** Bytes that the guest has now. */
  memory: number
  vcpus: number
  /** Nanoseconds of CPU time since its start. */
  cpuTimeNs: bigint
}

/**
 * What goes with the definition.
 *
 * @since 0.1.0
 */
export interface UndefineOptions {
  /** Removes the saved memory image, too; without it such a domain is refused. */
  managedSave?: boolean
  /** Removes libvirt's records of snapshots, too; without it a domain that has some is refused. */
  snapshotsMetadata?: boolean
  /** Removes libvirt's records of checkpoints, too; without it a domain that has some is refused. */
  checkpointsMetadata?: boolean
  /** `true` removes the file of UEFI variables, `false` keeps it; without either a domain that has one is refused. */
  nvram?: boolean
}

/**
 * How long `waitForState()` waits.
 *
 * @since 0.1.0
 */
export interface WaitOptions {
  /** Milliseconds until it rejects with `ETIMEDOUT`. Default: no limit. */
  timeoutMs?: number
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

const undefineOptions: Known<UndefineOptions> = {
  managedSave: true,
  snapshotsMetadata: true,
  checkpointsMetadata: true,
  nvram: true,
}

const stateNames = Object.values(domainStates)
/** Between two questions of `waitForState()`. */
const pollMs = 250

/**
 * A virtual machine. Its memory and CPUs are its definition's; closing this handle does nothing to it.
 *
 * Every method rejects with `VIR_ERR_NO_DOMAIN` when the domain is gone.
 *
 * @since 0.1.0
 */
export class Domain extends LibvirtObject {
  readonly connection: Connection
  readonly name: string
  readonly uuid: string
  /** What it may use of the host. */
  readonly tuning: DomainTuning = new DomainTuning(this)

  /** @internal */
  constructor(connection: Connection, domain: NativeDomain) {
    super(domain.handle, connection, { uri: connection.givenUri, object: domain.name, kind: 'domain' })
    this.connection = connection
    this.name = domain.name
    this.uuid = domain.uuid
  }

  /**
   * The number of this run; `undefined` while the domain is shut off. Asked anew each time.
   *
   * Implements: virDomainLookupByUUIDString, virDomainGetID.
   * @since 0.1.0
   */
  async id(): Promise<number | undefined> {
    const id = await this.call(native.virDomainGetID)
    return id < 0 ? undefined : id
  }

  /**
   * Starts a defined domain.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it runs already; `VIR_ERR_INTERNAL_ERROR` QEMU refused, its own words are in
   * the message; `VIR_ERR_NO_SECRET` a disk's secret is not defined.
   *
   * Implements: virDomainCreate.
   * @since 0.1.0
   */
  async create(): Promise<void> {
    await this.call(native.virDomainCreate)
  }

  /**
   * State, memory in bytes, CPUs and CPU time.
   *
   * Implements: virDomainGetInfo.
   * @since 0.1.0
   */
  async info(): Promise<DomainInfo> {
    const info = await this.call(native.virDomainGetInfo)
    return jsonable({ ...info, state: nameOf(domainStates, info.state) })
  }

  /**
   * The state and its reason.
   *
   * Implements: virDomainGetState.
   * @since 0.1.0
   */
  async state(): Promise<DomainStatus> {
    const [number, reason] = await this.call(native.virDomainGetState)
    const state = nameOf(domainStates, number)
    return {
      state,
      reason: state === 'unknown' ? state : nameOf<Record<number, string>>(domainStateReasons[state], reason),
    }
  }

  /**
   * Waits until the domain is in `state`; asks four times a second, so shorter states may be missed. A transient
   * domain that is gone counts as `'shutoff'`.
   *
   * Errors: `ETIMEDOUT` after `timeoutMs`; the signal's reason.
   *
   * Implements: virDomainGetState.
   * @since 0.1.0
   */
  async waitForState(state: DomainState, options?: WaitOptions): Promise<DomainStatus> {
    const wanted = toOneOf('state', state, stateNames)
    const given = toOptions('options', options, { timeoutMs: ['timeout'], signal: true })
    const signal = toSignal(given.signal)
    const end = performance.now() + toSize('options.timeoutMs', given.timeoutMs ?? Number.MAX_SAFE_INTEGER)
    for (;;) {
      signal?.throwIfAborted()
      const status = await this.#stateOrGone(wanted)
      if (status.state === wanted) return status
      const left = end - performance.now()
      if (left <= 0) {
        const text = `the domain is not '${wanted}' but '${status.state}'`
        throw systemError(-constants.errno.ETIMEDOUT, this.context('virDomainGetState'), text)
      }
      // An abort is found at the top of the loop, with the caller's own reason.
      await sleep(Math.min(pollMs, left), undefined, signal ? { signal } : {}).catch(() => {})
    }
  }

  async #stateOrGone(wanted: DomainState): Promise<DomainStatus> {
    try {
      return await this.state()
    } catch (error) {
      const gone = error instanceof LibvirtError && error.code === 'VIR_ERR_NO_DOMAIN'
      if (gone && wanted === 'shutoff') return { state: 'shutoff', reason: 'unknown' }
      throw error
    }
  }

  /**
   * The domain's document: of the running domain if it runs, else its definition.
   *
   * Errors: `VIR_ERR_OPERATION_DENIED` `secure` on a read-only connection.
   *
   * Implements: virDomainGetXMLDesc.
   * @since 0.1.0
   */
  xml(options?: {
    /** The definition also when the domain runs. Default `false`. */
    inactive?: boolean
    /** Gives passwords as well, such as VNC's. Default `false`. */
    secure?: boolean
  }): Promise<string> {
    const given = toOptions('options', options, { inactive: true, secure: true })
    const mask = flags([
      [toBoolean('options.secure', given.secure, false), VIR_DOMAIN_XML.SECURE],
      [toBoolean('options.inactive', given.inactive, false), VIR_DOMAIN_XML.INACTIVE],
    ])
    return this.call(native.virDomainGetXMLDesc, mask)
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
   * Asks the guest to shut down (ACPI); gives at once. `waitForState('shutoff')` tells when it has.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run.
   *
   * Implements: virDomainShutdown.
   * @since 0.1.0
   */
  async shutdown(): Promise<void> {
    await this.call(native.virDomainShutdown)
  }

  /**
   * Asks the guest to reboot.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run.
   *
   * Implements: virDomainReboot.
   * @since 0.1.0
   */
  async reboot(): Promise<void> {
    await this.call(native.virDomainReboot)
  }

  /**
   * Pulls the plug. With `graceful` QEMU may first write out what it has (SIGTERM only), and one that does not end
   * is left running.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run; `VIR_ERR_OPERATION_FAILED` `graceful` and it did not end.
   *
   * Implements: virDomainDestroyFlags.
   * @since 0.1.0
   */
  async destroy(options?: { graceful?: boolean }): Promise<void> {
    const graceful = toBoolean(
      'options.graceful',
      toOptions('options', options, { graceful: true }).graceful,
      false,
    )
    await this.call(
      native.virDomainDestroyFlags,
      graceful ? VIR_DOMAIN_DESTROY.GRACEFUL : VIR_DOMAIN_DESTROY.DEFAULT,
    )
  }

  /**
   * Removes the definition. A domain that runs goes on as a transient one; disks stay.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it has a saved image, snapshots, checkpoints or UEFI variables and the
   * options do not say what becomes of them.
   *
   * Implements: virDomainUndefineFlags.
   * @since 0.1.0
   */
  async undefine(options?: UndefineOptions): Promise<void> {
    const given = toOptions('options', options, undefineOptions)
    const nvram = toBoolean('options.nvram', given.nvram, false)
    const mask = flags([
      [toBoolean('options.managedSave', given.managedSave, false), VIR_DOMAIN_UNDEFINE.MANAGED_SAVE],
      [
        toBoolean('options.snapshotsMetadata', given.snapshotsMetadata, false),
        VIR_DOMAIN_UNDEFINE.SNAPSHOTS_METADATA,
      ],
      [nvram, VIR_DOMAIN_UNDEFINE.NVRAM],
      [given.nvram === false, VIR_DOMAIN_UNDEFINE.KEEP_NVRAM],
      [
        toBoolean('options.checkpointsMetadata', given.checkpointsMetadata, false),
        VIR_DOMAIN_UNDEFINE.CHECKPOINTS_METADATA,
      ],
    ])
    await this.call(native.virDomainUndefineFlags, mask)
  }

  /**
   * Whether it runs, paused included.
   *
   * Implements: virDomainIsActive.
   * @since 0.1.0
   */
  isActive(): Promise<boolean> {
    return this.call(native.virDomainIsActive)
  }

  /**
   * Whether it has a definition that outlives its run.
   *
   * Implements: virDomainIsPersistent.
   * @since 0.1.0
   */
  isPersistent(): Promise<boolean> {
    return this.call(native.virDomainIsPersistent)
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
}
