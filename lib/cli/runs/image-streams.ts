/** This file does `--export-format 2`: an image with its snapshots in one stream, as `rbd` has it. */

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DiffInput, DiffOutput } from '../../copy/diff.js'
import type { ImageStreamInfo } from '../../copy/image-stream.js'
import { formatBytes } from '../../internal/text.js'
import { formatImageSpec, type ImageSpec } from '../options/image-spec.js'
import { type CopyFlags, toJobOptions, toLayout } from '../options/options.js'
import type { Report, Session } from '../session.js'
import { Interrupted } from '../terminal/signals.js'
import { interrupted } from '../terminal/warnings.js'
import { checkStandardOutput, watched } from './copying.js'
import { nothingOf, toDiffInput } from './diffing.js'

/** The flags of `import` and `export`. */
export interface FormatFlags extends CopyFlags {
  readonly exportFormat?: '1' | '2'
  /** Of `import` only. */
  readonly trustMetadata?: boolean
}

/** Adds `--export-format`. */
export function addExportFormatOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--export-format <n>',
      "2: rbd's stream of an image with its snapshots (default: 1, the disk)",
    ).choices(['1', '2']),
  )
}

/** Throws commander's error for options that are for copies of one disk. */
function checkFlags({ verify, replace, replaceLoses, force, resume, bwlimit, format }: FormatFlags): void {
  const given = {
    '--verify': verify !== undefined,
    '--replace': replace,
    '--replace-loses': replaceLoses,
    '--force': force,
    '--resume': resume,
    '--bwlimit': bwlimit,
    '--format': format,
  }
  for (const [name, value] of Object.entries(given)) {
    if (value) throw new InvalidArgumentError(`--export-format 2 goes without ${name}`)
  }
}

function toReport(from: string, to: string, info: ImageStreamInfo): Report {
  const { size, snapshots, dataBytes, fileBytes, digest, droppedMetadata } = info
  const history = snapshots.length === 0 ? 'no snapshots' : `snapshots ${snapshots.join(', ')}`
  const left =
    droppedMetadata.length === 0
      ? ''
      : `left out, for it configures librbd: ${droppedMetadata.join(', ')} (--trust-metadata takes it)\n`
  return {
    json: { source: from, destination: to, ...info },
    text:
      `${from} -> ${to}: ${formatBytes(size)}, ${history}, ${formatBytes(dataBytes)} of data, ` +
      `a stream of ${formatBytes(fileBytes)}, ${digest}\n${left}`,
    aside: to === '-',
  }
}

async function run(
  from: string,
  to: string,
  left: string,
  job: () => Promise<ImageStreamInfo>,
): Promise<Report> {
  try {
    return toReport(from, to, await job())
  } catch (error) {
    if (error instanceof Interrupted) error.message = interrupted(error.message, left)
    throw error
  }
}

/** Writes an image with its snapshots to a file, or to standard output for `-`. */
export async function runImageExport(
  session: Session<FormatFlags>,
  spec: ImageSpec,
  path: string,
): Promise<Report> {
  checkFlags(session.flags)
  if (path === '-') checkStandardOutput(session, 'a stream')
  const { exportImage } = await import('../../copy/image-stream.js')
  const source = { ioctx: await session.ioctx(spec), image: spec.image }
  const to: DiffOutput = path === '-' ? { fd: 1 } : { file: path }
  const options = { ...watched(session), ...toJobOptions(session.flags) }
  return run(formatImageSpec(spec), path, nothingOf(path, 'stream'), async () =>
    exportImage(source, to, options),
  )
}

/** Makes an image with its snapshots of a file, or of standard input for `-`. */
export async function runImageImport(
  session: Session<FormatFlags>,
  path: string,
  spec: ImageSpec,
): Promise<Report> {
  checkFlags(session.flags)
  const { trustMetadata = false } = session.flags
  const { importImage } = await import('../../copy/image-stream.js')
  const destination = {
    ioctx: await session.ioctx(spec),
    image: spec.image,
    ...toLayout(session.flags),
  }
  const from: DiffInput = toDiffInput(path)
  const options = { ...watched(session), ...toJobOptions(session.flags), trustMetadata }
  const name = formatImageSpec(spec)
  return run(path, name, `nothing is left of '${name}'`, async () => importImage(from, destination, options))
}
