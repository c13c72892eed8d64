/** This file is the command `rbdkit sparsify`. */

import { Command } from 'commander'
import { onImage } from '../one-image.js'
import { parseSize } from '../options/fio-values.js'
import type { Flags } from '../options/options.js'

/** Gives back what holds zeros only. */
export function command(): Command {
  const sparsify = new Command('sparsify')
    .description('give back the space of zeros')
    .option(
      '--sparse-size <size>',
      'bytes of zeros that are worth it: a power of two (default: 4k)',
      parseSize,
    )
  return onImage<Flags & { sparseSize?: number }, 'none'>(
    sparsify,
    { done: 'sparsified', snapshot: 'none', long: true },
    (image, _, session) => {
      const { sparseSize } = session.flags
      const operation = session.operation('sparsifying')
      return image.sparsify(sparseSize === undefined ? operation : { ...operation, sparseSize })
    },
  )
}
