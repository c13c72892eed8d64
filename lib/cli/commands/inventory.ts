/** This file is the command `rbdkit inventory`. */

import { Command } from 'commander'
import { formatBytes } from '../../internal/text.js'
import type { InventoryImage } from '../../rbd/inventory/types.js'
import { action } from '../action.js'
import { formatImageSpec } from '../options/image-spec.js'
import { addFormatOption, addOptions, type Flags } from '../options/options.js'
import { takeInventory } from '../runs/inventory.js'
import { table } from '../terminal/table.js'

interface InventoryFlags extends Flags {
  readonly usage: boolean
  readonly watchers?: boolean
  readonly trash: boolean
}

function toCells(image: InventoryImage): string[] {
  const used = image.snapshots.reduce((sum, { usage = 0 }) => sum + usage, image.usage ?? 0)
  return [
    image.name,
    formatBytes(image.size),
    image.usage === undefined ? '' : formatBytes(used),
    String(image.snapshots.length),
    image.parent === undefined ? '' : formatImageSpec(image.parent),
    image.group?.group ?? '',
    image.mirroring?.mode ?? '',
    image.lockers.map(({ client }) => client).join(' '),
    image.trash === undefined ? '' : 'trash',
  ]
}

const heads = ['NAME', 'SIZE', 'USED', 'SNAPS', 'PARENT', 'GROUP', 'MIRROR', 'LOCKED BY', '']

/** All that there is to tell of the images of a pool. */
export function command(): Command {
  const inventory = new Command('inventory')
    .description('all there is to tell of the images of a pool or of a namespace')
    .argument('[pool-spec]', 'pool[/namespace] (default: --pool)')
    .option('--no-usage', 'without what images take')
    .option('--no-trash', 'without the images in the trash')
    .option('--watchers', 'also who has an image open, for which each is opened')
  return addFormatOption(addOptions(inventory)).action(
    action<InventoryFlags, [string | undefined]>(
      async (session, text) => {
        const { usage, trash, watchers = false } = session.flags
        const options = { usage, trash, watchers, signal: session.signal }
        const ioctx = await session.ioctx(await session.poolSpec(text))
        const { images, troubles } = await takeInventory(ioctx, options)
        return {
          json: images,
          text: () => (images.length === 0 ? '' : table([heads, ...images.map(toCells)], [1, 2, 3])),
          troubles,
        }
      },
      1,
      true,
    ),
  )
}
