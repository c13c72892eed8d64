/** `rbdkit rm`. */

import { Command } from 'commander'
import { action } from '../action.js'
import { explained } from '../explain.js'
import { formatImageSpec } from '../image-spec.js'
import { addOptions, addProgressOption, type Flags } from '../options.js'

/** Removes an image. */
export function command(): Command {
  const rm = new Command('rm')
    .alias('remove')
    .description('remove an image and its data; not one that has snapshots or is open somewhere')
    .argument('<image-spec>', '[pool/[namespace/]]image')
  return addOptions(addProgressOption(rm)).action(
    action<Flags, [string]>(async (session, text) => {
      const spec = session.imageSpec(text, 'none')
      const ioctx = await session.ioctx(spec)
      const { Image } = await import('../../rbd/image.js')
      await explained(session, spec, Image.remove(ioctx, spec.image, session.operation('removing')))
      return { json: { removed: formatImageSpec(spec) }, text: '' }
    }),
  )
}
