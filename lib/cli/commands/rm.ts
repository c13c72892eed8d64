/** This file is the command `rbdkit rm`. */

import { Command } from 'commander'
import { action } from '../action.js'
import { formatImageSpec, type ImageSpec } from '../options/image-spec.js'
import { addImageOptions, addOptions, addProgressOption, type Flags } from '../options/options.js'
import type { Session } from '../session.js'
import { say } from '../terminal/terminal.js'

/** Whether other clusters follow the image. An image that cannot be opened is left to the removal's own error. */
async function isPrimary(session: Session, spec: ImageSpec): Promise<boolean> {
  try {
    const image = await session.open(spec, { readOnly: true })
    try {
      return (await image.mirror.info({ signal: session.signal }))?.primary === true
    } finally {
      await image.close({ signal: session.signal })
    }
  } catch {
    return false
  }
}

/** Removes an image. */
export function command(): Command {
  const rm = new Command('rm')
    .alias('remove')
    .description('remove an image and its data; not one that has snapshots or is open somewhere')
    .argument('[image-spec]', '[pool/[namespace/]]image')
  addImageOptions(addProgressOption(rm), { snapshot: false })
  return addOptions(rm).action(
    action<Flags, [string | undefined]>(async (session, text) => {
      const spec = await session.imageSpec(text, 'none')
      const ioctx = await session.ioctx(spec)
      const { Image } = await import('../../rbd/image.js')
      const isMirrored = await isPrimary(session, spec)
      await Image.remove(ioctx, spec.image, session.operation('removing'))
      if (isMirrored) say(`'${formatImageSpec(spec)}' was mirrored: its copies in other clusters go with it`)
      return { json: { removed: formatImageSpec(spec) }, text: '' }
    }),
  )
}
