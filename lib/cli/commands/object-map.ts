/** This file is the command `rbdkit object-map`, which is about the object map of an image. */

import { Command } from 'commander'
import type { NamedObjects } from '../../rbd/object-map.js'
import { aboutImage, onImage } from '../one-image.js'

/** The first of them. */
const SHOWN = 8

function line(what: string, { count, objects }: NamedObjects): string {
  if (count === 0) return ''
  const shown = objects.slice(0, SHOWN).join(', ')
  return `  ${count} ${what}: ${shown}${count > SHOWN ? ', ...' : ''}\n`
}

/** The object map of an image. */
export function command(): Command {
  const rebuild = new Command('rebuild').description('make the map anew from the objects that there are')
  const check = new Command('check').description(
    'compare the map with the objects; status 1 when they differ',
  )
  return new Command('object-map')
    .description('rebuild, check the object map of an image')
    .addCommand(
      onImage(rebuild, { done: 'rebuilt', snapshot: 'none', long: true }, (image, _, session) =>
        image.objectMap.rebuild(session.operation('rebuilding')),
      ),
    )
    .addCommand(
      aboutImage(check, { snapshot: 'none', long: true, readOnly: true }, async (image, _, session) => {
        const found = await image.objectMap.check(session.operation('checking'))
        const text = !found.valid
          ? 'the object map is invalid: rbdkit object-map rebuild\n'
          : `${found.objects} objects: ${found.ok ? 'the map is right' : 'the map is wrong'}\n`
        const lost = line('that the map has are not there, and read as zeros', found.lost)
        const unlisted = line(
          'are there and not in the map, and read as zeros until it is rebuilt',
          found.unlisted,
        )
        return { json: found, text: `${text}${lost}${unlisted}`, status: found.ok ? 0 : 1 }
      }),
    )
}
