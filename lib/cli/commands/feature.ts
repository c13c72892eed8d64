/** This file is the command `rbdkit feature`, which is about the features of an image. */

import { Command, InvalidArgumentError } from 'commander'
import type { Feature } from '../../rbd/features.js'
import type { Image } from '../../rbd/image.js'
import { action } from '../action.js'
import { formatImageSpec } from '../options/image-spec.js'
import { addImageOptions, addOptions, type Flags } from '../options/options.js'

function changing(
  name: string,
  description: string,
  done: string,
  change: (image: Image, features: Feature[]) => Promise<void>,
): Command {
  const command = new Command(name).description(description)
  return addOptions(addImageOptions(command, { snapshot: false }))
    .argument('[image-spec]', '[pool/[namespace/]]image')
    .argument(
      '[features...]',
      'exclusive-lock, object-map, fast-diff, journaling; disable: deep-flatten as well',
    )
    .action(
      action<Flags, [string | undefined, string[]]>(async (session, text, names) => {
        const spec = await session.imageSpec(text, 'none')
        const features = names.flatMap((one) => one.split(',')) as Feature[]
        if (features.length === 0) throw new InvalidArgumentError("missing required argument 'features'")
        await change(await session.open(spec, { readOnly: false }), features)
        return { json: { [done]: { image: formatImageSpec(spec), features } }, text: '' }
      }),
    )
}

/** The features of an image. */
export function command(): Command {
  return new Command('feature')
    .description('enable, disable features of an image')
    .addCommand(
      changing('enable', 'give an image features', 'enabled', (image, features) =>
        image.features.enable(features),
      ),
    )
    .addCommand(
      changing('disable', 'take features from an image', 'disabled', (image, features) =>
        image.features.disable(features),
      ),
    )
}
