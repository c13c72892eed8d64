/** `rbdkit export`. */

import { Command } from 'commander'
import { action } from '../action.js'
import { runCopy } from '../copying.js'
import { addCopyOptions, addOptions, type CopyFlags } from '../options.js'
import { checkFile } from '../output.js'

/** Copies an image, or a snapshot of it, to a new file. */
export function command(): Command {
  const exporting = new Command('export')
    .description('copy an image or a snapshot to a new raw file')
    .argument('<image-spec>', '[pool/[namespace/]]image[@snapshot]')
    .argument('[path]', "the file to make (default: the image's name, here)")
  return addOptions(addCopyOptions(exporting)).action(
    action<CopyFlags, [string, string | undefined]>((session, image, path) => {
      const spec = session.imageSpec(image)
      const file = path ?? spec.image
      checkFile(file)
      return runCopy(session, spec, { file })
    }),
  )
}
