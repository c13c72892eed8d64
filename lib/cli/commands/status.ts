/** This file is the command `rbdkit status`. */

import { Command } from 'commander'
import { action } from '../action.js'
import { addFormatOption, addImageOptions, addOptions, type Flags } from '../options/options.js'

/** Who has an image open. */
export function command(): Command {
  const status = new Command('status')
    .description('show who has an image open for writing')
    .argument('[image-spec]', '[pool/[namespace/]]image')
  addImageOptions(addFormatOption(status), { snapshot: false })
  return addOptions(status).action(
    action<Flags, [string | undefined]>(
      async (session, text) => {
        const image = await session.open(await session.imageSpec(text, 'none'), { readOnly: true })
        const watchers = await image.listWatchers()
        const lines = watchers.map(
          ({ address, id, cookie }) => `  watcher=${address} client.${id} cookie=${cookie}\n`,
        )
        return {
          json: {
            watchers: watchers.map(({ address, id, cookie }) => ({
              address,
              client: Number(id),
              cookie: Number(cookie),
            })),
          },
          text: watchers.length === 0 ? 'Watchers: none\n' : `Watchers:\n${lines.join('')}`,
        }
      },
      1,
      true,
    ),
  )
}
