import { constants } from 'node:os'
import { CephError, closedError, type ErrorObject } from '../errors.js'
import { native } from '../internal/addon.js'
import { Resource } from '../internal/resource.js'
import type { IoCtx } from '../rados/ioctx.js'

/** The open image itself. `Image` is built up from it: what reads and writes, a file each, and topics that hold it. */
export abstract class ImageHandle extends Resource {
  readonly ioctx: IoCtx
  /** The name it was opened by; `info().name` is the name now. */
  readonly name: string
  /** The snapshot that it was opened at, by the name of then; the image is read-only with it. */
  readonly snapshot: string | undefined
  /** The id of that snapshot, which stays what it is when the snapshot is renamed. */
  readonly snapshotId: bigint | undefined
  readonly readOnly: boolean

  /** @internal */
  protected constructor(
    opened: { handle: number; snapshot: string | undefined; snapshotId: bigint | undefined },
    ioctx: IoCtx,
    name: string,
    readOnly: boolean,
  ) {
    super(opened.handle, ioctx, `Image '${ioctx.pool}/${name}'`)
    this.ioctx = ioctx
    this.name = name
    this.snapshot = opened.snapshot
    this.snapshotId = opened.snapshotId
    this.readOnly = readOnly || opened.snapshotId !== undefined
  }

  /** @internal Refuses what changes the image: librbd itself allows some of it when open at a snapshot. */
  checkWritable(syscall: string): void {
    if (this.readOnly) throw this.makeError(-constants.errno.EROFS, syscall, undefined)
  }

  /** @internal Refuses what needs a function of librbd that the host's does not have. */
  checkHas(syscall: string): void {
    const release = native.lacks(syscall)
    if (release === undefined) return
    throw this.makeError(-constants.errno.ENOSYS, syscall, `this host's library is older than ${release}`)
  }

  /** @internal */
  override about(): ErrorObject {
    const { pool, namespace } = this.ioctx
    return { pool, namespace, image: this.name, snapshot: this.snapshot }
  }

  /** @internal */
  makeError(errno: number, syscall: string, value: unknown, object?: ErrorObject): Error {
    const detail = typeof value === 'string' ? value : undefined
    return new CephError({ ...this.about(), ...object, errno, syscall, detail })
  }

  /** @internal */
  closedError(syscall: string): Error {
    return closedError(syscall, this.about(), 'the image is closed')
  }
}

/**
 * Progress of a long operation, at most ten times a second. Units are the operation's own: objects, or bytes.
 *
 * @since 0.1.0
 */
export interface OperationProgress {
  done: number
  total: number
}

/**
 * Options of operations that go over all objects of an image.
 *
 * @since 0.1.0
 */
export interface OperationOptions {
  /**
   * What it throws ends the operation as an abort does: it rejects with that. When the operation is done already, it
   * resolves, and what was thrown is an uncaught exception.
   */
  onProgress?: (progress: OperationProgress) => void
  /**
   * Aborting ends the operation at the next object and rejects with the signal's reason. What is done stays done. An
   * operation that then gives no sign of life for most of a second, as on a cluster that does not answer, goes on without its caller
   * until it can end, and a warning with code `RBDKIT_LEFT_BEHIND` says so.
   */
  signal?: AbortSignal | undefined
}

/**
 * Options of operations that are not ended early, because librbd does not do that, or not well.
 *
 * @since 0.1.0
 */
export interface OperationToTheEndOptions {
  /** Told at most ten times a second. What it throws is what the operation rejects with, once it is done. */
  onProgress?: (progress: OperationProgress) => void
  /** Aborting rejects at once with the signal's reason. The operation goes on to its end without its caller. */
  signal?: AbortSignal | undefined
}
