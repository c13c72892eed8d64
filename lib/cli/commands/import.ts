/** `rbdkit import`. */

import { basename } from 'node:path'
import { Command } from 'commander'
import { action } from '../action.js'
import { runCopy } from '../copying.js'
import { addCopyOptions, addLayoutOptions, addOptions, type CopyFlags } from '../options.js'
import { checkFile } from '../output.js'

/** Copies a file or block device to a new image. */
export function command(): Command {
  const importing = new Command('import')
    .description('copy a raw or qcow2 file or a block device to a new image')
    .argument('<path>', 'the file')
    .argument('[image-spec]', "the image to make (default: the file's name)")
  return addOptions(addCopyOptions(addLayoutOptions(importing))).action(
    action<CopyFlags, [string, string | undefined]>((session, path, image) => {
      checkFile(path)
      return runCopy(session, { file: path }, session.imageSpec(image ?? basename(path), 'none'))
    }),
  )
}
