/** `rbdkit export`. */

import { Command } from 'commander'
import { action } from '../action.js'
import { checkStandardOutput, runCopy, standardOutput } from '../copying.js'
import { addCopyOptions, addOptions, type CopyFlags } from '../options.js'

/** Copies an image, or a snapshot of it, to a new file or to standard output. */
export function command(): Command {
  const exporting = new Command('export')
    .description('copy an image or a snapshot to a new raw file')
    .argument('<image-spec>', '[pool/[namespace/]]image[@snapshot]')
    .argument('[path]', "the file to make, or - for standard output (default: the image's name, here)")
  return addOptions(addCopyOptions(exporting)).action(
    action<CopyFlags, [string, string | undefined]>((session, image, path) => {
      const spec = session.imageSpec(image)
      if (path !== '-') return runCopy(session, spec, { file: path ?? spec.image })
      checkStandardOutput(session, 'a disk')
      return runCopy(session, spec, standardOutput)
    }),
  )
}
