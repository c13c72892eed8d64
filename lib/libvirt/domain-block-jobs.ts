import { native } from '../internal/addon.js'
import {
  VIR_DOMAIN_BLOCK_COMMIT,
  VIR_DOMAIN_BLOCK_COPY,
  VIR_DOMAIN_BLOCK_JOB_ABORT,
  VIR_DOMAIN_BLOCK_PULL,
  VIR_DOMAIN_BLOCK_REBASE,
} from '../internal/generated/libvirt.js'
import { type BlockCopyParameters, blockCopyParameters } from '../internal/generated/parameters.js'
import { type JobOptions, jobOptions, toJobOptions } from '../internal/job.js'
import { type Known, toOptions, toSize, toText } from '../internal/validate.js'
import {
  type BlockJob,
  type BlockJobInfo,
  blockJobInfo,
  setBlockJobSpeed,
  startBlockJob,
} from './block-job.js'
import type { Domain } from './domain.js'
import { flagsOf } from './flags.js'
import { toParameters } from './parameters.js'

/**
 * How a job of a disk is watched and ended. `onProgress` is called four times a second at most. Aborting `signal` before the
 * job has ended cancels it, and `ready` and `done` reject with the reason at once.
 *
 * @since 0.1.0
 */
export type BlockJobOptions = JobOptions<BlockJobInfo>

/**
 * How a disk is copied, and to where.
 *
 * @since 0.1.0
 */
export interface BlockCopyOptions extends BlockJobOptions, BlockCopyParameters {
  /** A `<disk>`, as `xml.fileDisk()` or `xml.rbdDisk()` gives it, of which the source and the format count. */
  to: string
  /** The topmost layer only; the copy has the same layer below it. */
  shallow?: boolean
  /** What `to` names is there already, and large enough. An RBD image must be. */
  reuseExternal?: boolean
  /** A domain with a definition may be copied, too; the job does not outlive the domain's run. */
  transientJob?: boolean
  /** The guest's writes go to both before they are done, so that the copy catches up for certain. */
  synchronousWrites?: boolean
}

/**
 * Which layers of a disk are committed. Without any: all of them into the lowest.
 *
 * @since 0.1.0
 */
export interface BlockCommitOptions extends BlockJobOptions {
  /** The layer that takes them: a path, or `'vda[2]'` by its index. Default: the lowest. */
  base?: string
  /** The topmost layer that is committed. Default: the one that the guest writes. */
  top?: string
  /** Bytes per second; 0, the default, is no limit. */
  bandwidth?: number | bigint
  /** `top` is the one that the guest writes: the job becomes ready, and goes on until `pivot()`. */
  active?: boolean
  /** Into the layer below `top` only. */
  shallow?: boolean
  /** Removes the files that are committed. */
  delete?: boolean
  /** Names of layers stay relative. */
  relative?: boolean
}

/**
 * What is pulled into the layer that the guest writes.
 *
 * @since 0.1.0
 */
export interface BlockPullOptions extends BlockJobOptions {
  /** The layer that stays below it: a path, or `'vda[2]'` by its index. Default: none, the disk is whole then. */
  base?: string
  /** Bytes per second; 0, the default, is no limit. */
  bandwidth?: number | bigint
  /** Names of layers stay relative. With `base`. */
  relative?: boolean
}

const copyOptions: Known<BlockCopyOptions> = {
  ...jobOptions,
  to: ['destination', 'dest', 'target', 'xml'],
  bandwidth: true,
  granularity: true,
  bufSize: ['bufferSize'],
  shallow: true,
  reuseExternal: ['reuse'],
  transientJob: true,
  synchronousWrites: true,
}
const commitOptions: Known<BlockCommitOptions> = {
  ...jobOptions,
  base: true,
  top: true,
  bandwidth: true,
  active: true,
  shallow: true,
  delete: true,
  relative: ['keepRelative'],
}
const pullOptions: Known<BlockPullOptions> = {
  ...jobOptions,
  base: true,
  bandwidth: true,
  relative: ['keepRelative'],
}

const textOrNone = (name: string, value: string | undefined): string | undefined =>
  value === undefined ? undefined : toText(name, value)

/**
 * Jobs that copy or merge the disks of a running domain, which goes on meanwhile: `domain.blockJobs`. Disks are named by
 * their target, `'vda'`.
 *
 * Every method rejects with `VIR_ERR_OPERATION_INVALID` when the domain does not run.
 *
 * @since 0.1.0
 */
export class DomainBlockJobs {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * Begins to copy a disk: `copy('vda', { to: xml.rbdDisk(...), reuseExternal: true })`. Once the job is ready,
   * `job.pivot()` has the guest go on with the copy, and `job.cancel()` leaves the copy as it is then.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk, or `to` is not a disk; `VIR_ERR_BLOCK_COPY_ACTIVE` the disk has a job;
   * `VIR_ERR_OPERATION_UNSUPPORTED`, `VIR_ERR_INTERNAL_ERROR` QEMU refused, its words are in the message.
   *
   * Implements: virDomainBlockCopy, virConnectDomainEventRegisterAny.
   * @since 0.1.0
   */
  async copy(target: string, options: BlockCopyOptions): Promise<BlockJob> {
    const disk = toText('target', target)
    const given = toOptions('options', options, copyOptions)
    const { bandwidth, granularity, bufSize } = given
    const parameters = toParameters('options', { bandwidth, granularity, bufSize }, blockCopyParameters)
    const to = toText('options.to', given.to)
    const flags = flagsOf(given, {
      shallow: VIR_DOMAIN_BLOCK_COPY.SHALLOW,
      reuseExternal: VIR_DOMAIN_BLOCK_COPY.REUSE_EXT,
      transientJob: VIR_DOMAIN_BLOCK_COPY.TRANSIENT_JOB,
      synchronousWrites: VIR_DOMAIN_BLOCK_COPY.SYNCHRONOUS_WRITES,
    })
    const begin = (): Promise<void> =>
      this.#domain.call(native.virDomainBlockCopy, disk, to, parameters, flags)
    return this.#start(disk, native.virDomainBlockCopy.name, begin, given)
  }

