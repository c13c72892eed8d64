import { setTimeout as sleep } from 'node:timers/promises'
import { native } from '../internal/addon.js'
import { VIR_DOMAIN_MIGRATE_MAX_SPEED, VIR_MIGRATE } from '../internal/generated/libvirt.js'
import { type MigrationParameters, migrationParameters } from '../internal/generated/parameters.js'
import { type Job, type JobContext, type JobOptions, jobOptions, startJob } from '../internal/job.js'
import type { NativeDomain, NativeParameter } from '../internal/native/libvirt-objects.js'
import { onAbort } from '../internal/on-abort.js'
import { Resource } from '../internal/resource.js'
import { invalidArgType, type Known, toBoolean, toSize, toText } from '../internal/validate.js'
import type { Connection } from './connection.js'
import type { Domain } from './domain.js'
import type { DomainJobInfo } from './domain-job.js'
import { flagsOf, toFlags } from './flags.js'
import { toParameters } from './parameters.js'
import { checkUri } from './uri.js'

/** How often libvirt is asked for progress, and asked again to cancel. */
const pollMs = 250

/**
 * What a migration does, in libvirt's words.
 *
 * @since 0.1.0
 */
export interface MigrationFlags {
  /** The guest runs on meanwhile. Without it, it is paused until it is there. */
  live?: boolean
  /** The memory goes through libvirt's own connection. With a URI only. */
  tunnelled?: boolean
  /** It is defined there. */
  persistDest?: boolean
  /** Its definition here is removed. */
  undefineSource?: boolean
  /** It is paused there. */
  paused?: boolean
  /** Its disks are copied. Not needed for those on RBD: both hosts see them. */
  nonSharedDisk?: boolean
  /** The topmost layers of its disks are copied. */
  nonSharedInc?: boolean
  /** The guest's writes to disks that are copied go to both before they are done. */
  nonSharedSynchronousWrites?: boolean
  /** Nobody may change it meanwhile. */
  changeProtection?: boolean
  /** Also where its disks could be damaged: those whose cache may differ from host to host. */
  unsafe?: boolean
  /** It does not run: its definition alone. */
  offline?: boolean
  compressed?: boolean
  /** A disk that fails ends it. */
  abortOnError?: boolean
  /** The guest is slowed down when it changes its memory faster than that can be sent. */
  autoConverge?: boolean
  rdmaPinAll?: boolean
  /** `domain.migration.startPostCopy()` may be called. */
  postcopy?: boolean
  /** Goes on with one that was interrupted after `startPostCopy()`. */
  postcopyResume?: boolean
  tls?: boolean
  /** Several connections at once. */
  parallel?: boolean
  /** With `parallel`: sent without being copied first. */
  zerocopy?: boolean
}

const migrateBits: Readonly<Record<keyof MigrationFlags, number>> = {
  live: VIR_MIGRATE.LIVE,
  tunnelled: VIR_MIGRATE.TUNNELLED,
  persistDest: VIR_MIGRATE.PERSIST_DEST,
  undefineSource: VIR_MIGRATE.UNDEFINE_SOURCE,
  paused: VIR_MIGRATE.PAUSED,
  nonSharedDisk: VIR_MIGRATE.NON_SHARED_DISK,
  nonSharedInc: VIR_MIGRATE.NON_SHARED_INC,
  nonSharedSynchronousWrites: VIR_MIGRATE.NON_SHARED_SYNCHRONOUS_WRITES,
  changeProtection: VIR_MIGRATE.CHANGE_PROTECTION,
  unsafe: VIR_MIGRATE.UNSAFE,
  offline: VIR_MIGRATE.OFFLINE,
  compressed: VIR_MIGRATE.COMPRESSED,
  abortOnError: VIR_MIGRATE.ABORT_ON_ERROR,
  autoConverge: VIR_MIGRATE.AUTO_CONVERGE,
  rdmaPinAll: VIR_MIGRATE.RDMA_PIN_ALL,
  postcopy: VIR_MIGRATE.POSTCOPY,
  postcopyResume: VIR_MIGRATE.POSTCOPY_RESUME,
  tls: VIR_MIGRATE.TLS,
  parallel: VIR_MIGRATE.PARALLEL,
  zerocopy: VIR_MIGRATE.ZEROCOPY,
}

/**
 * How a domain is migrated, watched and cancelled.
 *
 * @since 0.1.0
 */
export interface MigrateOptions extends JobOptions<DomainJobInfo>, MigrationFlags, MigrationParameters {
  /**
   * Lets the URI name programs that the source's libvirtd runs, as in `Connection.open()`. Default `false`.
   */
  allowCommands?: boolean
}

const trueOf = <T extends object>(keys: T): { readonly [K in keyof T]: true } =>
  Object.fromEntries(Object.keys(keys).map((key) => [key, true])) as { [K in keyof T]: true }

const migrateOptions: Known<MigrateOptions> = {
  ...jobOptions,
  ...trueOf(migrateBits),
  ...trueOf(migrationParameters),
  allowCommands: true,
}

function ownParameters(given: MigrationParameters): NativeParameter[] {
  const own = Object.entries(given).filter(([key]) => Object.hasOwn(migrationParameters, key))
  return toParameters<MigrationParameters>('options', Object.fromEntries(own), migrationParameters)
}

