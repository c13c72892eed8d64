/** `rbdkit cp`. */

import { Command, Option } from 'commander'
import { action } from '../action.js'
import { addDestinationOptions } from '../connection.js'
import { runCopy } from '../copying.js'
import { addCopyOptions, addLayoutOptions, addOptions, type CopyFlags } from '../options.js'

/** Copies an image, or a snapshot of it, to a new image. */
export function command(): Command {
  const cp = new Command('cp')
    .alias('copy')
    .description('copy an image or a snapshot to a new image')
    .argument('<source-image-spec>', '[pool/[namespace/]]image[@snapshot]')
    .argument('<image-spec>', 'the image to make; what is not said of its layout is as the source has it')
    .option('--deep', 'with its snapshots and its metadata')
    .option('--keep-parent', 'with --deep: a clone of the same parent as the source')
    .addOption(
      new Option(
        '--server-side <when>',
        'whether the OSDs copy the data among themselves (default: never)',
      ).choices(['never', 'auto', 'require']),
    )
  return addDestinationOptions(addOptions(addCopyOptions(addLayoutOptions(cp)))).action(
    action<CopyFlags, [string, string]>((session, source, destination) =>
      runCopy(session, session.imageSpec(source), session.imageSpec(destination, 'none')),
    ),
  )
}
