import type { Readable, Writable } from 'node:stream'
import type { WritableStream } from 'node:stream/web'
import type { JobOptions } from '../internal/job.js'
import type { IoCtx } from '../rados/ioctx.js'
import type { ImageLayout } from '../rbd/layout.js'

/**
 * How a file holds a disk. See {@link FileSource}.
 *
 * @since 0.1.0
 */
export type DiskFormat = 'raw' | 'qcow2' | 'vmdk' | 'vhdx' | 'vdi' | 'vpc'

/**
 * A regular file or a block device to copy from, or a FIFO, as a {@link DescriptorSource} from its writer's opening it
 * on. Holes of a file are not read. Character devices are refused with `ENOTSUP`: they have no end.
 *
 * @since 0.1.0
 */
export interface FileSource {
  /** Path. */
  file: string
  /**
   * `'raw'`: the bytes as they are, whatever the file begins with. `'qcow2'`: the disk in a qcow2 image (version 2 or 3,
   * zlib or zstd), as it is now, without its internal snapshots. An image that is damaged or cut, encrypted, keeps its
   * data in another file or has unknown features is refused with `ERR_RBDKIT_FORMAT`.
   *
   * `'vmdk'`, `'vhdx'`, `'vdi'` and `'vpc'` (VHD) are read by QEMU, not here: by its `qemu-nbd`, which must be on the
   * `PATH` (`ENOSYS`, with the package that has it) and runs as long as the copy. A regular file that is a disk by
   * itself; one that has a parent, names other files, is damaged or cut is refused with `ERR_RBDKIT_FORMAT`, one that a
   * QEMU has open for writing with `EBUSY`. `EPIPE`, from `qemu-nbd`: it was killed.
   *
   * By default the name decides: `.qcow2`, `.vmdk`, `.vhdx`, `.vdi`, `.vhd` (which is `'vpc'`), and every other is raw,
   * but refused with `ERR_RBDKIT_FORMAT` when it begins as an image in one of these formats: the content never decides,
   * for the guest of a raw disk could write such a beginning.
   *
   * Format: docs/interop/qcow2.txt of QEMU.
   */
  format?: DiskFormat
  /**
   * Directories in which the backing files of a qcow2 image, and theirs, may be (below them, too). Without it an image
   * that has a backing file is refused: its name is whatever the image's maker wrote. Followed are regular files whose
   * format the image records as raw or qcow2; up to 15 behind each other.
   */
  backingDirectories?: readonly string[]
}

/**
 * An image to copy from, in any pool, namespace and cluster.
 *
 * Without `snapshot` it is copied as it is now, and kept from changing meanwhile. When nobody else has it open, by its
 * exclusive lock: whoever opens it during the copy can read, and gets `EROFS` when writing. When somebody has, or the
 * image has no exclusive lock, by a temporary snapshot (`copy.rbdkit-<random>`), which takes up to two seconds more;
 * writers go on. Both need a user that may write; others name a snapshot.
 *
 * @since 0.1.0
 */
export interface ImageSource {
  ioctx: IoCtx
  image: string
  snapshot?: string
}

/**
 * An open file descriptor to copy from, of a pipe, a socket or anything else that is read in order, such as 0 for
 * standard input: from where it stands to its end, raw. It is duplicated, so it may be closed as soon as the copy has
 * begun. Its size is not known before its end (`bytesTotal` is 0 until then): an image grows meanwhile.
 *
 * @since 0.1.0
 */
export interface DescriptorSource {
  fd: number
}

/**
 * A web `ReadableStream` of bytes: what Node's types and those of the DOM, which differ, have in common.
 *
 * @since 0.1.0
 */
export interface WebByteStream {
  /** Whether somebody reads it. */
  readonly locked: boolean
  /** Locks it. */
  getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> }
  /** Ends it before its end. */
  cancel(reason?: unknown): Promise<void>
}

