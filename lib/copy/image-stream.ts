/**
 * This file exports and imports whole images with their snapshots in one stream, in the format of `rbd export
 * --export-format 2`.
 */

import { native } from '../internal/addon.js'
import { untilAborted } from '../internal/call-options.js'
import { type Job, type JobOptions, jobOptions, startJob } from '../internal/job.js'
import type {
  NativeEndpoint,
  NativeImageExport,
  NativeImageSummary,
  NativeStream,
} from '../internal/native/copy.js'
import { type Known, toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { Image } from '../rbd/image.js'
import { toNativeLayout } from '../rbd/layout.js'
import { toName } from '../rbd/names.js'
import { type DiffInput, type DiffOutput, imageOwner, startJobTask, toInput, toOutput } from './diff.js'
import { defaultMemory, imageDestination, minMemory, toDigest } from './endpoints.js'
import { withStreams } from './streams.js'
import type { CopyProgress, ImageDestination } from './types.js'

/**
 * What is in a stream of an image. Sizes in bytes.
 *
 * @since 0.1.0
 */
export interface ImageStreamInfo {
  /** The size of the image at its end. */
  size: number
  /** Its snapshots, the oldest first. */
  snapshots: string[]
  /** The keys of the metadata that an import left out. */
  droppedMetadata: string[]
  /** The data of all snapshots together. */
  dataBytes: number
  /** Extents that became zero, of all snapshots together. */
  zeroBytes: number
  /** The bytes of the stream itself. */
  fileBytes: number
  /** `'crc32c:'` and eight hex digits: the CRC32C (Castagnoli) of the stream's bytes. */
  digest: string
}

/**
 * Options of {@link exportImage}.
 *
 * @since 0.1.0
 */
export interface ExportImageOptions extends JobOptions<CopyProgress> {
  /** The memory, as in {@link CopyOptions}. */
  maxMemory?: number | bigint
}

/**
 * Options of {@link importImage}.
 *
 * @since 0.1.0
 */
export interface ImportImageOptions extends ExportImageOptions {
  /**
   * Also sets metadata that configures librbd for the image (`conf_*`): it changes how everybody who opens it works
   * with it, so a file from somewhere should not decide that. Default false: it is left out.
   */
  trustMetadata?: boolean
}

const exportOptions: Known<ExportImageOptions> = { ...jobOptions, maxMemory: ['memory'] }
const importOptions: Known<ImportImageOptions> = { ...exportOptions, trustMetadata: true }

function toInfo({ crc32c, ...summary }: NativeImageSummary): ImageStreamInfo {
  return { ...summary, digest: toDigest(crc32c) }
}

async function describe(ioctx: IoCtx, name: string, signal: AbortSignal): Promise<NativeImageExport> {
  const image = await Image.open(ioctx, name, { readOnly: true, signal })
  try {
    const { objectSize, featureMask, stripeUnit, stripeCount } = await image.info()
    const metadata = await image.metadata.list()
    return {
      image: name,
      order: Math.log2(objectSize),
      features: featureMask,
      stripeUnit,
      stripeCount,
      keys: [...metadata.keys()],
      values: [...metadata.values()],
    }
  } finally {
    await image.close()
  }
}

/**
 * Writes an image with its layout, metadata, and all its snapshots and their protection to a stream that `rbd import
 * --export-format 2` and {@link importImage} take. What a clone has of its parent is in it; that it is a clone is not.
 *
 * The snapshots are those that {@link copy} with `deep` copies: users', without those that copies make for themselves.
 * The image is kept from changing from the beginning, as by it. Progress counts bytes of the image once for each
 * snapshot. Rejects as {@link exportDiff}; nothing is left of a file that was not finished.
 *
 * Implements: rbd_diff_iterate2, rbd_aio_read2, rbd_snap_list, rbd_metadata_list. Format: doc/dev/rbd-export.rst of
 * Ceph.
 * @since 0.1.0
 */
export function exportImage(
  source: { ioctx: IoCtx; image: string },
  stream: DiffOutput,
  options?: ExportImageOptions,
): Job<CopyProgress, ImageStreamInfo> {
  return startJob(options, exportOptions, async (context, { maxMemory }) => {
    toOptions('source', source, { ioctx: ['pool'], image: ['name'] })
    const ioctx = toIoCtx('source.ioctx', source?.ioctx)
    const name = toText('source.image', source.image)
    const to = toOutput('stream', stream)
    const memory = toSize('options.maxMemory', maxMemory ?? defaultMemory, minMemory)
    let what: NativeImageExport
    const summary = await withStreams(
      [to.stream],
      context,
      (watched) =>
        startJobTask(watched, native.exportImage, [what, ioctx.handle, to.native, memory], () =>
          imageOwner({ ioctx, image: name }, to.native, 'destination', 'exportImage'),
        ),
      async ({ signal }) => {
        signal.throwIfAborted()
        what = await untilAborted(describe(ioctx, name, signal), signal)
      },
    )
    return toInfo(summary)
  })
}

/**
 * Makes an image of a stream of `rbd export --export-format 2` or {@link exportImage}, with its snapshots and their
 * protection. What is not given of the layout is the stream's (not its data pool), or the cluster's default.
 *
 * The image is made under a temporary name (`<name>.rbdkit-<random>`) and renamed when all of it is there; nothing is
 * left of one that fails or is aborted. A stream in a file is read through first, its data left out. Progress counts
 * bytes of the image once for each snapshot.
 *
 * Rejects with a `CephError`: `EEXIST` when there is an image of that name, `ENOSPC` or `EDQUOT` when there is no room;
 * with a {@link CopyError} `ERR_RBDKIT_FORMAT` for a stream that is not whole; with an error like those of `node:fs` for
 * its file; with the signal's reason.
 *
 * Implements: rbd_create4, rbd_metadata_set, rbd_resize2, rbd_aio_write2, rbd_aio_write_zeroes, rbd_snap_create2,
 * rbd_snap_protect, rbd_rename. Format: doc/dev/rbd-export.rst of Ceph.
 * @since 0.1.0
 */
export function importImage(
  stream: DiffInput,
  destination: ImageDestination,
  options?: ImportImageOptions,
): Job<CopyProgress, ImageStreamInfo> {
  return startJob(options, importOptions, async (context, { maxMemory, trustMetadata }) => {
    const from = toInput('stream', stream)
    toOptions('destination', destination, imageDestination)
    const ioctx = toIoCtx('destination.ioctx', destination?.ioctx)
    const image = toName('destination.image', destination.image)
    const layout = toNativeLayout(destination)
    const trust = toBoolean('options.trustMetadata', trustMetadata, false)
    const memory = toSize('options.maxMemory', maxMemory ?? defaultMemory, minMemory)
    type Args = [NativeStream, NativeEndpoint, number, boolean, number]
    const args: Args = [from.native, { image, layout }, ioctx.handle, trust, memory]
    const summary = await withStreams([from.stream], context, (watched) =>
      startJobTask(watched, native.importImage, args, () =>
        imageOwner({ ioctx, image }, from.native, 'source', 'importImage'),
      ),
    )
    return toInfo(summary)
  })
}
