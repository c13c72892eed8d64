/** This file is the command line of `rbdkit import`; the work is in ../runs/copying.ts and ../runs/image-streams.ts. */

import { basename } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { DiskFormat } from '../../copy/types.js'
import { action } from '../action.js'
import {
  addCopyOptions,
  addDestinationNameOptions,
  addImageOptions,
  addLayoutOptions,
  addOptions,
  destinationOf,
} from '../options/options.js'
import { runCopy, standardInput } from '../runs/copying.js'
import { addExportFormatOption, type FormatFlags, runImageImport } from '../runs/image-streams.js'

const formats: readonly DiskFormat[] = ['raw', 'qcow2', 'vmdk', 'vhdx', 'vdi', 'vpc']

interface ImportFlags extends FormatFlags {
  readonly format?: DiskFormat
}

/** Copies a file, a block device or standard input to a new image. */
export function command(): Command {
  const importing = new Command('import')
    .description('copy a file in raw or another format or a block device to a new image')
    .argument('<path>', 'the file, or - for standard input, which is raw')
    .argument('[image-spec]', "the image to make (default: the file's name)")
    .addOption(
      new Option(
        '--format <format>',
        'how the file holds the disk (default: as its name ends; QEMU reads vmdk, vhdx, vdi and vpc)',
      ).choices(formats),
    )
    .option('--trust-metadata', 'with --export-format 2: also metadata that configures librbd (conf_*)')
  addImageOptions(addCopyOptions(addLayoutOptions(addExportFormatOption(importing))), { snapshot: false })
  return addOptions(addDestinationNameOptions(importing)).action(
    action<ImportFlags, [string, string | undefined]>(async (session, path, image) => {
      const { format, exportFormat, trustMetadata } = session.flags
      const name = image ?? session.flags.dest ?? session.flags.image
      if (path === '-' && name === undefined) {
        throw new InvalidArgumentError("'-' has no name: say which image to make")
      }
      const to = await session.newImageSpec(name ?? basename(path), destinationOf(session.flags))
      if (exportFormat === '2') return runImageImport(session, path, to)
      if (trustMetadata) throw new InvalidArgumentError('--trust-metadata goes with --export-format 2')
      if (path === '-' && format !== undefined && format !== 'raw') {
        throw new InvalidArgumentError(`--format ${format}: standard input is raw`)
      }
      const file = { file: path, ...(format === undefined ? {} : { format }) }
      const from = path === '-' ? standardInput : file
      return runCopy(session, from, to)
    }),
  )
}