/**
 * A stream to copy from, with what is known of it: a Node `Readable` (an HTTP request, a file's stream, a decompressor)
 * or a web `ReadableStream`, from where it stands to its end, raw; or an async iterable of `Uint8Array`s, as an async
 * generator returns it. A stream or iterable alone is a source as well.
 *
 * Only its own end is an end: one that fails or closes before that rejects the copy with its error
 * (`ERR_STREAM_PREMATURE_CLOSE` when it has none), and nothing is published. It is read no faster than it is copied.
 * When the copy fails or is aborted it is destroyed with the reason; an HTTP request to a server is only paused then, so
 * that it can be answered. Of an iterable `return()` is called, so that a generator's `finally` runs. A stream of objects
 * (what `Readable.from()` makes, unless told otherwise), one with an encoding (`setEncoding()`), one that has ended or is
 * locked is refused with `ERR_INVALID_ARG_VALUE`, and left alone.
 *
 * @since 0.1.0
 */
export interface StreamSource {
  stream: Readable | WebByteStream | AsyncIterable<Uint8Array>
  /**
   * Its size in bytes, if known: an image is made with it at once, and progress has a total. When the stream has less or
   * more, `ERR_SOURCE_CHANGED`.
   */
  size?: number | bigint
}

/**
 * What has a size and can be read anywhere.
 *
 * @since 0.1.0
 */
export type DiskSource = FileSource | ImageSource

/**
 * What can be copied.
 *
 * @since 0.1.0
 */
export type CopySource = DiskSource | DescriptorSource | StreamSource | StreamSource['stream']

/**
 * A regular file to make. Zeros become holes.
 *
 * Or what is written in place: a block device, with `replace`; a FIFO or character device, in order, holes as zeros;
 * `/dev/null`, to measure a source or for its digest. What a copy that fails has written there stays.
 *
 * Of a block device all is overwritten that the source has, holes included, and what is behind its end stays as it is. It
 * is `EBUSY` when it is mounted or somebody else has claimed it, `ENOSPC` when it is smaller than the source; a source of
 * unknown size finds that out when it gets there.
 *
 * @since 0.1.0
 */
export interface FileDestination {
  /** Path; no file may be there yet, unless it is to be replaced. */
  file: string
}

/**
 * An image to make; nothing may have its name yet, unless it is to be replaced. What is not given of the layout is the source image's (not its
 * data pool, and not journaling), or the cluster's default.
 *
 * @since 0.1.0
 */
export interface ImageDestination extends ImageLayout {
  ioctx: IoCtx
  image: string
}

/**
 * An open file descriptor to copy to, of a pipe, a socket or anything else that is written in order, such as 1 for
 * standard output: raw, holes as zeros. It is written in place: what a copy that fails has written stays. It is
 * duplicated. `replace` and `resume` mean nothing here.
 *
 * @since 0.1.0
 */
export interface DescriptorDestination {
  fd: number
}

/**
 * A Node `Writable` or a web `WritableStream` of bytes.
 *
 * @since 0.1.0
 */
export type StreamDestination = Writable | WritableStream<Uint8Array>

/**
 * What can be copied to. A stream, Node's or the web's, gets raw content, holes as zeros, no faster than it takes it, and
 * is ended when all of it is there (standard output and error are not). It is written in place: what a copy that fails
 * has written stays. The stream is destroyed, or aborted, with the reason then (an HTTP response that nothing has been sent
 * of is left, to be answered otherwise); when it fails itself, the copy rejects with its error. A stream of objects, one that has ended or is locked is refused with `ERR_INVALID_ARG_VALUE`.
 *
 * @since 0.1.0
 */
export type CopyDestination = FileDestination | ImageDestination | DescriptorDestination | StreamDestination

/**
 * How far a copy is. Sizes in bytes, of the source's size: holes count as soon as they are known.
 *
 * @since 0.1.0
 */
export interface CopyProgress {
  phase: 'prepare' | 'copy' | 'flush' | 'verify' | 'publish' | 'done'
  /** The bytes that are done; they are counted anew in `'verify'`, with `deep` once for each snapshot that is read. */
  bytesDone: number
  /** 0 until the source is open. */
  bytesTotal: number
  /** The rate of the last two seconds. */
  bytesPerSecond: number
  /** Nothing has completed for ten seconds: the cluster or the file system does not answer. The copy waits. */
  stalled: boolean
}

/**
 * What a copy did.
 *
 * @since 0.1.0
 */
