import { CephError } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toCallSignal } from '../internal/call-options.js'
import { toText } from '../internal/validate.js'
import { toBytes } from './bytes.js'
import type { IoCtxObjects } from './object.js'
import { Change, Read } from './object-io.js'
import { ReadOp } from './read-op.js'

/** No OSD keeps larger ones in one piece. */
const largest = 64 * 1024 * 1024

/**
 * Extended attributes of objects: `ioctx.xattrs`. They are for little: what is large, or many, belongs in the omap.
 *
 * @since 0.1.0
 */
export class Xattrs {
  readonly #ioctx: IoCtxObjects

  /** @internal */
  constructor(ioctx: IoCtxObjects) {
    this.#ioctx = ioctx
  }

  /**
   * The value of one.
   *
   * Errors: `ENODATA` there is none of this name; `ENOENT` no such object.
   *
   * Implements: rados_aio_getxattr.
   * @since 0.1.0
   */
  async get(object: string, name: string, options?: CallOptions): Promise<Buffer> {
    const objectName = toText('object', object)
    const attribute = toText('name', name)
    const signal = toCallSignal(options)
    const ioctx = this.#ioctx
    for (let room = 4096; ; room *= 16) {
      const buffer = Buffer.allocUnsafeSlow(room)
      const submit = (slot: number): number =>
        native.rados_aio_getxattr(slot, ioctx.handle, objectName, attribute, buffer)
      try {
        return await ioctx.startIo(new Read('rados_aio_getxattr', objectName, buffer), submit, signal)
      } catch (error) {
        // It is larger than the buffer; by how much, nobody tells.
        if (!(error instanceof CephError) || error.code !== 'ERANGE' || room >= largest) throw error
      }
    }
  }

  /**
   * Sets one. Creates the object.
   *
   * Errors: `E2BIG` larger than the cluster allows; `ENAMETOOLONG`; `ENOSPC`, `EDQUOT` full.
   *
   * Implements: rados_aio_setxattr.
   * @since 0.1.0
   */
  async set(object: string, name: string, value: Uint8Array, options?: CallOptions): Promise<void> {
    const objectName = toText('object', object)
    const attribute = toText('name', name)
    const bytes = toBytes('value', value)
    const ioctx = this.#ioctx
    const submit = (slot: number): number =>
      native.rados_aio_setxattr(slot, ioctx.handle, objectName, attribute, bytes)
    return ioctx.startIo(new Change('rados_aio_setxattr', objectName, bytes), submit, toCallSignal(options))
  }

  /**
   * Removes one.
   *
   * Errors: `ENODATA` there is none of this name, where the cluster tells; `ENOENT` no such object.
   *
   * Implements: rados_aio_rmxattr.
   * @since 0.1.0
   */
  async remove(object: string, name: string, options?: CallOptions): Promise<void> {
    const objectName = toText('object', object)
    const attribute = toText('name', name)
    const ioctx = this.#ioctx
    const submit = (slot: number): number =>
      native.rados_aio_rmxattr(slot, ioctx.handle, objectName, attribute)
    return ioctx.startIo(new Change('rados_aio_rmxattr', objectName), submit, toCallSignal(options))
  }

  /**
   * All of an object.
   *
   * Errors: `ENOENT` no such object.
   *
   * Implements: rados_read_op_getxattrs, rados_aio_read_op_operate.
   * @since 0.1.0
   */
  async list(object: string, options?: CallOptions): Promise<Map<string, Buffer>> {
    const { results } = await this.#ioctx.operate(object, new ReadOp().xattrs(), {
      signal: toCallSignal(options),
    })
    return results[0]
  }
}
