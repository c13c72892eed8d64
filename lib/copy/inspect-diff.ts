import { resolve } from 'node:path'
import { native } from '../internal/addon.js'
import { startTask } from '../internal/dispatcher.js'
import { type Job, jobOptions } from '../internal/job.js'
import { toOptions, toText } from '../internal/validate.js'
import {
  type DiffExtent,
  type DiffInfo,
  type DiffInput,
  type DiffOptions,
  startDiffJob,
  streamOwner,
  toInput,
  toPath,
} from './diff.js'
import type { CopyProgress } from './types.js'

/**
 * Reads all of a diff, of version 1 or 2, and tells what is in it. Needs no cluster.
 *
 * That it resolves means that the diff is whole: its records ascend within the image, nothing is missing before its
 * end record. What follows the end is not read. Compare the digest with that of {@link exportDiff} to see whether it
 * is the diff that was written.
 *
 * Rejects with a {@link CopyError} `ERR_RBDKIT_FORMAT` for what is not a diff or not a whole one, which says at which
 * byte; with an error like those of `node:fs`; with the signal's reason.
 *
 * Format: doc/dev/rbd-diff.rst of Ceph.
 * @since 0.1.0
 */
export function inspectDiff(diff: DiffInput, options?: DiffOptions): Job<CopyProgress, DiffInfo> {
  return startDiffJob(options, jobOptions, native.inspectDiff, () => {
    const from = toInput('diff', diff)
    return { streams: [from], owner: () => streamOwner(toPath(from.native)), args: [from.native] }
  })
}

/**
 * The extents of a diff, in ascending order, as an async iterable. Needs no cluster. Only their headers are read, a
 * few thousand at a time, and nothing is open in between: so it must be a regular file.
 *
 * Throws as {@link inspectDiff} rejects, when it comes to what is wrong.
 *
 * @since 0.1.0
 */
export async function* diffExtents(diff: { file: string }): AsyncGenerator<DiffExtent, void, undefined> {
  const file = resolve(toText('diff.file', toOptions('diff', diff, { file: ['path'] }).file))
  const owner = streamOwner(file)
  let at = { position: 0, version: 1, size: 0, offset: 0 }
  for (let more = true; more; ) {
    const part = await startTask(owner, native.diffExtents, [
      file,
      at.position,
      at.version,
      at.size,
      at.offset,
    ])
    const { extents } = part
    for (let i = 0; i < extents.length; i += 3) {
      const [offset, length, data] = extents.subarray(i, i + 3) as unknown as [number, number, number]
      yield { offset, length, data: data === 1 }
    }
    at = part
    more = part.more
  }
}
