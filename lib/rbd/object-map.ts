import { native } from '../internal/addon.js'
import type { NativeObjects } from '../internal/native/rbd.js'
import type { ImageHandle, OperationOptions } from './handle.js'
import { operationOptions, runOperation } from './operation.js'

/**
 * Objects of an image, by their numbers: the name of one ends in its number, in hexadecimal.
 *
 * @since 0.1.0
 */
export interface NamedObjects {
  /** How many there are. */
  count: number
  /** The first of them, 4096 at most. */
  objects: number[]
}

/**
 * What an object map tells of an image's objects, beside the objects that there are.
 *
 * @since 0.1.0
 */
export interface ObjectMapCheck {
  /** Whether librbd believes the map; when not, nothing was compared: rebuild it. */
  valid: boolean
  /** Whether the map is valid and tells of each object what it is. */
  ok: boolean
  /** Objects that the image may have. */
  objects: number
  /** The map has them and they are not there: their data is lost, and reads as zeros. */
  lost: NamedObjects
  /** They are there and the map does not have them: their data reads as zeros until the map is rebuilt. */
  unlisted: NamedObjects
}

const toObjects = ({ count, objects }: NativeObjects): NamedObjects => ({ count, objects: [...objects] })

/**
 * The object map of an image, which tells librbd what objects there are: `image.objectMap`. The feature `object-map` brings
 * it.
 *
 * @since 0.1.0
 */
export class ObjectMap {
  readonly #image: ImageHandle

  /** @internal */
  constructor(image: ImageHandle) {
    this.#image = image
  }

  /**
   * Makes the map anew from the objects that there are: that of the image as it is now, or of the snapshot that it is open
   * at, for each snapshot has a map of its own. Aborting stops at the next object; the map stays invalid, and rebuilding it again ends the work.
   *
   * Errors: `EINVAL` the image has no object map; `EROFS` another client holds its lock.
   *
   * Implements: rbd_rebuild_object_map.
   * @since 0.1.0
   */
  async rebuild(options?: OperationOptions): Promise<void> {
    // Not checkWritable(): at a snapshot it is that one's map which is rebuilt.
    await runOperation(this.#image, native.rbd_rebuild_object_map, options, operationOptions, {})
  }

  /**
   * Compares the map with the objects that there are, one request an object. Unlike `rbd object-map check`, which in
   * Ceph 16 ends well and says nothing of an object that is lost, it tells which objects differ, and changes nothing.
   * What is written meanwhile is no difference.
   *
   * Errors: `EINVAL` the image has no object map.
   *
   * Implements: rados_aio_stat, rbd_get_size.
   * @since 0.1.0
   */
  async check(options?: OperationOptions): Promise<ObjectMapCheck> {
    const image = this.#image
    const call = native.rbd_object_map_check
    const checked = await runOperation(image, call, options, operationOptions, {}, image.snapshotId)
    const { valid, objects } = checked
    const [lost, unlisted] = [toObjects(checked.lost), toObjects(checked.unlisted)]
    return { valid, ok: valid && lost.count + unlisted.count === 0, objects, lost, unlisted }
  }
}
