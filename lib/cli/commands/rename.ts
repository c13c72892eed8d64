/** This file is the command `rbdkit rename`. */

import { Command, InvalidArgumentError } from 'commander'
import { action } from '../action.js'
import { formatImageSpec } from '../options/image-spec.js'
import {
  addDestinationNameOptions,
  addImageOptions,
  addOptions,
  type CopyFlags,
  destinationOf,
} from '../options/options.js'

/** Renames an image. */
export function command(): Command {
  const rename = new Command('rename')
    .alias('mv')
    .description('rename an image within its pool and namespace')
    .argument('[source-image-spec]', '[pool/[namespace/]]image')
    .argument('[image-spec]', 'its new name; without a pool it stays in its own')
  addImageOptions(rename, { snapshot: false })
  return addOptions(addDestinationNameOptions(rename)).action(
    action<CopyFlags, [string | undefined, string | undefined]>(async (session, source, destination) => {
      const { flags, signal } = session
      const from = await session.imageSpec(source, 'none')
      const to = await session.newImageSpec(destination ?? flags.dest, {
        ...from,
        ...(flags.destPool === undefined && flags.destNamespace === undefined ? {} : destinationOf(flags)),
      })
      if (to.pool !== from.pool || to.namespace !== from.namespace)
        throw new InvalidArgumentError(
          'an image keeps its pool and namespace: rbdkit cp makes it in another one',
        )
      const { Image } = await import('../../rbd/image.js')
      await Image.rename(await session.ioctx(from), from.image, to.image, { signal })
      return { json: { renamed: { from: formatImageSpec(from), to: formatImageSpec(to) } }, text: '' }
    }),
  )
}
