import { native } from '../internal/addon.js'
import { Kind, startTask } from '../internal/dispatcher.js'
import { invalidArgType, invalidArgValue, outOfRange, toOptions, toSize } from '../internal/validate.js'
import { ImageCompare } from './compare-and-write.js'
import { startRead } from './io.js'
import { checkView, maxLength } from './views.js'

/**
 * A place of an image, and the memory for it.
 *
 * @since 0.1.0
 */
export interface Extent<B extends ArrayBufferView = ArrayBufferView> {
  /** Bytes into the image. */
  position: number | bigint
  /** All of it is read or written; lent until the promise settles. */
  buffer: B
}

/** -EINVAL: also librbd's answer to a read that begins at the image's end or after it. */
const invalid = -22
/** A list of more would keep JavaScript busy for long. */
const maxExtents = 65_536

interface List {
  offsets: Float64Array
  views: Uint8Array[]
  outcomes: Float64Array
  end: number
}

function toList(extents: readonly Extent[]): List {
  if (!Array.isArray(extents)) throw invalidArgType('extents', 'an array of { position, buffer }', extents)
  if (extents.length > maxExtents) throw invalidArgValue('extents', `must have at most ${maxExtents} entries`)
  const offsets = new Float64Array(extents.length)
  let end = 0
  const views = extents.map((extent, i) => {
    const { position, buffer } = toOptions(`extents[${i}]`, extent, {
      position: ['offset'],
      buffer: ['data'],
    })
    const view = checkView(`extents[${i}].buffer`, buffer)
    if (view.byteLength === 0) throw invalidArgValue(`extents[${i}].buffer`, 'must not be empty')
    if (view.byteLength > maxLength)
      throw outOfRange(`extents[${i}].buffer`, `at most ${maxLength} bytes`, view.byteLength)
    const at = toSize(`extents[${i}].position`, position)
    offsets[i] = at
    end = Math.max(end, at + view.byteLength)
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  })
  return { offsets, views, outcomes: new Float64Array(extents.length), end }
}

/** Scatter lists: many reads or writes in one call, with one promise. */
export abstract class ImageExtents extends ImageCompare {
  /**
   * Reads all extents, at once and in no order. Cheaper than a `read()` each: one call into native code, one promise.
   * Gives how many bytes each read: less than asked only at the image's end.
   *
   * Errors: as `read`, of the first extent in the list that failed; the others were read.
   *
   * Implements: rbd_aio_read.
   * @since 0.1.0
   */
  async readExtents(extents: readonly Extent[]): Promise<number[]> {
    const list = toList(extents)
    return this.lend('rbd_aio_read', async () => {
      if (list.views.length === 0) return []
      await startRead<void>(this, Kind.readExtents, list, 0, (slot) =>
        native.rbd_aio_read_extents(slot, this.handle, list.offsets, list.views, list.outcomes),
      )
      if (list.outcomes.includes(invalid)) await this.#endReads(list)
      this.#check(list.outcomes, 'rbd_aio_read')
      return [...list.outcomes]
    })
  }

  /** An invalid read has read no bytes if it began at the image's end. */
  async #endReads({ outcomes, offsets }: List): Promise<void> {
    const size = await startTask(this, native.rbd_get_size, [this.handle])
    for (let i = 0; i < outcomes.length; i++) {
      if (outcomes[i] === invalid && (offsets[i] as number) >= size) outcomes[i] = 0
    }
  }

  /**
   * Writes all extents, at once and in no order: of two that overlap either may win.
   *
   * Errors: `ERR_OUT_OF_RANGE` one of them ends past the image's end, and nothing is written; else as `write`, of
   * the first extent in the list that failed, and the others were written.
   *
   * Implements: rbd_aio_write.
   * @since 0.1.0
   */
  async writeExtents(extents: readonly Extent[]): Promise<void> {
    const list = toList(extents)
    if (!this.open) throw this.closedError('rbd_aio_write')
    if (list.views.length === 0) return
    await this.startWrite<void>(Kind.writeExtents, list, 0, list.end, (slot) =>
      native.rbd_aio_write_extents(slot, this.handle, list.offsets, list.views, list.outcomes),
    )
    this.#check(list.outcomes, 'rbd_aio_write')
  }

  #check(outcomes: Float64Array, syscall: string): void {
    const failed = outcomes.find((outcome) => outcome < 0)
    if (failed !== undefined) throw this.makeError(failed, syscall, undefined)
  }
}
