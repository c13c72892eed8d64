// A job that copies, commits or pulls a disk.
import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { startTask } from '../internal/dispatcher.js'
import {
  blockJobTypes,
  VIR_DOMAIN_BLOCK_JOB_ABORT,
  VIR_DOMAIN_BLOCK_JOB_INFO,
  VIR_DOMAIN_BLOCK_JOB_SPEED,
} from '../internal/generated/libvirt.js'
import type { JobOptions } from '../internal/job.js'
import { nameOf } from '../internal/name-of.js'
import { toSize } from '../internal/validate.js'
import type { Domain } from './domain.js'
import { findDisk } from './domain-devices.js'
import type { BlockJobEvent } from './domain-events.js'
import { systemError } from './errors.js'
import type { Events } from './events.js'
import { Gate, sinceBegun, startWatched } from './watched-job.js'

/**
 * How far a job of a disk is.
 *
 * @since 0.1.0
 */
export interface BlockJobInfo {
  type: (typeof blockJobTypes)[keyof typeof blockJobTypes]
  /** Bytes per second that it may take; 0 is no limit. */
  bandwidth: number
  /** What is done of `end`, in bytes with QEMU. */
  cur: number
  /** Grows with what the guest writes meanwhile. */
  end: number
}

/** The job of a disk; `undefined` without one. */
export async function blockJobInfo(domain: Domain, disk: string): Promise<BlockJobInfo | undefined> {
  const flags = VIR_DOMAIN_BLOCK_JOB_INFO.BANDWIDTH_BYTES
  const { type, ...rest } = await domain.call(native.virDomainGetBlockJobInfo, disk, flags)
  // Type 0: there is none.
  return type === 0 ? undefined : { type: nameOf(blockJobTypes, type), ...rest }
}

export async function setBlockJobSpeed(domain: Domain, disk: string, bytes: number | bigint): Promise<void> {
  const speed = toSize('bytesPerSecond', bytes)
  const flags = VIR_DOMAIN_BLOCK_JOB_SPEED.BANDWIDTH_BYTES
  await domain.call(native.virDomainBlockJobSetSpeed, disk, speed, flags)
}

/**
 * A job of a disk that has begun. `domain.blockJobs` begins them.
 *
 * Nothing needs to be awaited: who is not interested in `ready` or `done` gets no unhandled rejection.
 *
 * @since 0.1.0
 */
export class BlockJob {
  readonly domain: Domain
  /** The target of the disk: `'vda'`. */
  readonly disk: string
  /**
   * Resolves when a copy or an active commit has caught up with the guest, and `pivot()` may be called; of another job,
   * which ends by itself, when `done` does. Rejects as `done`.
   */
  readonly ready: Promise<void>
  /**
   * Resolves when the job has succeeded; of a copy and an active commit that is after `pivot()`.
   *
   * Errors: `ECANCELED` it was cancelled, by whomever; `EIO` it failed, as when its destination is full, and the guest
   * goes on with the disk that it had; `ESRCH` the domain has stopped; `ECONNRESET` the connection has ended, `EBADF` it was
   * closed, the job goes on without us; the signal's reason.
   */
  readonly done: Promise<void>

  /** @internal */
  constructor(domain: Domain, disk: string, ready: Promise<void>, done: Promise<void>) {
    this.domain = domain
    this.disk = disk
    this.ready = ready
    this.done = done
  }

  /**
   * Has the guest go on with the copy, or with the layer that was committed to, and resolves as `done`.
   *
   * Errors: `VIR_ERR_BLOCK_COPY_ACTIVE` it is not ready; `VIR_ERR_INVALID_ARG` the job has ended; those of `done`.
   *
   * Implements: virDomainBlockJobAbort.
   * @since 0.1.0
   */
  async pivot(): Promise<void> {
    await this.domain.call(native.virDomainBlockJobAbort, this.disk, VIR_DOMAIN_BLOCK_JOB_ABORT.PIVOT)
    await this.done
  }