  /**
   * Begins to commit layers of a disk into one below them. With `active` the job becomes ready, and ends with
   * `job.pivot()`; without, by itself.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk or layer, or the guest writes `top` and `active` is not given;
   * `VIR_ERR_BLOCK_COPY_ACTIVE` the disk has a job.
   *
   * Implements: virDomainBlockCommit, virConnectDomainEventRegisterAny.
   * @since 0.1.0
   */
  async commit(target: string, options?: BlockCommitOptions): Promise<BlockJob> {
    const disk = toText('target', target)
    const given = toOptions('options', options, commitOptions)
    const base = textOrNone('options.base', given.base)
    const top = textOrNone('options.top', given.top)
    const bandwidth = toSize('options.bandwidth', given.bandwidth ?? 0)
    const chosen = flagsOf(given, {
      active: VIR_DOMAIN_BLOCK_COMMIT.ACTIVE,
      shallow: VIR_DOMAIN_BLOCK_COMMIT.SHALLOW,
      delete: VIR_DOMAIN_BLOCK_COMMIT.DELETE,
      relative: VIR_DOMAIN_BLOCK_COMMIT.RELATIVE,
    })
    const flags = chosen | VIR_DOMAIN_BLOCK_COMMIT.BANDWIDTH_BYTES
    const begin = (): Promise<void> =>
      this.#domain.call(native.virDomainBlockCommit, disk, base, top, bandwidth, flags)
    return this.#start(disk, native.virDomainBlockCommit.name, begin, given)
  }

  /**
   * Begins to take the layers below into the one that the guest writes. The job ends by itself.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk or layer; `VIR_ERR_BLOCK_COPY_ACTIVE` the disk has a job.
   *
   * Implements: virDomainBlockPull, virDomainBlockRebase, virConnectDomainEventRegisterAny.
   * @since 0.1.0
   */
  async pull(target: string, options?: BlockPullOptions): Promise<BlockJob> {
    const disk = toText('target', target)
    const given = toOptions('options', options, pullOptions)
    const base = textOrNone('options.base', given.base)
    const bandwidth = toSize('options.bandwidth', given.bandwidth ?? 0)
    const relative = flagsOf(given, { relative: VIR_DOMAIN_BLOCK_REBASE.RELATIVE })
    const flags = relative | VIR_DOMAIN_BLOCK_REBASE.BANDWIDTH_BYTES
    if (base === undefined && relative === 0) {
      const { BANDWIDTH_BYTES } = VIR_DOMAIN_BLOCK_PULL
      const begin = (): Promise<void> =>
        this.#domain.call(native.virDomainBlockPull, disk, bandwidth, BANDWIDTH_BYTES)
      return this.#start(disk, native.virDomainBlockPull.name, begin, given)
    }
    const begin = (): Promise<void> =>
      this.#domain.call(native.virDomainBlockRebase, disk, base, bandwidth, flags)
    return this.#start(disk, native.virDomainBlockRebase.name, begin, given)
  }

  async #start(
    disk: string,
    syscall: string,
    begin: () => Promise<void>,
    given: BlockJobOptions,
  ): Promise<BlockJob> {
    return startBlockJob({ domain: this.#domain, disk, syscall, begin, options: toJobOptions(given) })
  }

  /**
   * How far the job of a disk is, whoever has begun it; `undefined` without one.
   *
   * Errors: `VIR_ERR_INVALID_ARG` no such disk.
   *
   * Implements: virDomainGetBlockJobInfo.
   * @since 0.1.0
   */
  async info(target: string): Promise<BlockJobInfo | undefined> {
    return blockJobInfo(this.#domain, toText('target', target))
  }

  /**
   * Sets how many bytes per second the job of a disk may take; 0 is no limit.
   *
   * Errors: `VIR_ERR_INVALID_ARG`, `VIR_ERR_OPERATION_INVALID` the disk has no job.
   *
   * Implements: virDomainBlockJobSetSpeed.
   * @since 0.1.0
   */
  async setSpeed(target: string, bytesPerSecond: number | bigint): Promise<void> {
    await setBlockJobSpeed(this.#domain, toText('target', target), bytesPerSecond)
  }

  /**
   * Ends the job of a disk, whoever has begun it; the guest goes on with the disk that it has. Resolves when it is over.
   *
   * Errors: `VIR_ERR_INVALID_ARG`, `VIR_ERR_OPERATION_INVALID` the disk has no job.
   *
   * Implements: virDomainBlockJobAbort.
   * @since 0.1.0
   */
  async abort(target: string): Promise<void> {
    await this.#domain.call(native.virDomainBlockJobAbort, toText('target', target), 0)
  }

  /**
   * Has the guest go on with the copy, or with the layer that was committed to. Resolves when it does.
   *
   * Errors: `VIR_ERR_BLOCK_COPY_ACTIVE` the job is not ready; `VIR_ERR_INVALID_ARG`, `VIR_ERR_OPERATION_INVALID` the disk
   * has no job.
   *
   * Implements: virDomainBlockJobAbort.
   * @since 0.1.0
   */
  async pivot(target: string): Promise<void> {
    const flags = VIR_DOMAIN_BLOCK_JOB_ABORT.PIVOT
    await this.#domain.call(native.virDomainBlockJobAbort, toText('target', target), flags)
  }
}
