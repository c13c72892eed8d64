/** This file is the command `rbdkit diff`. */

import { Command } from 'commander'
import type { ImageExtent } from '../../rbd/diff.js'
import { action } from '../action.js'
import { addFormatOption, addImageOptions, addOptions, type Flags } from '../options/options.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

interface DiffFlags extends Flags {
  readonly fromSnap?: string
  readonly wholeObject?: boolean
}

async function list(session: Session<DiffFlags>, text: string | undefined): Promise<Report> {
  const { fromSnap, wholeObject = false } = session.flags
  const { signal } = session
  const image = await session.open(await session.imageSpec(text), { readOnly: true })
  const extents: ImageExtent[] = []
  const from = fromSnap === undefined ? {} : { from: fromSnap }
  for await (const extent of image.diff({ ...from, wholeObject, signal })) extents.push(extent)
  const cells = (): string[][] =>
    extents.map((one) => [String(one.position), String(one.length), one.exists ? 'data' : 'zero'])
  return {
    // rbd has its truth values as texts here.
    json: extents.map(({ position, length, exists }) => ({
      offset: position,
      length,
      exists: String(exists),
    })),
    text: () => (extents.length === 0 ? '' : table([['Offset', 'Length', 'Type'], ...cells()])),
  }
}

/** Where an image has data, or has changed. */
export function command(): Command {
  const diff = new Command('diff')
    .description('list where an image has data, or has changed since a snapshot')
    .argument('[image-spec]', '[pool/[namespace/]]image[@snapshot]')
    .option('--from-snap <snapshot>', 'what has changed since then')
    .option('--whole-object', 'objects as a whole, which costs little with the feature fast-diff')
  addImageOptions(addFormatOption(diff), { snapshot: true })
  return addOptions(diff).action(action<DiffFlags, [string | undefined]>(list, 1, true))
}
