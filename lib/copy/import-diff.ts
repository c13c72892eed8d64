import { native } from '../internal/addon.js'
import type { Job } from '../internal/job.js'
import { toOptions, toText } from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { type ApplyDiffOptions, applyOptions, toApplyOptions } from './apply-diff.js'
import { type DiffInfo, type DiffInput, imageOwner, startDiffJob, toInput } from './diff.js'
import type { CopyProgress } from './types.js'

/**
 * Applies a diff of `rbd export-diff` or {@link exportDiff} to an image and makes its to-snapshot, protected where the
 * diff says so.
 *
 * The image must have the diff's from-snapshot, must be as it was then, and must not have its to-snapshot. It gets the
 * diff's size and is written in place. A diff in a file is read through first, its data left out, and nothing is written
 * when it is not whole; one from a pipe that breaks off leaves an image that is neither the one nor the other. The
 * snapshot is made only when all of it is there and durable, so in any case the same diff can be applied again, or the
 * image rolled back to the from-snapshot. Resolves with what is in the diff.
 *
 * Rejects with a `CephError`: `ENOENT` when the image or the from-snapshot is not there, `EEXIST` when the to-snapshot
 * is, `EINVAL` when the diff would shrink the image, `ENOSPC` or `EDQUOT` when there is no room; with a {@link CopyError} `ERR_RBDKIT_FORMAT` for a diff that is not whole; with an error like
 * those of `node:fs` for its file; with the signal's reason.
 *
 * Implements: rbd_aio_write2, rbd_aio_write_zeroes, rbd_resize2, rbd_flush, rbd_snap_get_id, rbd_snap_create2,
 * rbd_snap_protect. Format: doc/dev/rbd-diff.rst of Ceph.
 * @since 0.1.0
 */
export function importDiff(
  diff: DiffInput,
  image: { ioctx: IoCtx; image: string },
  options?: ApplyDiffOptions,
): Job<CopyProgress, DiffInfo> {
  return startDiffJob(options, applyOptions, native.importDiff, (given) => {
    const { allowShrink, memory } = toApplyOptions(given)
    const from = toInput('diff', diff)
    const into = toOptions('image', image, { ioctx: ['pool'], image: ['name'] })
    const ioctx = toIoCtx('image.ioctx', into.ioctx)
    const target = { image: toText('image.image', into.image), allowShrink }
    return {
      streams: [from],
      owner: () => imageOwner({ ioctx, image: target.image }, from.native, 'source', 'importDiff'),
      args: [from.native, target, ioctx.handle, memory],
    }
  })
}
