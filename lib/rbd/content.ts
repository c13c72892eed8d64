import { type ErrorObject, objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { invalidArgValue, type Known, toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { diffOf, type ImageDiffOptions, type ImageExtent } from './diff.js'
import { ImageExtents } from './extents.js'
import type { OperationOptions } from './handle.js'
import {
  maxObjectSize,
  type NewImageOptions,
  newImageOptions,
  toNativeOptions,
  withOwnStripes,
} from './layout.js'
import { toName } from './names.js'
import { operationOptions, runOperation, runUnstoppable } from './operation.js'

/**
 * How librbd copies an image.
 *
 * @since 0.1.0
 */
export interface ImageCopyOptions extends NewImageOptions, OperationOptions {
  /** Blocks of so many bytes that are all zeros become holes: a power of two from 4 KiB to the object size, its default. */
  sparseSize?: number
}

/**
 * How librbd copies an image with its snapshots.
 *
 * @since 0.1.0
 */
export interface ImageDeepCopyOptions extends NewImageOptions, OperationOptions {
  /** Whether the copy of a clone has all data itself, instead of the same parent. Default false. */
  flatten?: boolean
  /** Of the copy, when it is a clone; not together with `flatten`. */
  cloneFormat?: 1 | 2
}

const copyOptions: Known<ImageCopyOptions> = {
  ...newImageOptions,
  ...operationOptions,
  sparseSize: ['blockSize'],
}
const deepCopyOptions: Known<ImageDeepCopyOptions> = {
  ...newImageOptions,
  ...operationOptions,
  flatten: true,
  cloneFormat: true,
}

function toSparseSize(value: unknown): number {
  const bytes = toSize('options.sparseSize', value, 4096, maxObjectSize)
  if (!Number.isInteger(Math.log2(bytes)))
    throw invalidArgValue('options.sparseSize', 'must be a power of two')
  return bytes
}

/** What an image holds, as a whole. */
export abstract class ImageContent extends ImageExtents {
  /**
   * Where the image has data, or where it differs from a snapshot, in order: an iterator that asks for more only as it is
   * read, so that a loop may take its time. Of two extents that touch, both may be one in the image. Blocks that were
   * written with zeros are data.
   *
   * ```js
   * for await (const { position, length, exists } of image.diff({ from: 'yesterday' })) ...
   * ```
   *
   * Right after a flatten `wholeObject` tells of every object that the parent had, and the exact diff of none of them, for
   * the bytes are what they were.
   *
   * Errors: `ENOENT` no such snapshot; `EINVAL` the snapshot is later than what is open; `EBUSY` the image, or one that
   * it is a clone of, is being migrated; `ENOSYS` librbd is older than ids of snapshots that have no name.
   *
   * Implements: rbd_diff_iterate2, rbd_diff_iterate3.
   * @since 0.1.0
   */
  diff(options?: ImageDiffOptions): AsyncGenerator<ImageExtent, void, undefined> {
    return diffOf(this, options)
  }

  /**
   * Bytes of the image's own data objects, each counted whole, as `rbd du` has it; at a snapshot when it is open at
   * one. With `fromSnapshot` only of those that were written since that snapshot. What a clone shares with its parent
   * is not in it. Quick for images with the feature fast-diff; otherwise one request an object. The progress is in
   * bytes of the image's size.
   *
   * Errors: `ENOENT` no such snapshot; `EINVAL` the snapshot is later than what is open; `EBUSY` the image, or one that
   * it is a clone of, is being migrated.
   *
   * Implements: rbd_diff_iterate2.
   * @since 0.1.0
   */
  async diskUsage(options?: OperationOptions & { fromSnapshot?: string }): Promise<number> {
    const known = { ...operationOptions, fromSnapshot: ['from', 'fromSnap'] } as const
    const { fromSnapshot } = toOptions('options', options, known)
    const snapshot = fromSnapshot === undefined ? undefined : toText('options.fromSnapshot', fromSnapshot)
    return runOperation(this, native.rbd_diff_iterate2, options, known, {}, snapshot)
  }

  /**
   * Gives back what the image's objects spend on zeros: blocks of `sparseSize` bytes that are all zeros become holes, and an
   * object without anything else goes, unless a snapshot or a parent needs it. What the image reads as stays. `sparseSize`
   * is a power of two from 4 KiB to the object size; default 4 KiB, as `rbd sparsify` has it.
   *
   * Errors: `EINVAL` a block is larger than an object; `EROFS`.
   *
   * Implements: rbd_sparsify_with_progress.
   * @since 0.1.0
   */
  async sparsify(options?: OperationOptions & { sparseSize?: number }): Promise<void> {
    this.checkWritable('rbd_sparsify_with_progress')
    const known = { ...operationOptions, sparseSize: ['blockSize'] } as const
    const given = toOptions('options', options, known)
    const bytes = toSparseSize(given.sparseSize ?? 4096)
    await runOperation(this, native.rbd_sparsify_with_progress, options, known, {}, bytes)
  }

  /**
   * Copies the image as it is, or the snapshot that it is open at, to a new image, of this cluster or another one, with
   * librbd's own copy. librbd cannot end it: aborting rejects at once, the copy goes on until it is done, and closing either
   * side waits for that. The function `copy()` of rbdkit can be ended, verifies, limits its rate and leaves nothing half
   * done behind.
   *
   * Errors: `EEXIST`; `ENOSPC`, `EDQUOT`; as `read` and `write`.
   *
   * Implements: rbd_copy_with_progress4.
   * @since 0.1.0
   */
  async copy(ioctx: IoCtx, name: string, options?: ImageCopyOptions): Promise<void> {
    const { sparseSize, onProgress: _, signal: __, ...layout } = toOptions('options', options, copyOptions)
    const bytes = sparseSize === undefined ? 0 : toSparseSize(sparseSize)
    await this.#to(ioctx, name, 'rbd_copy_with_progress4', (image, object) =>
      runUnstoppable(
        this,
        native.rbd_copy_with_progress4,
        options,
        copyOptions,
        object,
        ioctx.handle,
        image,
        withOwnStripes(toNativeOptions(layout)),
        bytes,
      ),
    )
  }

  /**
   * Copies the image and its snapshots of users to a new image of the same cluster or another one, with librbd's own deep
   * copy, which keeps a clone's parent. Aborting it is as with `Image.copy()`; what `copy()` of rbdkit with `deep` does can be
   * ended.
   *
   * Errors: `EEXIST`; `EINVAL` the image is open at a snapshot, or the copy would be a clone of format 1 of a snapshot that is
   * not protected; `ENOSPC`, `EDQUOT`; as `read` and `write`.
   *
   * Implements: rbd_deep_copy_with_progress.
   * @since 0.1.0
   */
  async deepCopy(ioctx: IoCtx, name: string, options?: ImageDeepCopyOptions): Promise<void> {
    const given = toOptions('options', options, deepCopyOptions)
    const { flatten, cloneFormat, onProgress: _, signal: __, ...rest } = given
    const layout = withOwnStripes(toNativeOptions(rest))
    if (flatten !== undefined) layout.flatten = toBoolean('options.flatten', flatten, false) ? 1 : 0
    if (flatten && cloneFormat !== undefined)
      throw invalidArgValue('options.cloneFormat', 'is of a clone, which a flattened copy is not')
    if (cloneFormat !== undefined) layout.cloneFormat = toSize('options.cloneFormat', cloneFormat, 1, 2)
    const call = native.rbd_deep_copy_with_progress
    await this.#to(ioctx, name, 'rbd_deep_copy_with_progress', (image, object) =>
      runUnstoppable(this, call, options, deepCopyOptions, object, ioctx.handle, image, layout),
    )
  }

  /**
   * Drops what librbd has cached of the image, so that the next reads ask the OSDs.
   *
   * Errors: `EBUSY` some of it has yet to be written.
   *
   * Implements: rbd_invalidate_cache.
   * @since 0.1.0
   */
  async invalidateCache(options?: CallOptions): Promise<void> {
    await this.callWith(native.rbd_invalidate_cache, toTaskOptions(options), false)
  }

  /** Keeps the destination's ioctx open while the image is copied there. */
  async #to(
    ioctx: IoCtx,
    name: string,
    syscall: string,
    run: (image: string, object: ErrorObject) => Promise<void>,
  ): Promise<void> {
    const image = toName('name', name)
    const { pool, namespace } = toIoCtx('ioctx', ioctx)
    await ioctx.lend(syscall, () => run(image, { dest: objectPath({ pool, namespace, image }) }))
  }
}