  /**
   * Ends the job; the guest goes on with the disk that it has. Resolves when the job is over. A copy that was ready is
   * whole, as of now.
   *
   * Errors: `VIR_ERR_INVALID_ARG` the job has ended.
   *
   * Implements: virDomainBlockJobAbort.
   * @since 0.1.0
   */
  async cancel(): Promise<void> {
    await this.domain.call(native.virDomainBlockJobAbort, this.disk, 0)
    await this.done.catch(() => {})
  }

  /**
   * How far it is; `undefined` once it is over.
   *
   * Implements: virDomainGetBlockJobInfo.
   * @since 0.1.0
   */
  info(): Promise<BlockJobInfo | undefined> {
    return blockJobInfo(this.domain, this.disk)
  }

  /**
   * Sets how many bytes per second it may take; 0 is no limit.
   *
   * Errors: `VIR_ERR_INVALID_ARG` the job has ended.
   *
   * Implements: virDomainBlockJobSetSpeed.
   * @since 0.1.0
   */
  setSpeed(bytesPerSecond: number | bigint): Promise<void> {
    return setBlockJobSpeed(this.domain, this.disk, bytesPerSecond)
  }
}

/** What is begun, and how it is watched. */
interface Beginning {
  domain: Domain
  disk: string
  /** The function that `begin` calls. */
  syscall: string
  begin: () => Promise<unknown>
  options: JobOptions<BlockJobInfo>
}

/** Whether the disk's job has caught up with the guest, as the domain's document has it. */
async function isReady(domain: Domain, disk: string): Promise<boolean> {
  return (
    findDisk(await domain.xml(), disk)
      ?.find('mirror')
      ?.attribute('ready') === 'yes'
  )
}

/** Resolves when the job's own events say that it has succeeded. */
async function untilJobEnds(
  { domain, disk, syscall }: Beginning,
  gates: { begun: Gate; caughtUp: Gate },
  jobs: Events<BlockJobEvent>,
  end: () => Error,
): Promise<void> {
  for await (const { event, early } of sinceBegun(jobs, gates.begun, end)) {
    if (event.disk !== disk || event.status === 'unknown') continue
    if (event.status === 'ready') {
      if (!early || (await isReady(domain, disk))) gates.caughtUp.open()
      continue
    }
    // The end of an earlier job, or of this one already: then there is none now.
    if (early && (await blockJobInfo(domain, disk)) !== undefined) continue
    if (event.status === 'completed') return
    const cancelled = event.status === 'canceled'
    throw systemError(
      cancelled ? -constants.errno.ECANCELED : -constants.errno.EIO,
      domain.context(syscall),
      cancelled
        ? `the job of the disk '${disk}' was cancelled`
        : `the job of the disk '${disk}' failed, and the domain has the disk that it had; libvirt is not told why: see whether what it writes to is full, and what the host's log says of its devices`,
    )
  }
}

/** Begins a job, and resolves with it once it has begun. */
export function startBlockJob(beginning: Beginning): Promise<BlockJob> {
  const { domain, disk, syscall, begin, options } = beginning
  const caughtUp = new Gate()
  const flags = VIR_DOMAIN_BLOCK_JOB_ABORT.ASYNC
  return startWatched(
    {
      domain,
      what: `the job of the disk '${disk}'`,
      syscall,
      begin,
      kind: 'block-job-2',
      until: (jobs, begun, end) => untilJobEnds(beginning, { begun, caughtUp }, jobs, end),
      info: () => blockJobInfo(domain, disk),
      cancel: () => startTask(domain, native.virDomainBlockJobAbort, [domain.handle, disk, flags]),
      options,
    },
    (done) => {
      const ready = Promise.race([caughtUp.opened, done])
      ready.catch(() => {})
      return new BlockJob(domain, disk, ready, done)
    },
  )
}
