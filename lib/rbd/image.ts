import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import type { ReadableStream, WritableStream } from 'node:stream/web'
import { type ErrorObject, objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import type { Owner } from '../internal/dispatcher.js'
import type { NativeOpened } from '../internal/native/rbd.js'
import { closeAbandoned } from '../internal/resource.js'
import { type Known, toBoolean, toOptions, toSize, toText, toUint64 } from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { type CloneOptions, type CloneParent, cloneImage } from './clone.js'
import { ImageConfig } from './config.js'
import { Encryption } from './encryption.js'
import { explained, whyNotRemoved, whyNotResized } from './explain.js'
import { ImageFileHandle } from './file-handle.js'
import type { OperationOptions } from './handle.js'
import { ImageFeatures } from './image-features.js'
import { Watches } from './image-watch.js'
import { type ImageInfo, toInfo } from './info.js'
import { type NewImageOptions, newImageOptions, toNativeOptions } from './layout.js'
import { Locks } from './lock.js'
import { Metadata } from './metadata.js'
import { ImageMirror } from './mirror.js'
import { toName } from './names.js'
import { ObjectMap } from './object-map.js'
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
  /**
   * Opens the image as it was then; it is read-only. By name, or by `{ id }` as `snapshots.list()` has it: also a snapshot
   * that has no name to go by, of a group or in the trash.
   */
  snapshot?: string | { id: bigint | number }
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

function closeOpened(opened: unknown, owner: Owner): void {
  closeAbandoned((opened as NativeOpened).handle, owner)
}

function toSnapshot(snapshot: OpenOptions['snapshot']): { name?: string; id?: bigint } {
  if (snapshot === undefined) return {}
  if (typeof snapshot !== 'object' || snapshot === null) return { name: toText('options.snapshot', snapshot) }
  return { id: toUint64('options.snapshot.id', toOptions('options.snapshot', snapshot, { id: true }).id) }
}

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
  /** Its copies in other clusters. */
  readonly mirror: ImageMirror = new ImageMirror(this)
  /** What librbd's settings are for it. */
  readonly config: ImageConfig = new ImageConfig(this)
  /** What it can do besides. */
  readonly features: ImageFeatures = new ImageFeatures(this)
  /** Which of its objects there are. */
  readonly objectMap: ObjectMap = new ObjectMap(this)
  /** Encryption by librbd. */
  readonly encryption: Encryption = new Encryption(this)
  /** What happens to it. */
  readonly watches: Watches = new Watches(this)

  /** @internal Says of a handle that may write why it may not, and of a write what is wrong with it. */
  override makeError(errno: number, syscall: string, value: unknown, object?: ErrorObject): Error {
    let why = value
    if (value === undefined && errno === -constants.errno.EROFS && !this.readOnly)
      why = this.locks.whyReadOnly(syscall)
    if (value === undefined && errno === -constants.errno.EBADMSG && syscall === 'rbd_aio_write')
      why = 'the bytes are not those of the checksum given, and were not written'
    return super.makeError(errno, syscall, why, object)
  }

  /**
   * Opens an image by its name, or by `{ id }`.
   *
   * Errors: `ENOENT` no such image or snapshot; `EACCES`, `EPERM`; `EBADF` the ioctx is closed.
   *
   * Implements: rbd_open, rbd_open_by_id, rbd_open_read_only, rbd_open_by_id_read_only, rbd_snap_set_by_id.
   * @since 0.1.0
   */
  static async open(ioctx: IoCtx, image: string | { id: string }, options?: OpenOptions): Promise<Image> {
    toIoCtx('ioctx', ioctx)
    const byId = typeof image === 'object' && image !== null
    const name = byId
      ? toText('image.id', toOptions('image', image, { id: true }).id)
      : toText('image', image)
    const given = toOptions('options', options, openOptions)
    const at = toSnapshot(given.snapshot)
    const readOnly = toBoolean('options.readOnly', given.readOnly, false)
    const snapshot = at.id === undefined ? at.name : `#${at.id}`
    const opened = await ioctx.callWith(
      native.rbd_open,
      { ...toTaskOptions({ signal: given.signal }, { image: name, snapshot }), abandoned: closeOpened },
      name,
      byId,
      at.name,
      at.id,
      readOnly,
    )
    return new Image(opened, ioctx, name, readOnly)
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
    options: NewImageOptions & CallOptions & { size: number | bigint },
  ): Promise<void> {
    toIoCtx('ioctx', ioctx)
    const image = toName('name', name)
    const given = toOptions('options', options, { ...newImageOptions, size: true, signal: true })
    const size = toSize('options.size', given.size)
    const layout = toNativeOptions(given)
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
   * ask `image.mirror.info()` before.
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
   * Makes a clone of a snapshot: a new image that shares its data until it is written.
   *
   * Errors: `ENOENT` no such parent or snapshot; `EEXIST`; `EINVAL` the snapshot is not protected (format 1);
   * `EXDEV` the two ioctxs are of different clusters; `ENOSYS` librbd is older than clones of a snapshot without a name.
   *
   * Implements: rbd_clone3, rbd_clone4.
   * @since 0.1.0
   */
  static async clone(
    ioctx: IoCtx,
    parent: CloneParent,
    childIoctx: IoCtx,
    name: string,
    options?: CloneOptions,
  ): Promise<void> {
    await cloneImage(ioctx, parent, childIoctx, name, options)
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
