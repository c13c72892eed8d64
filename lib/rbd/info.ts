import { jsonable } from '../internal/json.js'
import type { NativeImageInfo } from '../internal/native/rbd.js'
import { type Feature, featureNames, type ImageOperation, operationNames } from './features.js'

/**
 * What an image is.
 *
 * @since 0.1.0
 */
export interface ImageInfo {
  /** Empty for an image of format 1, which has none. */
  id: string
  name: string
  /** Bytes; at a snapshot, of the snapshot. */
  size: number
  /** Bytes of an object. */
  objectSize: number
  /** Objects that the image spans. */
  objects: number
  /** The names of its data objects begin with it. */
  blockNamePrefix: string
  features: Feature[]
  /** The mask, with features that rbdkit has no name for. */
  featureMask: bigint
  /** What makes an image unfit for older clients: it has clones of format 2 or is one, is in a group, has snapshots in the trash. */
  operations: ImageOperation[]
  /** Of the image: 1 is that of Ceph before Argonaut. */
  format: 1 | 2
  /** RBD_FLAG_*: 1 the object map is invalid, 2 fast diff is invalid. */
  flags: bigint
  stripeUnit: number
  stripeCount: number
  /** Bytes shared with the parent; 0 without one. */
  overlap: number
  /** The pool of its data objects. */
  dataPoolId: bigint
  /**
   * When the image was made. Absent for an image of format 1, or of a Ceph older than Mimic, which does not keep it.
   */
  created?: Date
  /** As `created`. */
  modified?: Date
  /** As `created`. */
  accessed?: Date
}

export function toInfo(raw: NativeImageInfo): ImageInfo {
  const { order: _order, features, operations, createdMs, modifiedMs, accessedMs, ...rest } = raw
  return jsonable({
    ...rest,
    features: featureNames(features),
    featureMask: features,
    operations: operationNames(operations),
    ...(createdMs > 0 && { created: new Date(createdMs) }),
    ...(modifiedMs > 0 && { modified: new Date(modifiedMs) }),
    ...(accessedMs > 0 && { accessed: new Date(accessedMs) }),
  })
}
