import { resolve } from 'node:path'
import { native } from '../internal/addon.js'
import { Job } from '../internal/job.js'
import type { NativeCopyResult, NativeNaming } from '../internal/native/copy.js'
import { toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import { toNativeLayout } from '../rbd/layout.js'
import { toName } from '../rbd/names.js'
import {
  defaultMemory,
  type Endpoint,
  isFile,
  minMemory,
  startBetween,
  toDescriptor,
  toDigest,
  toIoCtx,
  toSource,
} from './endpoints.js'
import type {
  CopyDestination,
  CopyOptions,
  CopyProgress,
  CopyResult,
  CopySource,
  DiskSource,
  FileDestination,
  ImageDestination,
} from './types.js'

function toNaming({ replace, resume }: Partial<CopyOptions>): NativeNaming {
  const force = replace === 'force'
  return {
    replace: force || toBoolean('options.replace', replace, false),
    force,
    resume: toBoolean('options.resume', resume, false),
  }
}

function toDestination(given: CopyDestination, naming: NativeNaming): Endpoint {
  const descriptor = toDescriptor('destination', given)
  if (descriptor) return descriptor
  const destination = given as FileDestination | ImageDestination
  if (isFile('destination', destination)) {
    const file = resolve(toText('destination.file', destination.file))
    return { native: { file, ...naming }, ioctx: undefined, given: destination }
  }
  const image = toName('destination.image', destination.image)
  const layout = toNativeLayout(destination)
  const ioctx = toIoCtx('destination.ioctx', destination.ioctx)
  return { native: { image, layout, ...naming }, ioctx, given: destination }
}

function toResult({ crc32c, ...result }: NativeCopyResult): CopyResult {
  return { ...result, holes: result.bytes - result.bytesWritten, digest: toDigest(crc32c) }
}

/**
 * Copies a disk: a file, a block device, a stream's descriptor, or an image of any cluster, to a new file, a new image
 * or a descriptor.
 *
 * All of it runs in native code. Holes and zeros are not written. The destination is made under a temporary name
 * (`<name>.rbdkit-<random>`) in the same directory or pool and renamed when all of it is durable and the source is
 * confirmed to be what it was: whoever sees the name sees the whole disk. A copy that fails or is aborted leaves
 * nothing; it rejects when nothing is in flight any more. One whose process is killed leaves its temporary, which
 * `resume` goes on with and {@link cleanupCopies} removes.
 *
 * Rejects with a `CephError` for images and an error like those of `node:fs` for files: `EEXIST` before any data is
 * moved when the destination's name is taken, `ENOENT` when the source is missing, `ENOSPC` or `EDQUOT` when there is
 * no room; with a {@link CopyError} `ERR_SOURCE_CHANGED` or `ERR_RBDKIT_FORMAT`; with the signal's reason.
 *
 * Implements: rbd_aio_read2, rbd_aio_write2, rbd_diff_iterate2, rbd_create4, rbd_lock_acquire, rbd_flush, rbd_rename,
 * rbd_trash_move.
 * @since 0.1.0
 */
export function copy(
  source: CopySource,
  destination: CopyDestination,
  options?: CopyOptions,
): Job<CopyProgress, CopyResult> {
  return new Job(options, async (context) => {
    const given = toOptions('options', options)
    const from = toDescriptor('source', source) ?? toSource('source', source as DiskSource)
    const to = toDestination(destination, toNaming(given))
    const memory = toSize('options.maxMemory', given.maxMemory ?? defaultMemory, minMemory)
    return toResult((await startBetween(native.copy, from, to, [memory], context)) as NativeCopyResult)
  })
}
