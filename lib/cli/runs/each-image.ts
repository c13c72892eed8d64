/** This file asks something of every image of a pool, several images at once. */

import type { IoCtx } from '../../rados/ioctx.js'
import type { Image } from '../../rbd/image.js'

/** Images open at the same time. */
const AT_ONCE = 8

/** What was found, and what an image did not tell. */
export interface Found<T> {
  readonly rows: T[]
  /** A line for each image that has none: it is damaged, or not for this user. */
  readonly troubles: string[]
}

/**
 * What `look` finds of each image, opened read-only, in the order of their names. Left out are images that are
 * removed meanwhile, or half removed. An image that cannot be looked at does not spoil the others.
 */
export async function eachImage<T>(
  ioctx: IoCtx,
  signal: AbortSignal,
  look: (image: Image) => Promise<T>,
): Promise<Found<T>> {
  const { Image } = await import('../../rbd/image.js')
  const names = (await Image.list(ioctx)).map(({ name }) => name).sort()
  const found = new Map<string, T>()
  const troubles = new Map<string, string>()
  const rest = names.values()
  const lane = async (): Promise<void> => {
    for (const name of rest) {
      signal.throwIfAborted()
      try {
        const image = await Image.open(ioctx, name, { readOnly: true, signal })
        try {
          found.set(name, await look(image))
        } finally {
          await image.close()
        }
      } catch (error) {
        signal.throwIfAborted()
        const { code, message } = error as { code?: unknown; message: string }
        if (code !== 'ENOENT') troubles.set(name, message)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  const inOrder = <V>(values: Map<string, V>): V[] =>
    names.flatMap((name) => (values.has(name) ? [values.get(name) as V] : []))
  return { rows: inOrder(found), troubles: inOrder(troubles) }
}
