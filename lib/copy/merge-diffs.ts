import { native } from '../internal/addon.js'
import { type Job, jobOptions } from '../internal/job.js'
import { invalidArgType, invalidArgValue } from '../internal/validate.js'
import {
  type DiffInfo,
  type DiffInput,
  type DiffOptions,
  type DiffOutput,
  startDiffJob,
  streamOwner,
  toInput,
  toOutput,
  toPath,
} from './diff.js'
import type { CopyProgress } from './types.js'

/**
 * Merges diffs that follow each other into one that does what they do one after another. Needs no cluster.
 *
 * Each must begin at the snapshot where the one before ends. Of diffs of version 1 the result is the same,
 * byte for byte, as that of `rbd merge-diff`; when one of them is of version 2, it is of version 2. Reads and writes as it goes, also from and to pipes,
 * with a few MiB of memory.
 *
 * Resolves with what is in the merged diff. Rejects with a {@link CopyError} `ERR_RBDKIT_FORMAT` for a diff that is
 * not whole; with an error like those of `node:fs`: `EINVAL` when the diffs do not follow each other, `EEXIST` before
 * anything is read when `merged` is there already, `EPIPE` when nobody reads it any more; with the signal's reason.
 * Nothing is left of a file that was not finished.
 *
 * Format: doc/dev/rbd-diff.rst of Ceph.
 * @since 0.1.0
 */
export function mergeDiffs(
  diffs: readonly DiffInput[],
  merged: DiffOutput,
  options?: DiffOptions,
): Job<CopyProgress, DiffInfo> {
  return startDiffJob(options, jobOptions, native.mergeDiffs, () => {
    if (!Array.isArray(diffs)) throw invalidArgType('diffs', 'an instance of Array', diffs)
    if (diffs.length < 2) throw invalidArgValue('diffs', 'must have at least two elements')
    const from = diffs.map((diff, i) => toInput(`diffs[${i}]`, diff))
    const to = toOutput('merged', merged)
    return {
      streams: [...from, to],
      owner: () => streamOwner(toPath(to.native)),
      args: [{ diffs: from.map(({ native }) => native), merged: to.native }],
    }
  })
}