/** Tells how far the job is until `over`. */
async function report(
  domain: Domain,
  over: AbortSignal,
  tell: (progress: DomainJobInfo) => void,
): Promise<void> {
  while (!over.aborted) {
    // The migration itself tells of what is wrong.
    const info = await domain.job.statistics().catch(() => undefined)
    if (!over.aborted && info?.operation === 'migration-out') tell(info)
    await sleep(pollMs, undefined, { signal: over }).catch(() => {})
  }
}

/** Cancels until it is over: libvirt refuses while the migration has not begun. */
async function cancel(domain: Domain, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await domain.job.abort().catch(() => {})
    await sleep(pollMs, undefined, { signal: over }).catch(() => {})
  }
}

/** Settles as the migration does, so that whoever has cancelled it knows where the guest is. */
async function watch<T>(
  domain: Domain,
  { signal, report: tell }: JobContext<DomainJobInfo>,
  migration: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const over = new AbortController()
  const unlisten = onAbort(signal, () => void cancel(domain, over.signal))
  try {
    const moved = migration()
    void report(domain, over.signal, tell)
    return await moved
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    over.abort()
    unlisten()
  }
}

/** Migrates over a connection, or has the source's libvirtd do so to a URI. */
export function startMigration(
  domain: Domain,
  destination: Connection | string,
  options: MigrateOptions | undefined,
  arrived: (connection: Connection, domain: NativeDomain) => Domain,
): Job<DomainJobInfo, Domain | undefined> {
  return startJob(options, migrateOptions, async (context, given) => {
    const flags = flagsOf(given, migrateBits)
    const parameters = ownParameters(given)
    const allowCommands = toBoolean('options.allowCommands', given.allowCommands, false)
    if (typeof destination === 'string') {
      const uri = toText('destination', destination)
      if (!allowCommands) checkUri(uri)
      const peer = (flags | VIR_MIGRATE.PEER2PEER) >>> 0
      await watch(domain, context, () => domain.call(native.virDomainMigrateToURI3, uri, parameters, peer))
      return undefined
    }
    if (!(destination instanceof Resource))
      throw invalidArgType('destination', 'an instance of Connection or of type string', destination)
    const { name } = native.virDomainMigrate3
    const move = (): Promise<NativeDomain> =>
      domain.call(native.virDomainMigrate3, destination.handle, parameters, flags)
    const moved = await watch(domain, context, () => destination.lend(name, move))
    return arrived(destination, moved)
  })
}

/**
 * What may be changed of a migration, before it and while it is under way: `domain.migration`. `domain.migrate()` begins it.
 *
 * Every method rejects with `VIR_ERR_OPERATION_INVALID` when the domain does not run, and with
 * `VIR_ERR_OPERATION_UNSUPPORTED` or `VIR_ERR_ARGUMENT_UNSUPPORTED` when the hypervisor cannot do it.
 *
 * @since 0.1.0
 */
export class DomainMigration {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * Has the guest run on the other host from now on; what is left of its memory follows when it is needed. Of a migration
   * that was begun with `postcopy`. It cannot be cancelled any more: when the connection between the hosts or one
   * of them fails, the guest is lost or stands still.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` no migration is under way, or one without `postcopy`.
   *
   * Implements: virDomainMigrateStartPostCopy.
   * @since 0.1.0
   */
  async startPostCopy(): Promise<void> {
    await this.#domain.call(native.virDomainMigrateStartPostCopy)
  }

  /**
   * Milliseconds that the guest may stand still at the end.
   *
   * Implements: virDomainMigrateGetMaxDowntime.
   * @since 0.1.0
   */
  maxDowntime(): Promise<number> {
    return this.#domain.call(native.virDomainMigrateGetMaxDowntime)
  }

  /**
   * Sets that, also while it is under way.
   *
   * Implements: virDomainMigrateSetMaxDowntime.
   * @since 0.1.0
   */
  async setMaxDowntime(milliseconds: number): Promise<void> {
    await this.#domain.call(native.virDomainMigrateSetMaxDowntime, toSize('milliseconds', milliseconds, 1))
  }

  /**
   * MiB per second that it may take; with `postcopy` after `startPostCopy()`.
   *
   * Implements: virDomainMigrateGetMaxSpeed.
   * @since 0.1.0
   */
  async maxSpeed(options?: { postcopy?: boolean }): Promise<number> {
    return this.#domain.call(native.virDomainMigrateGetMaxSpeed, toFlags(options, speedBits))
  }

  /**
   * Sets that, also while it is under way.
   *
   * Implements: virDomainMigrateSetMaxSpeed.
   * @since 0.1.0
   */
  async setMaxSpeed(mibPerSecond: number, options?: { postcopy?: boolean }): Promise<void> {
    const speed = toSize('mibPerSecond', mibPerSecond)
    await this.#domain.call(native.virDomainMigrateSetMaxSpeed, speed, toFlags(options, speedBits))
  }

  /**
   * Bytes of memory that QEMU keeps to compress what has changed, with `compressed`.
   *
   * Implements: virDomainMigrateGetCompressionCache.
   * @since 0.1.0
   */
  compressionCache(): Promise<number> {
    return this.#domain.call(native.virDomainMigrateGetCompressionCache)
  }

  /**
   * Sets that, also while it is under way.
   *
   * Implements: virDomainMigrateSetCompressionCache.
   * @since 0.1.0
   */
  async setCompressionCache(bytes: number | bigint): Promise<void> {
    await this.#domain.call(native.virDomainMigrateSetCompressionCache, toSize('bytes', bytes))
  }
}

const speedBits = { postcopy: VIR_DOMAIN_MIGRATE_MAX_SPEED.POSTCOPY } as const
