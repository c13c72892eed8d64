import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import type { ReadableStream, WritableStream } from 'node:stream/web'
import { type ErrorObject, objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { closeAbandoned } from '../internal/resource.js'
import { invalidArgValue, type Known, toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { explained, whyNotCloned, whyNotRemoved, whyNotResized } from './explain.js'
import { ImageFileHandle } from './file-handle.js'
import type { OperationOptions } from './handle.js'
import { type ImageInfo, toInfo } from './info.js'
import { type ImageLayout, layoutOptions, maxObjectSize, toNativeLayout } from './layout.js'
import { Locks } from './lock.js'
import { Metadata } from './metadata.js'
import type { MigrationStatus } from './migration.js'
import { toName } from './names.js'
import { operationOptions, runOperation } from './operation.js'
import { ImageRelations } from './relations.js'
import { Snapshots } from './snapshot.js'
import { openReadStream, openWriteStream, type ReadStreamOptions, type WriteStreamOptions } from './stream.js'
import { toWebReadable, toWebWritable } from './web-stream.js'

/**
 * How an image is opened.
 *
 * @since 0.1.0
 */
export interface OpenOptions {
  /** Opens the image as it was then; it is read-only. */
  snapshot?: string
  /**
   * Opens without watching the image: others do not see it, and it does not see their changes; a snapshot that is
   * removed meanwhile then reads as zeros. (A handle that watches gets `ENOENT` as soon as Ceph has told it.) For
   * users that may only read. Default false.
   */
  readOnly?: boolean
  /** Aborting rejects at once; what was opened after all is closed. */
  signal?: AbortSignal | undefined
}

const openOptions: Known<OpenOptions> = { snapshot: ['snap'], readOnly: true, signal: true }

/**
 * An open image. Reading and writing are its own methods, a topic besides is an object: `image.snapshots.create('one')`.
 *
 * @since 0.1.0
 */
export class Image extends ImageRelations {
  /** Its snapshots. */
  readonly snapshots: Snapshots = new Snapshots(this)
  /** Who may write it. */
  readonly locks: Locks = new Locks(this)
  /** Key and value pairs that are kept with it. */
  readonly metadata: Metadata = new Metadata(this)

  /** @internal Says of a handle that may write why it may not. */
  override makeError(errno: number, syscall: string, value: unknown, object?: ErrorObject): Error {
    const unexplained = errno === -constants.errno.EROFS && value === undefined && !this.readOnly
    return super.makeError(errno, syscall, unexplained ? this.locks.whyReadOnly(syscall) : value, object)
  }

  /**
   * Opens an image by its name, or by `{ id }`.
   *
   * Errors: `ENOENT` no such image or snapshot; `EACCES`, `EPERM`; `EBADF` the ioctx is closed.
   *
   * Implements: rbd_open, rbd_open_by_id, rbd_open_read_only, rbd_open_by_id_read_only.
   * @since 0.1.0
   */
  static async open(ioctx: IoCtx, image: string | { id: string }, options?: OpenOptions): Promise<Image> {
    toIoCtx('ioctx', ioctx)
    const byId = typeof image === 'object' && image !== null
    const name = byId
      ? toText('image.id', toOptions('image', image, { id: true }).id)
      : toText('image', image)
    const given = toOptions('options', options, openOptions)
    const snapshot = given.snapshot === undefined ? undefined : toText('options.snapshot', given.snapshot)
    const readOnly = toBoolean('options.readOnly', given.readOnly, false)
    const handle = await ioctx.callWith(
      native.rbd_open,
      {
        ...toTaskOptions({ signal: given.signal }, { image: name, snapshot }),
        abandoned: closeAbandoned,
      },
      name,
      byId,
      snapshot,
      readOnly,
    )
    return new Image(handle, ioctx, name, snapshot, readOnly || snapshot !== undefined)
  }

  /**
   * Creates an image of `size` bytes. Nothing is allocated.
   *
   * Errors: `EEXIST`; `EINVAL` a layout that Ceph does not take; `ENOENT` no such data pool or namespace.
   *
   * Implements: rbd_create4.
   * @since 0.1.0
   */
  static async create(
    ioctx: IoCtx,
    name: string,
    options: ImageLayout & CallOptions & { size: number | bigint },
  ): Promise<void> {
    toIoCtx('ioctx', ioctx)
    const image = toName('name', name)
    const given = toOptions('options', options, { ...layoutOptions, size: true, signal: true })
    const size = toSize('options.size', given.size)
    const layout = toNativeLayout(given)
    const task = toTaskOptions({ signal: given.signal }, { image })
    await ioctx.callWith(native.rbd_create4, task, image, size, layout)
  }

  /**
   * The images of the pool and namespace.
   *
   * Implements: rbd_list2.
   * @since 0.1.0
   */
  static async list(ioctx: IoCtx, options?: CallOptions): Promise<{ id: string; name: string }[]> {
    return toIoCtx('ioctx', ioctx).callWith(native.rbd_list2, toTaskOptions(options))
  }

  /**
   * Removes an image and its data. Aborting stops at the next object; the image is then neither whole nor gone: it
   * is still listed, cannot be opened, and removing it again ends the work. (librbd moves it to the trash first.)
   *
   * A primary image that is mirrored goes like any other, and its copies in other clusters with it, as with `rbd rm`:
   * ask `mirrorInfo()` before.
   *
   * Errors say what is in the way: `ENOENT`; `EBUSY` somebody has it open, or it is being migrated; `ENOTEMPTY` it has
   * snapshots of whatever kind; `EMLINK` it is in a group; `EINVAL` it is mirrored from another cluster.
   *
   * Implements: rbd_remove_with_progress.
   * @since 0.1.0
   */
  static async remove(ioctx: IoCtx, name: string, options?: OperationOptions): Promise<void> {
    toIoCtx('ioctx', ioctx)
    const image = toText('name', name)
    await explained(
      runOperation(ioctx, native.rbd_remove_with_progress, options, operationOptions, { image }, image),
      ['ENOENT', 'EBUSY', 'ENOTEMPTY', 'EMLINK', 'EINVAL'],
      (code) => whyNotRemoved(ioctx, image, code),
      options?.signal,
    )
  }

  /**
   * The live migration that an image is the source or the destination of.
   *
   * Errors: `ENOENT` no such image; `EINVAL` it is not under migration.
   *
   * Implements: rbd_migration_status.
   * @since 0.1.0
   */
  static async migrationStatus(ioctx: IoCtx, name: string, options?: CallOptions): Promise<MigrationStatus> {
    toIoCtx('ioctx', ioctx)
    const image = toText('name', name)
    return ioctx.callWith(native.rbd_migration_status, toTaskOptions(options, { image }), image)
  }

  /**
   * Renames an image within its pool and namespace.
   *
   * Errors: `ENOENT`; `EEXIST`.
   *
   * Implements: rbd_rename.
   * @since 0.1.0
   */
  static async rename(ioctx: IoCtx, from: string, to: string, options?: CallOptions): Promise<void> {
    const { pool, namespace } = toIoCtx('ioctx', ioctx)
    const image = toText('from', from)
    const name = toName('to', to)
    const dest = objectPath({ pool, namespace, image: name })
    await ioctx.callWith(native.rbd_rename, toTaskOptions(options, { image, dest }), image, name)
  }

  /**
   * Makes a clone of a snapshot: a new image that shares its data until it is written. `cloneFormat` 1 needs a
   * protected snapshot, 2 needs clients since Mimic; default: what the cluster requires of its clients.
   *
   * Errors: `ENOENT` no such parent or snapshot; `EEXIST`; `EINVAL` the snapshot is not protected (format 1);
   * `EXDEV` the two ioctxs are of different clusters.
   *
   * Implements: rbd_clone3.
   * @since 0.1.0
   */
  static async clone(
    ioctx: IoCtx,
    parent: { image: string; snapshot: string },
    childIoctx: IoCtx,
    name: string,
    options?: ImageLayout & CallOptions & { cloneFormat?: 1 | 2 },
  ): Promise<void> {
    toIoCtx('ioctx', ioctx)
    toIoCtx('childIoctx', childIoctx)
    const { image, snapshot } = toOptions('parent', parent, { image: true, snapshot: ['snap'] })
    const from = toText('parent.image', image)
    const at = toText('parent.snapshot', snapshot)
    const child = toName('name', name)
    const given = toOptions('options', options, { ...layoutOptions, cloneFormat: true, signal: true })
    const layout = toNativeLayout(given)
    if (layout.order !== undefined && layout.stripeUnit === undefined) {
      // Else librbd takes the parent's stripe unit, which smaller objects do not hold.
      layout.stripeUnit = 2 ** layout.order
      layout.stripeCount = 1
    }
    if (given.cloneFormat !== undefined)
      layout.cloneFormat = toSize('options.cloneFormat', given.cloneFormat, 1, 2)
    const dest = objectPath({ pool: childIoctx.pool, namespace: childIoctx.namespace, image: child })
    const object = { image: from, snapshot: at, dest }
    await childIoctx.lend('rbd_clone3', async () => {
      if (childIoctx.cluster !== ioctx.cluster) {
        // librbd would make a child whose parent is some other pool of the child's cluster.
        const [here, there] = await Promise.all([ioctx.cluster.fsid(), childIoctx.cluster.fsid()])
        if (here !== there) throw ioctx.makeError(-constants.errno.EXDEV, 'rbd_clone3', undefined, object)
      }
      const task = toTaskOptions({ signal: given.signal }, object)
      await explained(
        ioctx.callWith(native.rbd_clone3, task, from, at, childIoctx.handle, child, layout),
        ['EINVAL'],
        () => whyNotCloned(ioctx, { image: from, snapshot: at }, layout.cloneFormat),
        task.signal,
      )
    })
  }

  /**
   * What the image is now; at its snapshot when it is open at one.
   *
   * Implements: rbd_stat, rbd_get_id, rbd_get_name, rbd_get_features, rbd_get_flags, rbd_get_stripe_unit,
   * rbd_get_stripe_count, rbd_get_overlap, rbd_get_block_name_prefix, rbd_get_data_pool_id,
   * rbd_get_create_timestamp, rbd_get_modify_timestamp, rbd_get_access_timestamp.
   * @since 0.1.0
   */
  async info(options?: CallOptions): Promise<ImageInfo> {
    return toInfo(await this.callWith(native.rbd_stat, toTaskOptions(options)))
  }

  /**
   * The image's size in bytes.
   *
   * Errors: `ENOENT` the snapshot it is open at was removed.
   *
   * Implements: rbd_get_size, rbd_get_flags.
   * @since 0.1.0
   */
  async size(options?: CallOptions): Promise<number> {
    return this.callWith(native.rbd_get_size, toTaskOptions(options))
  }

  /**
   * Changes the size. Making it smaller loses data and needs `allowShrink`. Aborting leaves the old size, and zeros
   * in some of the part that was to go; when it goes on without its caller ({@link OperationOptions}), maybe the new one.
   *
   * Errors: `EINVAL` it would shrink and may not, or has more objects than an object map holds; `EROFS`.
   *
   * Implements: rbd_resize2.
   * @since 0.1.0
   */
  async resize(size: number | bigint, options?: OperationOptions & { allowShrink?: boolean }): Promise<void> {
    this.checkWritable('rbd_resize2')
    const bytes = toSize('size', size)
    const known = { ...operationOptions, allowShrink: ['shrink'] } as const
    const given = toOptions('options', options, known)
    const allowShrink = toBoolean('options.allowShrink', given.allowShrink, false)
    await explained(
      runOperation(this, native.rbd_resize2, options, known, {}, bytes, allowShrink),
      ['EINVAL'],
      () => whyNotResized(this, bytes, allowShrink),
      given.signal,
    )
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
    const bytes = toSize('options.sparseSize', given.sparseSize ?? 4096, 4096, maxObjectSize)
    if (!Number.isInteger(Math.log2(bytes)))
      throw invalidArgValue('options.sparseSize', 'must be a power of two')
    await runOperation(this, native.rbd_sparsify_with_progress, options, known, {}, bytes)
  }

  /**
   * Reads a range as a Node stream, several operations in flight.
   *
   * Errors: as `read`; the stream is destroyed with them.
   *
   * Implements: rbd_aio_read.
   * @since 0.1.0
   */
  createReadStream(options?: ReadStreamOptions): Readable {
    return openReadStream(this, options)
  }

  /**
   * Writes a range from a Node stream, several operations in flight; `finish` comes after a flush.
   *
   * Errors: as `write`; the stream is destroyed with them.
   *
   * Implements: rbd_aio_write, rbd_aio_flush.
   * @since 0.1.0
   */
  createWriteStream(options?: WriteStreamOptions): Writable {
    return openWriteStream(this, options)
  }

  /**
   * The same as a web stream of `Buffer`s, for `Response` and the like. Cancelling it waits for what is in flight.
   *
   * Errors: as `read`; the stream errors with them.
   *
   * Implements: rbd_aio_read.
   * @since 0.1.0
   */
  readableWebStream(options?: ReadStreamOptions): ReadableStream<Buffer> {
    return toWebReadable(this.createReadStream(options))
  }

  /**
   * A web stream that writes what it is given, `Uint8Array`s; its `close()` resolves after a flush. Several writes are
   * in flight, so `write()` resolves when its chunk is taken, not written: chunks are lent until `close()` or `abort()`
   * has settled.
   *
   * Errors: as `write`; the stream errors with them.
   *
   * Implements: rbd_aio_writev, rbd_aio_flush.
   * @since 0.1.0
   */
  writableWebStream(options?: WriteStreamOptions): WritableStream<Uint8Array> {
    return toWebWritable(this.createWriteStream(options))
  }

  /**
   * A view of the image in the shape of `node:fs/promises`' `FileHandle`, with a current position of its own.
   * Closing it leaves the image open.
   *
   * @since 0.1.0
   */
  fileHandle(): ImageFileHandle {
    return new ImageFileHandle(this)
  }
}
