/** This file takes the inventory of a pool for the commands that show it. */

import type { IoCtx } from '../../rados/ioctx.js'
import type { InventoryImage, InventoryOptions } from '../../rbd/inventory/types.js'

/** What was found, and what an image did not tell. */
export interface Found {
  readonly images: InventoryImage[]
  /** A line for each image of which nothing can be told: it is damaged, or not for this user. */
  readonly troubles: string[]
}

export async function takeInventory(ioctx: IoCtx, options: InventoryOptions): Promise<Found> {
  const { inventory } = await import('../../rbd/inventory/inventory.js')
  const images: InventoryImage[] = []
  const troubles: string[] = []
  for await (const entry of inventory(ioctx, options)) {
    if (entry.error === undefined) images.push(entry)
    else troubles.push(entry.error.message)
  }
  return { images, troubles }
}
