/** This file is the command `rbdkit clone`. */

import { Command, Option } from 'commander'
import { action } from '../action.js'
import { formatImageSpec } from '../options/image-spec.js'
import {
  addDestinationNameOptions,
  addImageOptions,
  addLayoutOptions,
  addOptions,
  type CopyFlags,
  destinationOf,
  toLayout,
} from '../options/options.js'

type CloneFlags = CopyFlags & { readonly cloneFormat?: '1' | '2' }

/** Makes a clone of a snapshot. */
export function command(): Command {
  const clone = new Command('clone')
    .description('make an image that shares the data of a snapshot until it is written')
    .argument('[source-snap-spec]', '[pool/[namespace/]]image@snapshot')
    .argument('[image-spec]', 'the image to make')
    .addOption(
      new Option(
        '--clone-format <format>',
        '1 needs a protected snapshot (default: as the cluster has it)',
      ).choices(['1', '2']),
    )
  addImageOptions(addLayoutOptions(clone), { snapshot: true })
  return addOptions(addDestinationNameOptions(clone)).action(
    action<CloneFlags, [string | undefined, string | undefined]>(async (session, source, destination) => {
      const { flags, signal } = session
      const layout = toLayout(flags)
      const { image, snapshot = '', ...from } = await session.imageSpec(source, 'needed')
      const to = await session.newImageSpec(destination ?? flags.dest, destinationOf(flags))
      const { Image } = await import('../../rbd/image.js')
      const [ioctx, there] = [await session.ioctx(from), await session.ioctx(to)]
      const format =
        flags.cloneFormat === undefined ? {} : { cloneFormat: Number(flags.cloneFormat) as 1 | 2 }
      await Image.clone(ioctx, { image, snapshot }, there, to.image, { ...layout, ...format, signal })
      return { json: { created: formatImageSpec(to) }, text: '' }
    }),
  )
}