export interface CopyResult {
  /** The source's size. */
  bytes: number
  /** Bytes read, with `resume` those of the copy that was cut off as well; the rest was known to be zero beforehand. */
  bytesRead: number
  /** Bytes written, likewise; the rest is holes. */
  bytesWritten: number
  /**
   * Bytes that were not written because they are holes, nor copied by the OSDs. With `deep` bytes are counted once for
   * each snapshot, and what is the same as in the one before is not written either.
   */
  holes: number
  /** With `resume`: the bytes that were durable already and were not copied again. `seconds` does not tell of them. */
  bytesResumed: number
  /** With `serverSide` other than `'never'`: what the OSDs copied. It is in neither `bytesRead` nor `bytesWritten`. */
  serverSide?: {
    /** RADOS objects. */
    objects: number
    bytes: number
    /** Why they copied nothing, if there was an obstacle; the copy was an ordinary one. */
    refused?: string
  }
  /**
   * With `replace`: the image that had the name. It is in the trash, by its id; or, when it has snapshots or cannot
   * be moved there, still an image, by the name `name`.
   */
  replaced?: { id: string; name?: string }
  seconds: number
  /**
   * `'crc32c:'` and eight hex digits: the CRC32C (Castagnoli) of all `bytes`, holes read as zeros. The same for the
   * same content, whatever it was copied from and to and however sparse that is. `''` with `verify: 'none'`, which is
   * the default with `deep`. With `deep` and another: of the image as it is after its last snapshot, read again from the
   * destination.
   */
  digest: string
}

/**
 * How a copy is verified when all of it is durable, before it gets its name.
 *
 * - `'none'`: not at all, and without a digest
 * - `'checksum'`: not beyond the digest of what was read
 * - `'osd'`: each object of a new image by its size and CRC32C as its OSD computes them (`rados_read_op_checksum`),
 *   against the checksums of what was written; no data comes back. Objects that hold nothing but zeros are not asked
 *   for. Not for images with journaling, nor for sources whose size is not known beforehand
 * - `'read-back'`: the destination is read again, the image through a handle of its own, the file from the disk where
 *   the file system can forget what it has cached; compared by a CRC32C for each 4 MiB
 * - `'full'`: source and destination are read again and compared byte by byte
 *
 * With `deep` so is each snapshot, and the image after the last; `'osd'` does not go with it. With `keepParent`
 * `'read-back'` reads what the first snapshot shows of the parent as well and takes that for right, `'full'` compares it.
 *
 * `'osd'` and `'read-back'` need checksums of all that was copied, so they do not go with `resume`; `'full'` does.
 *
 * The checksums take four bytes of memory for each object, or 4 MiB, that holds data; with `deep` in each snapshot.
 *
 * @since 0.1.0
 */
export type VerifyLevel = 'none' | 'checksum' | 'osd' | 'read-back' | 'full'

/**
 * Whether the OSDs copy an image's objects among themselves, by RADOS's `copy_from`, so that the data does not come
 * through this client: both images are of one {@link Cluster}, and of the same object size and striping.
 *
 * - `'never'`: they do not
 * - `'auto'`: where they can; else the copy is an ordinary one, and `serverSide.refused` of the result says why
 * - `'require'`: `ERR_SERVER_SIDE_UNSUPPORTED` where they cannot, before any data is moved. For what is not an image, and
 *   with `deep`, an invalid argument
 *
 * In either case objects that are less than nine tenths full, and parts of a clone that only its parent has, are copied
 * as ever: the OSDs would fill up what is empty. Unless `verify` is `'none'` the OSDs' checksums of each object's
 * source and copy are compared. The limits count an object as one operation. See the guide on copying for what the
 * obstacles are.
 *
 * The call is `librados::ObjectWriteOperation::copy_from`, which only C++ has.
 *
 * @since 0.1.0
 */
export type ServerSide = 'never' | 'auto' | 'require'

/**
 * How fast a job may be, on average: what it reads and writes goes in pieces of up to 4 MiB, and the first is not held
 * back. Waiting for a limit does not count as `stalled`.
 *
 * @since 0.1.0
 */
export interface RateLimits {
  /** Bytes of data read per second; holes are free. Default: no limit. */
  bandwidthLimit?: number | bigint
  /** Reads and writes per second. Default: no limit. */
  iopsLimit?: number
}

