/** `rbdkit import`. */

import { basename } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { action } from '../action.js'
import { runCopy, standardInput } from '../copying.js'
import { addCopyOptions, addLayoutOptions, addOptions, type CopyFlags } from '../options.js'

/** Copies a file, a block device or standard input to a new image. */
export function command(): Command {
  const importing = new Command('import')
    .description('copy a raw or qcow2 file or a block device to a new image')
    .argument('<path>', 'the file, or - for standard input, which is raw')
    .argument('[image-spec]', "the image to make (default: the file's name)")
  return addOptions(addCopyOptions(addLayoutOptions(importing))).action(
    action<CopyFlags, [string, string | undefined]>((session, path, image) => {
      if (path === '-' && image === undefined) {
        throw new InvalidArgumentError("'-' has no name: say which image to make")
      }
      const from = path === '-' ? standardInput : { file: path }
      return runCopy(session, from, session.imageSpec(image ?? basename(path), 'none'))
    }),
  )
}
