/** `rbdkit import`. */

import { basename } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { DiskFormat } from '../../copy/types.js'
import { action } from '../action.js'
import { runCopy, standardInput } from '../copying.js'
import { addExportFormatOption, type FormatFlags, runImageImport } from '../image-streams.js'
import { addCopyOptions, addLayoutOptions, addOptions } from '../options.js'

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
  return addOptions(addCopyOptions(addLayoutOptions(addExportFormatOption(importing)))).action(
    action<ImportFlags, [string, string | undefined]>((session, path, image) => {
      const { format, exportFormat, trustMetadata } = session.flags
      if (path === '-' && image === undefined) {
        throw new InvalidArgumentError("'-' has no name: say which image to make")
      }
      const to = session.imageSpec(image ?? basename(path), 'none')
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
