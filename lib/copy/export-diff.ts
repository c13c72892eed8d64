import { native } from '../internal/addon.js'
import { type Job, jobOptions } from '../internal/job.js'
import type { NativeDiffExport } from '../internal/native/copy.js'
import { invalidArgValue, type Known, toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import { toIoCtx } from '../rados/ioctx.js'
import {
  type DiffInfo,
  type DiffOptions,
  type DiffOutput,
  imageOwner,
  startDiffJob,
  toOutput,
} from './diff.js'
import { defaultMemory, imageSource, minMemory } from './endpoints.js'
import type { CopyProgress, ImageSource } from './types.js'

/**
 * Options of {@link exportDiff}.
 *
 * @since 0.1.0
 */
export interface ExportDiffOptions extends DiffOptions {
  /** The snapshot to begin at; by default the diff begins at nothing and holds all that the image has. */
  fromSnapshot?: string
  /**
   * Whole objects that have changed, instead of the bytes in them: with fast diff that takes no request an object to
   * find out, but the diff may be larger. Not after a rollback to a snapshot older than `fromSnapshot`: librbd's object map
   * then leaves out what was rolled back. Default false.
   */
  wholeObject?: boolean
  /** The format: 1 as `rbd export-diff` writes it, or 2, which also says whether the snapshot is protected. Default 1. */
  version?: 1 | 2
  /** The memory, as in {@link CopyOptions}. */
  maxMemory?: number | bigint
}

const exportDiffOptions: Known<ExportDiffOptions> = {
  ...jobOptions,
  fromSnapshot: ['from', 'fromSnap'],
  wholeObject: true,
  version: true,
  maxMemory: ['memory'],
}

/**
 * Writes what changed in an image since one of its snapshots, up to another one or to what the image is now. `rbd
 * import-diff`, {@link importDiff} and {@link applyDiff} take it.
 *
 * The image is kept from changing as by {@link copy}. Zeros of 64 KiB and more, and parts that are zero altogether, are
 * written as zeros without data. Progress counts bytes of the image. Resolves with what is in the diff.
 *
 * Rejects with a `CephError`: `ENOENT` when the image or one of the snapshots is not there, `EINVAL` when `fromSnapshot`
 * is the newer one (from a snapshot to itself the diff is empty), `EBUSY` when with one the image, or one that it is a
 * clone of, is being migrated; with an error like those of `node:fs` for the diff: `EEXIST` before anything is read,
 * `EPIPE` when nobody reads it any more; with a {@link CopyError} `ERR_SOURCE_CHANGED` when the image was resized, or it
 * or a snapshot was removed meanwhile; with the signal's reason. Nothing is left of a file that was not finished.
 *
 * Implements: rbd_diff_iterate2, rbd_aio_read2, rbd_snap_is_protected. Format: doc/dev/rbd-diff.rst of Ceph.
 * @since 0.1.0
 */
export function exportDiff(
  source: ImageSource,
  diff: DiffOutput,
  options?: ExportDiffOptions,
): Job<CopyProgress, DiffInfo> {
  return startDiffJob(options, exportDiffOptions, native.exportDiff, (given) => {
    const { fromSnapshot, wholeObject, version = 1, maxMemory } = given
    if (version !== 1 && version !== 2) throw invalidArgValue('options.version', 'must be 1 or 2')
    toOptions('source', source, imageSource)
    const ioctx = toIoCtx('source.ioctx', source?.ioctx)
    const what: NativeDiffExport = {
      image: toText('source.image', source.image),
      snapshot: source.snapshot === undefined ? '' : toText('source.snapshot', source.snapshot),
      from: fromSnapshot === undefined ? '' : toText('options.fromSnapshot', fromSnapshot),
      wholeObjects: toBoolean('options.wholeObject', wholeObject, false),
      version,
    }
    const to = toOutput('diff', diff)
    const memory = toSize('options.maxMemory', maxMemory ?? defaultMemory, minMemory)
    return {
      streams: [to],
      owner: () => imageOwner(source, to.native, 'destination', 'exportDiff'),
      args: [what, ioctx.handle, to.native, memory],
    }
  })
}
