/** This file is the command `rbdkit flatten`. */

import { Command } from 'commander'
import { onImage } from '../one-image.js'

/** Makes a clone independent of its parent. */
export function command(): Command {
  const flatten = new Command('flatten').description(
    'copy what a clone still shares with its parent, and let the parent go',
  )
  return onImage(flatten, { done: 'flattened', snapshot: 'none', long: true }, (image, _, session) =>
    image.flatten(session.operation('flattening')),
  )
}
