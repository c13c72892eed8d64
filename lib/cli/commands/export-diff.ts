/** This file is the command line of `rbdkit export-diff`; the work is in ../runs/diffing.ts. */

import { Command, InvalidArgumentError } from 'commander'
import { action } from '../action.js'
import { formatImageSpec } from '../options/image-spec.js'
import {
  addImageOptions,
  addJobOptions,
  addOptions,
  type JobFlags,
  toJobOptions,
} from '../options/options.js'
import { toImageSource } from '../runs/copying.js'
import { nothingOf, runDiff, toDiffOutput } from '../runs/diffing.js'
import type { Report, Session } from '../session.js'

interface ExportDiffFlags extends JobFlags {
  readonly fromSnap?: string
  readonly wholeObject?: boolean
}

async function run(
  session: Session<ExportDiffFlags>,
  image: string | undefined,
  path: string | undefined,
): Promise<Report> {
  const { fromSnap, wholeObject, ...flags } = session.flags
  if (path === undefined) throw new InvalidArgumentError("missing required argument 'path'")
  const spec = await session.imageSpec(image)
  const diff = toDiffOutput(session, path)
  const { exportDiff } = await import('../../copy/export-diff.js')
  const source = await toImageSource(session, spec)
  return runDiff(session, {
    from: formatImageSpec(spec),
    to: path,
    left: nothingOf(path),
    start: (options) =>
      exportDiff(source, diff, {
        ...options,
        ...toJobOptions(flags),
        ...(fromSnap === undefined ? {} : { fromSnapshot: fromSnap }),
        ...(wholeObject === undefined ? {} : { wholeObject }),
      }),
  })
}

/** Writes what changed in an image to a diff. */
export function command(): Command {
  const exporting = new Command('export-diff')
    .description('write what changed in an image to a diff')
    .argument('[image-spec]', '[pool/[namespace/]]image[@snapshot]')
    .argument('[path]', 'the file to make, or - for standard output')
    .option('--from-snap <snapshot>', 'what changed since this snapshot (default: all that the image has)')
    .option('--whole-object', 'whole objects that changed, instead of the bytes in them')
  addImageOptions(addJobOptions(exporting), { snapshot: true })
  return addOptions(exporting).action(action<ExportDiffFlags, [string | undefined, string | undefined]>(run))
}
