import { invalidArgType, invalidArgValue, toUint64 } from '../internal/validate.js'

/** Image features by their names in `rbd info`. Source of the bits: rbd/features.h. */
const bits = {
  layering: 1n << 0n,
  striping: 1n << 1n,
  'exclusive-lock': 1n << 2n,
  'object-map': 1n << 3n,
  'fast-diff': 1n << 4n,
  'deep-flatten': 1n << 5n,
  journaling: 1n << 6n,
  'data-pool': 1n << 7n,
  operations: 1n << 8n,
  migrating: 1n << 9n,
  'non-primary': 1n << 10n,
  'dirty-cache': 1n << 11n,
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
