/** This file is the command `rbdkit resize`. */

import { Command } from 'commander'
import { onImage } from '../one-image.js'
import { parseImageSize } from '../options/image-size.js'
import type { Flags } from '../options/options.js'

type ResizeFlags = Flags & { readonly size: number; readonly allowShrink?: boolean }

/** Grows or shrinks an image. */
export function command(): Command {
  const resize = new Command('resize')
    .description('grow an image, or shrink it')
    .requiredOption('-s, --size <size>', 'of the disk: 10g, 512m; a number alone is MiB', parseImageSize)
    .option('--allow-shrink', 'also make it smaller; what is beyond the new end is lost')
  return onImage<ResizeFlags, 'none'>(
    resize,
    { done: 'resized', snapshot: 'none', long: true },
    (image, _, session) => {
      const { size, allowShrink = false } = session.flags
      return image.resize(size, { ...session.operation('resizing'), allowShrink })
    },
  )
}
