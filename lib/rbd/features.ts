import { RBD_FEATURE, RBD_OPERATION_FEATURE } from '../internal/generated/librbd.js'
import { invalidArgType, invalidArgValue, toUint64 } from '../internal/validate.js'

/** Image features by their names in `rbd info`: RBD_FEATURE_NAME_* of rbd/features.h. */
const bits = {
  layering: RBD_FEATURE.LAYERING,
  striping: RBD_FEATURE.STRIPINGV2,
  'exclusive-lock': RBD_FEATURE.EXCLUSIVE_LOCK,
  'object-map': RBD_FEATURE.OBJECT_MAP,
  'fast-diff': RBD_FEATURE.FAST_DIFF,
  'deep-flatten': RBD_FEATURE.DEEP_FLATTEN,
  journaling: RBD_FEATURE.JOURNALING,
  'data-pool': RBD_FEATURE.DATA_POOL,
  operations: RBD_FEATURE.OPERATIONS,
  migrating: RBD_FEATURE.MIGRATING,
  'non-primary': RBD_FEATURE.NON_PRIMARY,
  'dirty-cache': RBD_FEATURE.DIRTY_CACHE,
} as const

/**
 * The name of an image feature.
 *
 * @since 0.1.0
 */
export type Feature = keyof typeof bits

const names = Object.keys(bits) as Feature[]

/** The names in a feature mask, lowest bit first; bits without a name are left out. */
export function featureNames(mask: bigint): Feature[] {
  return names.filter((name) => (mask & bits[name]) !== 0n)
}

const operations = {
  'clone-parent': RBD_OPERATION_FEATURE.CLONE_PARENT,
  'clone-child': RBD_OPERATION_FEATURE.CLONE_CHILD,
  group: RBD_OPERATION_FEATURE.GROUP,
  'snap-trash': RBD_OPERATION_FEATURE.SNAP_TRASH,
} as const

/**
 * The name of what an image is used for that older clients do not know: RBD_OPERATION_FEATURE_NAME_* of rbd/features.h.
 *
 * @since 0.1.0
 */
export type ImageOperation = keyof typeof operations

/** The names in a mask of operations. */
export function operationNames(mask: bigint): ImageOperation[] {
  return (Object.keys(operations) as ImageOperation[]).filter((name) => (mask & operations[name]) !== 0n)
}

/** A feature mask from names or from a mask. */
export function toFeatures(argument: string, value: readonly Feature[] | bigint): bigint {
  if (typeof value === 'bigint') return toUint64(argument, value)
  if (!Array.isArray(value))
    throw invalidArgType(argument, 'an array of feature names or of type bigint', value)
  let mask = 0n
  for (const name of value as Feature[]) {
    const bit = Object.hasOwn(bits, name) ? bits[name] : undefined
    if (bit === undefined)
      throw invalidArgValue(argument, `has no feature '${name}'; there are ${names.join(', ')}`)
    mask |= bit
  }
  return mask
}
