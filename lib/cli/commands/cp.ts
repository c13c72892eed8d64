/** This file is the command line of `rbdkit cp`; the work is in ../runs/copying.ts. */

import { Command, Option } from 'commander'
import { action } from '../action.js'
import { addDestinationOptions } from '../options/connection.js'
import {
  addCopyOptions,
  addDestinationNameOptions,
  addImageOptions,
  addLayoutOptions,
  addOptions,
  type CopyFlags,
  destinationOf,
} from '../options/options.js'
import { runCopy } from '../runs/copying.js'

/** Copies an image, or a snapshot of it, to a new image. */
export function command(): Command {
  const cp = new Command('cp')
    .alias('copy')
    .description('copy an image or a snapshot to a new image')
    .argument('[source-image-spec]', '[pool/[namespace/]]image[@snapshot]')
    .argument('[image-spec]', 'the image to make; what is not said of its layout is as the source has it')
    .option('--deep', 'with its snapshots and its metadata')
    .option('--keep-parent', 'with --deep: a clone of the same parent as the source')
    .addOption(
      new Option(
        '--server-side <when>',
        'whether the OSDs copy the data among themselves (default: never)',
      ).choices(['never', 'auto', 'require']),
    )
  addImageOptions(addCopyOptions(addLayoutOptions(cp)), { snapshot: true })
  return addDestinationOptions(addOptions(addDestinationNameOptions(cp))).action(
    action<CopyFlags, [string | undefined, string | undefined]>(async (session, source, destination) => {
      const { flags } = session
      const from = await session.imageSpec(source)
      const there = session.destination(flags)
      return runCopy(session, from, await there.newImageSpec(destination ?? flags.dest, destinationOf(flags)))
    }),
  )
}
