import { RBD_MIRROR_IMAGE_MODE } from '../internal/generated/librbd.js'
import type { NativeLayout } from '../internal/native/rbd.js'
import { invalidArgValue, type Known, toOneOf, toSize, toText } from '../internal/validate.js'
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

/**
 * What else a new image can be given. What is not given is the cluster's default.
 *
 * @since 0.1.0
 */
export interface NewImageOptions extends ImageLayout {
  /** Features beside the cluster's default ones, or beside the parent's; not together with `features`. */
  featuresSet?: readonly Feature[] | bigint
  /** Features of the default ones that it is not to have. */
  featuresClear?: readonly Feature[] | bigint
  /** The pool for the objects of its journal, when not the image's own. */
  journalPool?: string
  /** Bytes of an object of its journal: a power of two from 4 KiB to 64 MiB. */
  journalObjectSize?: number
  /** Objects that its journal is written to at once. */
  journalSplayWidth?: number
  /** How it is mirrored, in a pool whose images are mirrored each by its own. */
  mirrorImageMode?: 'journal' | 'snapshot'
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

export const newImageOptions: Known<NewImageOptions> = {
  ...layoutOptions,
  featuresSet: true,
  featuresClear: true,
  journalPool: true,
  journalObjectSize: ['journalOrder'],
  journalSplayWidth: true,
  mirrorImageMode: ['mirrorMode'],
}

const maxJournalObjectSize = 64 * 1024 * 1024
const mirrorModes = { journal: RBD_MIRROR_IMAGE_MODE.JOURNAL, snapshot: RBD_MIRROR_IMAGE_MODE.SNAPSHOT }

function toOrder(argument: string, value: unknown, max: number): number {
  const order = Math.log2(toSize(argument, value, 4096, max))
  if (!Number.isInteger(order)) throw invalidArgValue(argument, 'must be a power of two')
  return order
}

/**
 * A layout for an image that is made of another one: librbd takes that one's stripe unit, which smaller objects do not
 * hold.
 */
export function withOwnStripes(layout: NativeLayout): NativeLayout {
  if (layout.order === undefined || layout.stripeUnit !== undefined) return layout
  return { ...layout, stripeUnit: 2 ** layout.order, stripeCount: 1 }
}

/** Checks what a new image is to be given, and puts it as native code reads it. */
export function toNativeOptions(options: Partial<NewImageOptions>): NativeLayout {
  const native = toNativeLayout(options)
  const { featuresSet, featuresClear, journalPool, journalObjectSize, journalSplayWidth, mirrorImageMode } =
    options
  if (featuresSet !== undefined) native.featuresSet = toFeatures('options.featuresSet', featuresSet)
  if (featuresClear !== undefined) native.featuresClear = toFeatures('options.featuresClear', featuresClear)
  if (journalPool !== undefined) native.journalPool = toText('options.journalPool', journalPool)
  if (journalObjectSize !== undefined)
    native.journalOrder = toOrder('options.journalObjectSize', journalObjectSize, maxJournalObjectSize)
  if (journalSplayWidth !== undefined)
    native.journalSplayWidth = toSize('options.journalSplayWidth', journalSplayWidth, 1, 255)
  if (mirrorImageMode !== undefined)
    native.mirrorImageMode =
      mirrorModes[toOneOf('options.mirrorImageMode', mirrorImageMode, ['journal', 'snapshot'] as const)]
  return native
}

/** Checks a layout and puts it as native code reads it. */
export function toNativeLayout(options: Partial<ImageLayout>): NativeLayout {
  const layout: NativeLayout = {}
  if (options.objectSize !== undefined) {
    layout.order = toOrder('options.objectSize', options.objectSize, maxObjectSize)
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
