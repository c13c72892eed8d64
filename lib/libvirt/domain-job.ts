import { native } from '../internal/addon.js'
import {
  jobOperations,
  jobTypes,
  VIR_DOMAIN_ABORT_JOB,
  VIR_DOMAIN_JOB_STATS,
} from '../internal/generated/libvirt.js'
import { type JobStatistics, jobStatistics } from '../internal/generated/parameters.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeParameters } from '../internal/native/libvirt-objects.js'
import type { Domain } from './domain.js'
import { toFlags } from './flags.js'
import { fromParameters } from './parameters.js'

/**
 * A job of a domain: a migration, backup, save, dump, snapshot.
 *
 * @since 0.1.0
 */
export interface DomainJobInfo extends Omit<JobStatistics, 'operation'> {
  /** `'bounded'`, `'unbounded'`: it is under way, and it is known or not how long it takes. */
  type: (typeof jobTypes)[keyof typeof jobTypes] | 'unknown'
  operation?: (typeof jobOperations)[keyof typeof jobOperations]
}

export function toJobInfo(type: DomainJobInfo['type'], pairs: NativeParameters): DomainJobInfo {
  const { operation, ...rest } = fromParameters<JobStatistics>(pairs, jobStatistics)
  return { type, ...(operation !== undefined && { operation: nameOf(jobOperations, operation) }), ...rest }
}

/**
 * What a domain is at as a whole: `domain.job`. Jobs of single disks are `domain.blockJobs`.
 *
 * @since 0.1.0
 */
export class DomainJob {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * The job under way, or with `completed` the last one that has ended; `undefined` without one.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `completed` while another job is under way.
   *
   * Implements: virDomainGetJobStats.
   * @since 0.1.0
   */
  async statistics(options?: {
    /** The last one that has ended; libvirt forgets it when it has told of it. */
    completed?: boolean
    /** With `completed`: libvirt does not forget it. */
    keepCompleted?: boolean
  }): Promise<DomainJobInfo | undefined> {
    const flags = toFlags(options, {
      completed: VIR_DOMAIN_JOB_STATS.COMPLETED,
      keepCompleted: VIR_DOMAIN_JOB_STATS.KEEP_COMPLETED,
    })
    const [type, pairs] = await this.#domain.call(native.virDomainGetJobStats, flags)
    const name = nameOf(jobTypes, type)
    return name === 'none' ? undefined : toJobInfo(name, pairs)
  }

  /**
   * Cancels the job under way; gives at once.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` there is none, or one that cannot be cancelled, as a migration after
   * `startPostCopy()` without `postcopy`.
   *
   * Implements: virDomainAbortJobFlags.
   * @since 0.1.0
   */
  async abort(options?: {
    /** Interrupts a migration whose guest runs on the other host already: it stands still until `postcopyResume`. */
    postcopy?: boolean
  }): Promise<void> {
    const flags = toFlags(options, { postcopy: VIR_DOMAIN_ABORT_JOB.POSTCOPY })
    await this.#domain.call(native.virDomainAbortJobFlags, flags)
  }
}
