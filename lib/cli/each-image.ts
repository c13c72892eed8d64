/** Something of every image of a pool, several images at once. */

import type { IoCtx } from '../rados/ioctx.js'
import type { Image } from '../rbd/image.js'

/** Images open at the same time. */
const AT_ONCE = 8

/**
 * What `look` finds of each image, opened read-only, in the order of their names. Left out are images that are
 * removed meanwhile, or half removed.
 */
export async function eachImage<T>(
  ioctx: IoCtx,
  signal: AbortSignal,
  look: (image: Image) => Promise<T>,
): Promise<T[]> {
  const { Image } = await import('../rbd/image.js')
  const names = (await Image.list(ioctx)).map(({ name }) => name).sort()
  const found = new Map<string, T>()
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
        if ((error as { code?: unknown }).code !== 'ENOENT') throw error
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return names.flatMap((name) => (found.has(name) ? [found.get(name) as T] : []))
}