/**
 * What an image that is replaced may have, and its successor cannot be given.
 *
 * - `'mirroring'`: it is mirrored to another cluster. The new image is not, and would be sent whole. The old one ends its
 *   mirroring with the trash, or is mirrored on by its other name. Journaling is not taken over then
 * - `'group-snapshots'`: it is in snapshots of its group, and a rollback of the group to one of them would go to the old
 *   image, not to the new
 *
 * @since 0.1.0
 */
export type ReplaceLoss = 'mirroring' | 'group-snapshots'

/**
 * Options of {@link copy}.
 *
 * @since 0.1.0
 */
export interface CopyOptions extends JobOptions<CopyProgress>, RateLimits {
  /**
   * Bytes of buffers, at least 16 MiB, default 64 MiB. librbd needs up to as much again. It bounds how much is in
   * flight, so it bounds the speed as well. A copy may have less in flight, where that moves as much.
   */
  maxMemory?: number | bigint
  /**
   * What has the destination's name is replaced when the copy is whole; until then it stays as it is. A file is
   * replaced in one step, and gives the new one its mode and, where permitted, its owner. A block device is overwritten
   * in place.
   *
   * An image goes to the trash, and for a moment nothing has the name. The new one gets what it had: its place in a group,
   * metadata and settings (`conf_*`, limits of I/O among them), the limit of snapshots, journaling unless `features` are
   * given, and the data pool unless `dataPool` is. With `deep` the source's metadata goes before. What cannot be given on is
   * `ERR_REPLACE_LOSES`, unless `replaceLoses` has it. Snapshots stay with the old image, which keeps another name then.
   *
   * An image that somebody has open for writing is `EBUSY`, before any data is moved and again at the end, since that client
   * would go on writing into the trash; `'force'` replaces that as well. One that somebody has locked (`rbd lock add`) is
   * `EBUSY` in any case: librbd does not rename it. Default false: `EEXIST`.
   */
  replace?: boolean | 'force'
  /** What an image that is replaced may lose, with `replace`. Default: nothing, `ERR_REPLACE_LOSES`. */
  replaceLoses?: readonly ReplaceLoss[]
  /**
   * Goes on with a copy of the same source to the same destination that was cut off, from where it was durable:
   * every two seconds, or GiB, a copy writes down how far it is. Without one it begins at the start. Waits up to 35 seconds
   * while Ceph still takes the one who was cut off for alive, then `EBUSY`. Rejects with `ERR_SOURCE_CHANGED` when
   * what is left is not of this source as it is now, and leaves it for {@link cleanupCopies}. Nobody can tell that
   * of an image without a snapshot, a device or a stream, and of other formats than raw it is not told: such a copy is not gone on with. Default false.
   */
  resume?: boolean
  /** Default `'checksum'`; with `deep` `'none'`. */
  verify?: VerifyLevel
  /** Default `'never'`. */
  serverSide?: ServerSide
  /**
   * From image to image: also copies the user's snapshots, in order, each with its size, content and protection, and
   * all metadata, configuration (`conf_*`) among it. With a snapshot as the source: those up to it. What an image has
   * of its parent is copied as data: the new one is no clone. Progress counts bytes once for each snapshot, and
   * `bytes` of the result is the size of the image as it is now. Snapshots that are not in the user's namespace
   * (of groups, of mirroring, in the trash) are left out.
   *
   * The image is kept from changing from the beginning. `verify` may be anything but `'osd'`, and is `'none'` unless
   * given: a digest of the image as it is at last is another reading of it. A resumed copy does
   * not copy again the snapshots that are there, nor what is durable of the next; what the image has become after
   * its last snapshot it begins anew. Default false.
   */
  deep?: boolean
  /**
   * With `deep`, of a clone: the new image is a clone of the same parent, and only what the source has itself is copied.
   * (`rbd deep cp` does so unless told to `--flatten`.) The source's own objects are copied whole, zeros in them included.
   *
   * Both images are in one cluster, the parent is a snapshot that a user made and that is not in the trash, and it is the
   * same, with the same overlap, at every snapshot and at the end: the source was not cut below what it has of its parent,
   * nor flattened, since its first snapshot. Otherwise `ERR_PARENT_UNSUPPORTED`, before anything is made. Default false.
   */
  keepParent?: boolean
}
