import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { startTask } from '../internal/dispatcher.js'
import { VIR_DOMAIN_BACKUP_BEGIN } from '../internal/generated/libvirt.js'
import { type JobOptions, jobOptions, toJobOptions } from '../internal/job.js'
import { type Known, toOptions, toText } from '../internal/validate.js'
import type { Domain } from './domain.js'
import type { ParametersEvent } from './domain-events.js'
import { type DomainJobInfo, toJobInfo } from './domain-job.js'
import { orNone, systemError } from './errors.js'
import type { Events } from './events.js'
import { flagsOf } from './flags.js'
import { type Gate, sinceBegun, startWatched } from './watched-job.js'

/**
 * How a backup is made, watched and ended. `onProgress` is called four times a second at most. Aborting `signal` before the
 * backup has ended cancels it, and `done` rejects with the reason at once.
 *
 * @since 0.1.0
 */
export interface BackupOptions extends JobOptions<DomainJobInfo> {
  /** A `<domaincheckpoint>` that is made at the same moment, for the next backup's `incremental`. */
  checkpoint?: string
  /** The files that the document names are there already. */
  reuseExternal?: boolean
}

const backupOptions: Known<BackupOptions> = { ...jobOptions, checkpoint: true, reuseExternal: ['reuse'] }

/**
 * A backup that has begun: of the disks as they were at that moment.
 *
 * @since 0.1.0
 */
export class Backup {
  readonly domain: Domain
  /**
   * Resolves with the statistics when the backup is whole: one that is pushed by itself, one that is pulled after `end()`.
   * Nobody has to await it.
   *
   * Errors: `ECANCELED` it was cancelled; `EIO` it failed, why is in the message; `ESRCH` the domain has stopped;
   * `ECONNRESET` the connection has ended, `EBADF` it was closed, the backup goes on without us; the signal's reason.
   */
  readonly done: Promise<DomainJobInfo>

  /** @internal */
  constructor(domain: Domain, done: Promise<DomainJobInfo>) {
    this.domain = domain
    this.done = done
  }

  /**
   * Ends it, and resolves when it is over: one that is pulled because all was read, one that is pushed although it is not
   * whole.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it is over.
   *
   * Implements: virDomainAbortJobFlags.
   * @since 0.1.0
   */
  async end(): Promise<void> {
    await this.domain.job.abort()
    await this.done.catch(() => {})
  }
}

/** Resolves when the backup is whole. */
async function untilBackupEnds(
  domain: Domain,
  begun: Gate,
  jobs: Events<ParametersEvent>,
  end: () => Error,
): Promise<DomainJobInfo> {
  for await (const { event, early } of sinceBegun(jobs, begun, end)) {
    const told = toJobInfo('completed', Object.entries(event.parameters))
    if (told.operation !== 'backup') continue
    // The end of an earlier backup, or of this one already: then there is none now.
    if (early && (await domain.backups.xml()) !== undefined) continue
    if (told.success !== false) return told
    // The stop of a domain is told as a backup that was cancelled, and then as what it is.
    if (!(await domain.isActive().catch(() => false))) continue
    const failed = told.errmsg !== undefined
    throw systemError(
      failed ? -constants.errno.EIO : -constants.errno.ECANCELED,
      domain.context(native.virDomainBackupBegin.name),
      failed ? `the backup failed: ${told.errmsg}` : 'the backup was cancelled',
    )
  }
  throw end()
}

/**
 * Backups of a running domain, which goes on meanwhile: `domain.backups`. One at a time.
 *
 * @since 0.1.0
 */
export class DomainBackups {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * Begins a backup: `begin(xml.backup({ disks: [{ target: 'vda', path: '/backup/vda.qcow2' }] }))`. What is pushed, QEMU
   * writes to files; what is pulled, it serves by NBD until `backup.end()`.
   *
   * Errors: `VIR_ERR_OPERATION_UNSUPPORTED` the domain does not run; `VIR_ERR_OPERATION_INVALID` it has a backup under way;
   * `VIR_ERR_CHECKPOINT_INCONSISTENT`, `VIR_ERR_NO_DOMAIN_CHECKPOINT` the checkpoint of `incremental`; `VIR_ERR_CONFIG_UNSUPPORTED` a disk that cannot;
   * `VIR_ERR_XML_ERROR` the document.
   *
   * Implements: virDomainBackupBegin, virConnectDomainEventRegisterAny.
   * @since 0.1.0
   */
  async begin(xml: string, options?: BackupOptions): Promise<Backup> {
    const domain = this.#domain
    const document = toText('xml', xml)
    const given = toOptions('options', options, backupOptions)
    const checkpoint =
      given.checkpoint === undefined ? undefined : toText('options.checkpoint', given.checkpoint)
    const flags = flagsOf(given, { reuseExternal: VIR_DOMAIN_BACKUP_BEGIN.REUSE_EXTERNAL })
    return startWatched(
      {
        domain,
        what: 'the backup',
        syscall: native.virDomainBackupBegin.name,
        begin: () => domain.call(native.virDomainBackupBegin, document, checkpoint, flags),
        kind: 'job-completed',
        until: (jobs, begun, end) => untilBackupEnds(domain, begun, jobs, end),
        info: () => domain.job.statistics(),
        cancel: () => startTask(domain, native.virDomainAbortJobFlags, [domain.handle, 0]),
        options: toJobOptions(given),
      },
      (done) => new Backup(domain, done),
    )
  }

  /**
   * The document of the backup under way, with what libvirt has chosen; `undefined` without one.
   *
   * Implements: virDomainBackupGetXMLDesc.
   * @since 0.1.0
   */
  async xml(): Promise<string | undefined> {
    return orNone(this.#domain.call(native.virDomainBackupGetXMLDesc), 'VIR_ERR_NO_DOMAIN_BACKUP')
  }
}
