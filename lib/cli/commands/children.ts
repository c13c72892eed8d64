/** This file is the command `rbdkit children`. */

import { Command } from 'commander'
import { printable } from '../../internal/text.js'
import { action } from '../action.js'
import { formatImageSpec } from '../options/image-spec.js'
import { addFormatOption, addImageOptions, addOptions, type Flags } from '../options/options.js'

/** The clones of an image or of a snapshot. */
export function command(): Command {
  const children = new Command('children')
    .description('list the clones of an image or of a snapshot')
    .argument('[image-spec]', '[pool/[namespace/]]image[@snapshot]')
    .option('-a, --all', 'also those in the trash')
  addImageOptions(addFormatOption(children), { snapshot: true })
  return addOptions(children).action(
    action<Flags & { all?: boolean }, [string | undefined]>(
      async (session, text) => {
        const { all = false } = session.flags
        const image = await session.open(await session.imageSpec(text), { readOnly: true })
        const found = (await image.listChildren()).filter(({ trash }) => all || !trash)
        return {
          json: found.map(({ pool, namespace, image, id, trash }) => ({
            pool,
            pool_namespace: namespace,
            image,
            ...(all ? { id, trash } : {}),
          })),
          text: found
            .map((one) => `${printable(formatImageSpec(one))}${one.trash ? ` (trash ${one.id})` : ''}\n`)
            .join(''),
        }
      },
      1,
      true,
    ),
  )
}
