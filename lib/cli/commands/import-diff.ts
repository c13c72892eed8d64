/** This file is the command line of `rbdkit import-diff`; the work is in ../runs/diffing.ts. */

import { Command } from 'commander'
import { action } from '../action.js'
import { formatImageSpec } from '../options/image-spec.js'
import {
  addImageOptions,
  addJobOptions,
  addOptions,
  type JobFlags,
  toJobOptions,
} from '../options/options.js'
import { runDiff, toDiffInput } from '../runs/diffing.js'
import type { Report, Session } from '../session.js'

interface ImportDiffFlags extends JobFlags {
  readonly allowShrink?: boolean
}

async function run(
  session: Session<ImportDiffFlags>,
  path: string,
  image: string | undefined,
): Promise<Report> {
  const { allowShrink, ...flags } = session.flags
  const spec = await session.imageSpec(image, 'none')
  const { importDiff } = await import('../../copy/import-diff.js')
  const target = { ioctx: await session.ioctx(spec), image: spec.image }
  const to = formatImageSpec(spec)
  return runDiff(session, {
    from: path,
    to,
    left: `'${to}' may have part of the changes: apply the same diff again, or roll the image back`,
    start: (options) =>
      importDiff(toDiffInput(path), target, {
        ...options,
        ...toJobOptions(flags),
        ...(allowShrink === undefined ? {} : { allowShrink }),
      }),
  })
}

/** Applies a diff to an image. */
export function command(): Command {
  const importing = new Command('import-diff')
    .description('apply a diff to an image and make its snapshot')
    .argument('<path>', 'the diff, or - for standard input')
    .argument('[image-spec]', '[pool/[namespace/]]image')
    .option('--allow-shrink', 'also a diff that makes the image smaller: what is cut off is lost')
  addImageOptions(addJobOptions(importing), { snapshot: false })
  return addOptions(importing).action(action<ImportDiffFlags, [string, string | undefined]>(run))
}
