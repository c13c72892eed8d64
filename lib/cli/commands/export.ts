/** This file is the command line of `rbdkit export`; the work is in ../runs/copying.ts and ../runs/image-streams.ts. */

import { Command } from 'commander'
import { action } from '../action.js'
import { addCopyOptions, addImageOptions, addOptions } from '../options/options.js'
import { checkStandardOutput, runCopy, standardOutput } from '../runs/copying.js'
import { addExportFormatOption, type FormatFlags, runImageExport } from '../runs/image-streams.js'

/** Copies an image, or a snapshot of it, to a new file or to standard output. */
export function command(): Command {
  const exporting = new Command('export')
    .description('copy an image or a snapshot to a new raw file, or an image with its snapshots to a stream')
    .argument('[image-spec]', '[pool/[namespace/]]image[@snapshot]')
    .argument('[path]', "the file to make, or - for standard output (default: the image's name, here)")
  addImageOptions(addCopyOptions(addExportFormatOption(exporting)), { snapshot: true })
  return addOptions(exporting).action(
    action<FormatFlags, [string | undefined, string | undefined]>(async (session, image, path) => {
      if (session.flags.exportFormat === '2') {
        const whole = await session.imageSpec(image, 'none')
        return runImageExport(session, whole, path ?? whole.image)
      }
      const spec = await session.imageSpec(image)
      if (path !== '-') return runCopy(session, spec, { file: path ?? spec.image })
      checkStandardOutput(session, 'a disk')
      return runCopy(session, spec, standardOutput)
    }),
  )
}
