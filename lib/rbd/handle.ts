import { constants } from 'node:os'
import { CephError, closedError, type ErrorObject } from '../errors.js'
import { Resource } from '../internal/resource.js'
import type { IoCtx } from '../rados/ioctx.js'

/** The open image itself. `Image` is built up from it: what reads and writes, a file each, and topics that hold it. */
export abstract class ImageHandle extends Resource {
  readonly ioctx: IoCtx
  /** The name it was opened by; `info().name` is the name now. */
  readonly name: string
  /** The snapshot it was opened at; then it is read-only. */
  readonly snapshot: string | undefined
  readonly readOnly: boolean

  /** @internal */
  protected constructor(
    handle: number,
    ioctx: IoCtx,
    name: string,
    snapshot: string | undefined,
    readOnly: boolean,
  ) {
    super(handle, ioctx, `Image '${ioctx.pool}/${name}'`)
    this.ioctx = ioctx
    this.name = name
    this.snapshot = snapshot
    this.readOnly = readOnly
  }

  /** @internal Refuses what changes the image: librbd itself allows some of it when open at a snapshot. */
  checkWritable(syscall: string): void {
    if (this.readOnly) throw this.makeError(-constants.errno.EROFS, syscall, undefined)
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
