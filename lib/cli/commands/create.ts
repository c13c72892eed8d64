/** This file is the command `rbdkit create`. */

import { Command } from 'commander'
import type { IoCtx } from '../../rados/ioctx.js'
import { action } from '../action.js'
import { parseImageSize } from '../options/image-size.js'
import { formatImageSpec } from '../options/image-spec.js'
import {
  addImageOptions,
  addLayoutOptions,
  addOptions,
  addProgressOption,
  type LayoutFlags,
  toLayout,
} from '../options/options.js'
import type { Session } from '../session.js'

type CreateFlags = LayoutFlags & { readonly size: number; readonly thickProvision?: boolean }

/** Zeros are stored by pieces of so many bytes, so that there is something to show. */
const PIECE = 2 ** 26

/** Stores zeros everywhere. An image that is not filled is removed again, as nobody can tell. */
async function fill(session: Session<CreateFlags>, ioctx: IoCtx, name: string): Promise<void> {
  const { Image } = await import('../../rbd/image.js')
  const { size } = session.flags
  const { signal, onProgress } = session.operation('filling')
  try {
    await using image = await Image.open(ioctx, name)
    for (let at = 0; at < size; at += PIECE) {
      await image.writeZeroes(at, Math.min(PIECE, size - at), { thick: true, ...(signal && { signal }) })
      onProgress?.({ done: Math.min(size, at + PIECE), total: size })
    }
    await image.flush()
  } catch (error) {
    await Image.remove(ioctx, name).catch(() => {})
    throw error
  }
}

/** Makes an empty image. */
export function command(): Command {
  const create = new Command('create')
    .description('make an empty image; it takes no space until it is written')
    .argument('[image-spec]', '[pool/[namespace/]]image')
    .requiredOption('-s, --size <size>', 'of the disk: 10g, 512m; a number alone is MiB', parseImageSize)
    .option('--thick-provision', 'store zeros everywhere, so that it takes its whole size at once')
  addProgressOption(create)
  addImageOptions(addLayoutOptions(create), { snapshot: false })
  return addOptions(create).action(
    action<CreateFlags, [string | undefined]>(async (session, text) => {
      const { flags, signal } = session
      const layout = toLayout(flags)
      const spec = await session.imageSpec(text, 'none')
      const { Image } = await import('../../rbd/image.js')
      const ioctx = await session.ioctx(spec)
      await Image.create(ioctx, spec.image, { ...layout, size: flags.size, signal })
      if (flags.thickProvision) await fill(session, ioctx, spec.image)
      return { json: { created: formatImageSpec(spec) }, text: '' }
    }),
  )
}
