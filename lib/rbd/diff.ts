import { native } from '../internal/addon.js'
import type { TaskOptions } from '../internal/dispatcher.js'
import { type Known, toBoolean, toOptions, toSignal, toSize, toText, toUint64 } from '../internal/validate.js'
import type { ImageHandle } from './handle.js'

/**
 * A part of an image.
 *
 * @since 0.1.0
 */
export interface ImageExtent {
  /** Bytes into the image. */
  position: number
  /** Bytes. */
  length: number
  /** Whether there is data; else it reads as zeros, and in a diff it did not before. */
  exists: boolean
}

/**
 * What a diff is of.
 *
 * @since 0.1.0
 */
export interface ImageDiffOptions {
  /** The snapshot that it begins at, by name or by id; default: the beginning, so all that the image has. */
  from?: string | { id: bigint | number }
  /** Whether what a clone shares with its parent counts, in a diff from the beginning. Default true. */
  includeParent?: boolean
  /**
   * Tells of each object as a whole that has changed in some place: with the feature fast-diff that costs next to nothing, while the
   * exact bytes take a request an object. Default false.
   */
  wholeObject?: boolean
  /** Bytes into the image at which to begin. Default 0. */
  position?: number | bigint
  /** Bytes to look at. Default: to the image's end. */
  length?: number | bigint
  /** Aborting throws the reason at the next object. */
  signal?: AbortSignal | undefined
}

const diffOptions: Known<ImageDiffOptions> = {
  from: ['fromSnapshot', 'fromSnap'],
  includeParent: true,
  wholeObject: ['wholeObjects'],
  position: ['offset', 'at'],
  length: ['size'],
  signal: true,
}

/** The extents of `Image.diff()`. What is wrong with the options, the first `next()` throws. */
export async function* diffOf(
  image: ImageHandle,
  options: ImageDiffOptions | undefined,
): AsyncGenerator<ImageExtent, void, undefined> {
  const given = toOptions('options', options, diffOptions)
  const { from } = given
  const byId = typeof from === 'object' && from !== null
  const name = from === undefined || byId ? undefined : toText('options.from', from)
  const id = byId ? toUint64('options.from.id', toOptions('options.from', from, { id: true }).id) : undefined
  const withParent = toBoolean('options.includeParent', given.includeParent, true)
  const whole = toBoolean('options.wholeObject', given.wholeObject, false)
  const signal = toSignal(given.signal)
  const begin = toSize('options.position', given.position ?? 0)
  const most = Number.MAX_SAFE_INTEGER - begin
  const end = begin + (given.length === undefined ? most : toSize('options.length', given.length, 0, most))
  const task: TaskOptions = { signal, onAbort: 'leave', object: { snapshot: name } }
  for (let at = begin, first = true; at < end; first = false) {
    signal?.throwIfAborted()
    const call = native.rbd_diff_iterate3
    const numbers = await image.callWith(call, task, name, id, at, end, withParent, whole, first)
    for (let i = 1; i < numbers.length; i += 3) {
      yield {
        position: numbers[i] as number,
        length: numbers[i + 1] as number,
        exists: numbers[i + 2] === 1,
      }
    }
    at = numbers[0] as number
  }
}
