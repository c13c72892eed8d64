import type { NativeLayout } from '../internal/native/rbd.js'
import { invalidArgValue, type Known, toSize, toText } from '../internal/validate.js'
import { type Feature, toFeatures } from './features.js'

/**
 * How a new image is laid out. What is not given is the cluster's default.
 *
 * @since 0.1.0
 */
export interface ImageLayout {
  /** Bytes of an object: a power of two from 4 KiB to 32 MiB. */
  objectSize?: number
  /** Feature names, or the mask. */
  features?: readonly Feature[] | bigint
  /** Bytes of a stripe's unit, 512 to 32 MiB, by which `objectSize` can be divided; together with `stripeCount`. */
  stripeUnit?: number
  /** Objects of a stripe, 1 to 4096. librbd takes more, and cannot compute with all that it takes. */
  stripeCount?: number
  /** The pool for the data objects, when not the image's own: for erasure-coded pools. */
  dataPool?: string
}

/** The largest that librbd takes. */
export const maxObjectSize = 32 * 1024 * 1024

export const layoutOptions: Known<ImageLayout> = {
  objectSize: ['order'],
  features: ['imageFeatures', 'imageFeature'],
  stripeUnit: true,
  stripeCount: true,
  dataPool: true,
}

/** Checks a layout and puts it as native code reads it. */
export function toNativeLayout(options: Partial<ImageLayout>): NativeLayout {
  const layout: NativeLayout = {}
  if (options.objectSize !== undefined) {
    const size = toSize('options.objectSize', options.objectSize, 4096, maxObjectSize)
    const order = Math.log2(size)
    if (!Number.isInteger(order)) throw invalidArgValue('options.objectSize', 'must be a power of two')
    layout.order = order
  }
  if (options.features !== undefined) layout.features = toFeatures('options.features', options.features)
  if ((options.stripeUnit === undefined) !== (options.stripeCount === undefined)) {
    throw invalidArgValue('options.stripeUnit', 'and options.stripeCount must be given together')
  }
  if (options.stripeUnit !== undefined)
    layout.stripeUnit = toSize('options.stripeUnit', options.stripeUnit, 512, 32 * 1024 * 1024)
  if (options.stripeCount !== undefined)
    layout.stripeCount = toSize('options.stripeCount', options.stripeCount, 1, 4096)
  if (options.dataPool !== undefined) layout.dataPool = toText('options.dataPool', options.dataPool)
  return layout
}
