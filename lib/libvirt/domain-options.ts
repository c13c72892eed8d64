// The states of domains; how they are started, stopped, saved and forgotten: options and their flags.
import {
  type coreDumpFormats,
  type domainStates,
  VIR_DOMAIN,
  type VIR_DOMAIN_REBOOT,
  VIR_DOMAIN_SAVE,
  type VIR_DOMAIN_SHUTDOWN,
  VIR_DUMP,
} from '../internal/generated/libvirt.js'
import { type Known, toOneOf, toOptions, toText } from '../internal/validate.js'
import { type Bits, flagsOf } from './flags.js'

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
 * How long `waitForState()`, `detachDisk()` and the like wait.
 *
 * @since 0.1.0
 */
export interface WaitOptions {
  /** Milliseconds until it rejects with `ETIMEDOUT`. Default: no limit. */
  timeoutMs?: number
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/**
 * How a domain is started.
 *
 * @since 0.1.0
 */
export interface StartOptions {
  /** Its CPUs wait for `resume()`. */
  paused?: boolean
  /** It ends with the connection that has started it. */
  autodestroy?: boolean
  /** A saved memory image is read without the host's cache. */
  bypassCache?: boolean
  /** A saved memory image is thrown away. */
  forceBoot?: boolean
  /** Holds the document against its schema first. */
  validate?: boolean
  /** The UEFI variables are made anew. */
  resetNvram?: boolean
}

export const startBits: Bits<StartOptions> = {
  paused: VIR_DOMAIN.START_PAUSED,
  autodestroy: VIR_DOMAIN.START_AUTODESTROY,
  bypassCache: VIR_DOMAIN.START_BYPASS_CACHE,
  forceBoot: VIR_DOMAIN.START_FORCE_BOOT,
  validate: VIR_DOMAIN.START_VALIDATE,
  resetNvram: VIR_DOMAIN.START_RESET_NVRAM,
}

const powerMethods = ['acpi-power-btn', 'guest-agent', 'initctl', 'signal', 'paravirt'] as const

/**
 * How a guest is asked to shut down or reboot: libvirt's virDomainShutdownFlagValues.
 *
 * @since 0.1.0
 */
export type PowerMethod = (typeof powerMethods)[number]

export function methodFlag(
  by: PowerMethod | undefined,
  bits: typeof VIR_DOMAIN_SHUTDOWN | typeof VIR_DOMAIN_REBOOT,
): number {
  if (by === undefined) return bits.DEFAULT
  const name = toOneOf('options.by', by, powerMethods).toUpperCase().replaceAll('-', '_')
  return bits[name as keyof typeof bits]
}

/**
 * How memory is written to a file, or read from it.
 *
 * @since 0.1.0
 */
export interface SaveOptions {
  /** A document to start it with; it may differ in what the host has, not in what the guest sees. */
  xml?: string
  /** Not through the host's cache. */
  bypassCache?: boolean
  /** It runs once restored, also when it was paused. */
  running?: boolean
  /** It is paused once restored. */
  paused?: boolean
  /** The UEFI variables are made anew when it is restored. */
  resetNvram?: boolean
}

const saveBits = {
  bypassCache: VIR_DOMAIN_SAVE.BYPASS_CACHE,
  running: VIR_DOMAIN_SAVE.RUNNING,
  paused: VIR_DOMAIN_SAVE.PAUSED,
  resetNvram: VIR_DOMAIN_SAVE.RESET_NVRAM,
} as const
const saveOptions: Known<SaveOptions> = {
  xml: true,
  bypassCache: true,
  running: true,
  paused: true,
  resetNvram: true,
}

export function toSave(options: SaveOptions | undefined): [xml: string | undefined, flags: number] {
  const { xml, ...given } = toOptions('options', options, saveOptions)
  return [xml === undefined ? undefined : toText('options.xml', xml), flagsOf(given, saveBits)]
}

/**
 * How memory is written for a debugger.
 *
 * @since 0.1.0
 */
export interface CoreDumpOptions {
  /** Default `'raw'`. */
  format?: (typeof coreDumpFormats)[keyof typeof coreDumpFormats]
  /** It is stopped afterwards. */
  crash?: boolean
  /** It goes on meanwhile. */
  live?: boolean
  /** Not through the host's cache. */
  bypassCache?: boolean
  /** It is reset afterwards. */
  reset?: boolean
  /** The memory alone, which a debugger reads. */
  memoryOnly?: boolean
}

export const coreDumpBits = {
  crash: VIR_DUMP.CRASH,
  live: VIR_DUMP.LIVE,
  bypassCache: VIR_DUMP.BYPASS_CACHE,
  reset: VIR_DUMP.RESET,
  memoryOnly: VIR_DUMP.MEMORY_ONLY,
} as const
export const coreDumpOptions: Known<CoreDumpOptions> = {
  format: true,
  crash: true,
  live: true,
  bypassCache: true,
  reset: true,
  memoryOnly: true,
}
