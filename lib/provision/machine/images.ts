/** This file is how images are called, made and removed as parts of a machine. */

import { setTimeout as sleep } from 'node:timers/promises'
import { Image } from '../../index.js'
import { isCode } from '../record.js'
import type { Step } from '../steps.js'
import type { OpenPools } from './pools.js'

/** An image by its names. */
export interface Place {
  readonly pool: string
  /** Absent or empty: the pool's own. */
  readonly namespace?: string | undefined
  readonly image: string
}

/** How an image is called in messages and records: `pool/image`, `pool/namespace/image`. */
export function spec({ pool, namespace, image }: Place): string {
  return [pool, namespace, image].filter(Boolean).join('/')
}

/** Removes an image; `false`: there is none. A QEMU that was just stopped may still have it open, so it is tried until the signal is aborted. */
export async function removeImage(
  pools: OpenPools,
  { pool, namespace, image }: Place,
  signal: AbortSignal,
): Promise<boolean> {
  const ioctx = await pools.open(pool, namespace)
  for (;;) {
    try {
      await Image.remove(ioctx, image)
      return true
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false
      if (!isCode(error, 'EBUSY') || signal.aborted) throw error
      await sleep(200)
    }
  }
}

/** The step that makes an image. What somebody else has made meanwhile is not removed when it is undone. */
export function imageStep(name: string, pools: OpenPools, place: Place, make: () => Promise<unknown>): Step {
  let ours = false
  return {
    name,
    async run() {
      ours = true
      try {
        await make()
      } catch (error) {
        if (isCode(error, 'EEXIST')) ours = false
        throw error
      }
      return 'made'
    },
    undo: async (signal) => ours && removeImage(pools, place, signal),
  }
}
