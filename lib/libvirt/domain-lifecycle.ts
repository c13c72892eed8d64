import { native } from '../internal/addon.js'
import {
  coreDumpFormats,
  domainStates,
  suspendTargets,
  VIR_DOMAIN_DESTROY,
  VIR_DOMAIN_REBOOT,
  VIR_DOMAIN_SHUTDOWN,
  VIR_DOMAIN_UNDEFINE,
} from '../internal/generated/libvirt.js'
import { jsonable } from '../internal/json.js'
import { nameOf, numberOf } from '../internal/name-of.js'
import { type Known, toBoolean, toOneOf, toOptions, toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import {
  type CoreDumpOptions,
  coreDumpBits,
  coreDumpOptions,
  type DomainInfo,
  type DomainState,
  type DomainStatus,
  methodFlag,
  type PowerMethod,
  type SaveOptions,
  type StartOptions,
  startBits,
  toSave,
  type UndefineOptions,
  type WaitOptions,
} from './domain-options.js'
import { toStatus } from './domain-stats.js'
import { toLimits, untilState } from './domain-wait.js'
import { flags, flagsOf, toFlags, toTruth } from './flags.js'
import { LibvirtObject } from './object.js'

const undefineOptions: Known<UndefineOptions> = {
  managedSave: true,
  snapshotsMetadata: true,
  checkpointsMetadata: true,
  nvram: true,
}

const stateNames = Object.values(domainStates)

/**
 * What a domain does as a whole: it is started, stopped, saved, forgotten.
 *
 * @since 0.1.0
 */
export abstract class DomainLifecycle extends LibvirtObject {
  abstract readonly connection: Connection

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
   * Implements: virDomainCreateWithFlags.
   * @since 0.1.0
   */
  async create(options?: StartOptions): Promise<void> {
    await this.call(native.virDomainCreateWithFlags, toFlags(options, startBits))
  }

  /**
   * State, memory in bytes, CPUs and CPU time.
   *
   * Implements: virDomainGetInfo.
   * @since 0.1.0
   */
  async info(): Promise<DomainInfo> {
    const info = await this.call(native.virDomainGetInfo)
    return jsonable({
      state: nameOf(domainStates, info.state),
      maxMemory: info.maxMem * 1024,
      memory: info.memory * 1024,
      vcpus: info.nrVirtCpu,
      cpuTimeNs: info.cpuTime,
    })
  }

  /**
   * The state and its reason.
   *
   * Implements: virDomainGetState.
   * @since 0.1.0
   */
  async state(): Promise<DomainStatus> {
    return toStatus(...(await this.call(native.virDomainGetState)))
  }

  /**
   * Waits until the domain is in `state`, by the events of its life; the state is read after each, so shorter ones may be
   * missed. A transient domain that is gone counts as `'shutoff'`.
   *
   * Over a connection opened with `reconnect` it goes on when that has been opened again.
   *
   * Errors: `ETIMEDOUT` after `timeoutMs`, or the connection was given up; the signal's reason; `ECONNRESET` the connection has
   * ended; `VIR_ERR_NO_SUPPORT` the hypervisor has no events.
   *
   * Implements: virDomainGetState, virConnectDomainEventRegisterAny.
   * @since 0.1.0
   */
  async waitForState(state: DomainState, options?: WaitOptions): Promise<DomainStatus> {
    const wanted = toOneOf('state', state, stateNames)
    const given = toOptions('options', options, { timeoutMs: ['timeout'], signal: true })
    return untilState(this, wanted, toLimits(given))
  }

  /**
   * Asks the guest to shut down; gives at once. `waitForState('shutoff')` tells when it has. `by`: how to ask; without it
   * the hypervisor chooses, ACPI for QEMU.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run; `VIR_ERR_AGENT_UNRESPONSIVE` by `'guest-agent'`, which does not
   * answer.
   *
   * Implements: virDomainShutdownFlags.
   * @since 0.1.0
   */
  async shutdown(options?: { by?: PowerMethod }): Promise<void> {
    const { by } = toOptions('options', options, { by: true })
    await this.call(native.virDomainShutdownFlags, methodFlag(by, VIR_DOMAIN_SHUTDOWN))
  }

  /**
   * Asks the guest to reboot.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run.
   *
   * Implements: virDomainReboot.
   * @since 0.1.0
   */
  async reboot(options?: { by?: PowerMethod }): Promise<void> {
    const { by } = toOptions('options', options, { by: true })
    await this.call(native.virDomainReboot, methodFlag(by, VIR_DOMAIN_REBOOT))
  }

  /**
   * Presses the reset button.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run.
   *
   * Implements: virDomainReset.
   * @since 0.1.0
   */
  async reset(): Promise<void> {
    await this.call(native.virDomainReset)
  }

  /**
   * Halts the guest where it is; it keeps its memory.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run.
   *
   * Implements: virDomainSuspend.
   * @since 0.1.0
   */
  async suspend(): Promise<void> {
    await this.call(native.virDomainSuspend)
  }

  /**
   * Lets it go on.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is not suspended.
   *
   * Implements: virDomainResume.
   * @since 0.1.0
   */
  async resume(): Promise<void> {
    await this.call(native.virDomainResume)
  }

  /**
   * Puts the guest itself to sleep, by its agent.
   *
   * Errors: `VIR_ERR_AGENT_UNRESPONSIVE` no agent answers; `VIR_ERR_OPERATION_INVALID` it does not run.
   *
   * Implements: virDomainPMSuspendForDuration.
   * @since 0.1.0
   */
  async pmSuspend(target: (typeof suspendTargets)[keyof typeof suspendTargets]): Promise<void> {
    // No hypervisor can wake it after a time.
    await this.call(native.virDomainPMSuspendForDuration, numberOf('target', target, suspendTargets), 0)
  }

  /**
   * Wakes it.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not sleep.
   *
   * Implements: virDomainPMWakeup.
   * @since 0.1.0
   */
  async pmWakeup(): Promise<void> {
    await this.call(native.virDomainPMWakeup)
  }

  /**
   * Writes its memory to a file of the host and stops it. `connection.saveImages.restore()` starts it from there.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run; `VIR_ERR_OPERATION_FAILED` the file cannot be written.
   *
   * Implements: virDomainSaveFlags.
   * @since 0.1.0
   */
  async save(path: string, options?: SaveOptions): Promise<void> {
    const [xml, mask] = toSave(options)
    await this.call(native.virDomainSaveFlags, toText('path', path), xml, mask)
  }

  /**
   * Writes its memory to a file of the host, for a debugger.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run; `VIR_ERR_OPERATION_FAILED` the file cannot be written.
   *
   * Implements: virDomainCoreDumpWithFormat.
   * @since 0.1.0
   */
  async coreDump(path: string, options?: CoreDumpOptions): Promise<void> {
    const { format, ...given } = toOptions('options', options, coreDumpOptions)
    await this.call(
      native.virDomainCoreDumpWithFormat,
      toText('path', path),
      numberOf('options.format', format ?? 'raw', coreDumpFormats),
      flagsOf(given, coreDumpBits),
    )
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
   * Gives it another name. It must not run.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it runs, or has snapshots; `VIR_ERR_OPERATION_UNSUPPORTED` the name is taken.
   *
   * Implements: virDomainRename.
   * @since 0.1.0
   */
  async rename(name: string): Promise<void> {
    await this.call(native.virDomainRename, toText('name', name))
  }

  /**
   * Whether the daemon starts it when it starts itself.
   *
   * Implements: virDomainGetAutostart.
   * @since 0.1.0
   */
  autostart(): Promise<boolean> {
    return this.call(native.virDomainGetAutostart)
  }

  /**
   * Sets whether the daemon starts it when it starts itself.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR`, `VIR_ERR_OPERATION_INVALID` it has no definition.
   *
   * Implements: virDomainSetAutostart.
   * @since 0.1.0
   */
  async setAutostart(autostart: boolean): Promise<void> {
    await this.call(native.virDomainSetAutostart, toTruth('autostart', autostart))
  }

  /**
   * Whether the daemon starts it at the host's next start, and then no more.
   *
   * Errors: `ENOSYS` libvirt is older than 11.2.0.
   *
   * Implements: virDomainGetAutostartOnce.
   * @since 0.1.0
   */
  autostartOnce(): Promise<boolean> {
    return this.call(native.virDomainGetAutostartOnce)
  }

  /**
   * Sets that.
   *
   * Errors: `ENOSYS` libvirt is older than 11.2.0.
   *
   * Implements: virDomainSetAutostartOnce.
   * @since 0.1.0
   */
  async setAutostartOnce(autostart: boolean): Promise<void> {
    await this.call(native.virDomainSetAutostartOnce, toTruth('autostart', autostart))
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
}
