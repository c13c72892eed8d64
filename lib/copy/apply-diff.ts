import { resolve } from 'node:path'
import { native } from '../internal/addon.js'
import { type Job, jobOptions } from '../internal/job.js'
import { type Known, toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import {
  type DiffInfo,
  type DiffInput,
  type DiffOptions,
  startDiffJob,
  streamOwner,
  toInput,
} from './diff.js'
import { defaultMemory, minMemory } from './endpoints.js'
import type { CopyProgress } from './types.js'

/**
 * Options of {@link applyDiff} and {@link importDiff}.
 *
 * @since 0.1.0
 */
export interface ApplyDiffOptions extends DiffOptions {
  /** A diff may make the disk smaller, and what is cut off is lost. Default false: that is `EINVAL`. */
  allowShrink?: boolean
  /** The memory, as in {@link CopyOptions}. */
  maxMemory?: number | bigint
}

export const applyOptions: Known<ApplyDiffOptions> = {
  ...jobOptions,
  allowShrink: ['shrink'],
  maxMemory: ['memory'],
}

/** Checks what both take. */
export function toApplyOptions({ allowShrink, maxMemory }: Partial<ApplyDiffOptions>): {
  allowShrink: boolean
  memory: number
} {
  return {
    allowShrink: toBoolean('options.allowShrink', allowShrink, false),
    memory: toSize('options.maxMemory', maxMemory ?? defaultMemory, minMemory),
  }
}

/**
 * Applies a diff to a raw disk: a file or block device that has the content that the diff begins at, which only the
 * caller can know. A file that is not there is made of a diff that begins at nothing, and appears when it is whole.
 * Needs no cluster.
 *
 * A disk that is there is written in place. A diff in a file is read through first, its data left out, and nothing is
 * written when it is not whole; one from a pipe or stream that breaks off leaves a disk that is neither the one nor the other. In
 * any case the same diff can be applied again, from its beginning. Resolves with what is in the diff.
 *
 * Rejects with a {@link CopyError} `ERR_RBDKIT_FORMAT` for a diff that is not whole; with an error like those of
 * `node:fs`: `ENOENT` when the disk is not there and the diff begins at a snapshot, `EINVAL` when it would shrink the
 * file, `ENOSPC` when a device is too small; with the signal's reason.
 *
 * Format: doc/dev/rbd-diff.rst of Ceph.
 * @since 0.1.0
 */
export function applyDiff(
  diff: DiffInput,
  disk: { file: string },
  options?: ApplyDiffOptions,
): Job<CopyProgress, DiffInfo> {
  return startDiffJob(options, applyOptions, native.importDiff, (given) => {
    const { allowShrink, memory } = toApplyOptions(given)
    const from = toInput('diff', diff)
    const file = resolve(toText('disk.file', toOptions('disk', disk, { file: ['path'] }).file))
    return {
      streams: [from],
      owner: () => streamOwner(file),
      args: [from.native, { file, allowShrink }, 0, memory],
    }
  })
}
