/** This file has librbd tell what an image and its snapshots take, where the object maps do not. */

import type { NativeHeaderSnapshot } from '../../internal/native/rbd.js'
import type { IoCtx } from '../../rados/ioctx.js'

/**
 * Bytes of the objects written since the snapshot before: of each snapshot, oldest first, and of the image, which is opened
 * at each of them.
 */
export async function usageOf(
  ioctx: IoCtx,
  id: string,
  snapshots: readonly NativeHeaderSnapshot[],
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const { Image } = await import('../image.js')
  const usage: number[] = []
  let before: { fromSnapshot?: string } = {}
  for (const snapshot of [...snapshots, undefined]) {
    if (snapshot !== undefined && snapshot.namespace !== 'user') {
      usage.push(0)
      continue
    }
    const at = snapshot === undefined ? {} : { snapshot: snapshot.name }
    const image = await Image.open(ioctx, { id }, { readOnly: true, ...at, ...(signal && { signal }) })
    try {
      usage.push(await image.diskUsage({ ...before, ...(signal && { signal }) }))
    } finally {
      await image.close()
    }
    if (snapshot !== undefined) before = { fromSnapshot: snapshot.name }
  }
  return usage
}
