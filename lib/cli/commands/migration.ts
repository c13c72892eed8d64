/** This file is the command `rbdkit migration`, which is about the live migration of an image. */

import { Command, InvalidArgumentError } from 'commander'
import type { OperationOptions } from '../../rbd/handle.js'
import type { Migration, MigrationOptions } from '../../rbd/migration.js'
import type { MigrationSource } from '../../rbd/migration-source.js'
import { action } from '../action.js'
import { formatImageSpec } from '../options/image-spec.js'
import {
  addDestinationNameOptions,
  addImageOptions,
  addLayoutOptions,
  addOptions,
  addProgressOption,
  type CopyFlags,
  destinationOf,
  type Flags,
  toLayout,
} from '../options/options.js'
import type { Report, Session } from '../session.js'

type PrepareFlags = CopyFlags & {
  readonly importOnly?: boolean
  readonly sourceSpec?: string
  readonly flatten?: boolean
}

/** A source as `rbd` takes it, in its JSON's words. */
function parseSource(text: string): MigrationSource {
  let spec: unknown
  try {
    spec = JSON.parse(text)
  } catch (error) {
    throw new InvalidArgumentError(`--source-spec is not JSON: ${(error as Error).message}`)
  }
  const words: Record<string, string> = {
    pool_name: 'pool',
    pool_namespace: 'namespace',
    image_name: 'image',
    snap_name: 'snapshot',
    cluster_name: 'cluster',
    client_name: 'client',
    file_path: 'path',
    access_key: 'accessKey',
    secret_key: 'secretKey',
  }
  const ours = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(ours)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [words[key] ?? key, ours(one)]))
  }
  return ours(spec) as MigrationSource
}

async function prepare(
  session: Session<PrepareFlags>,
  source: string | undefined,
  destination: string | undefined,
): Promise<Report> {
  const { flags, signal } = session
  const options: MigrationOptions = {
    ...toLayout(flags),
    ...(flags.flatten === undefined ? {} : { flatten: flags.flatten }),
    signal,
  }
  const { Migration } = await import('../../rbd/migration.js')
  if (flags.importOnly) {
    if (flags.sourceSpec === undefined) throw new InvalidArgumentError('--import-only needs --source-spec')
    const from = parseSource(flags.sourceSpec)
    const to = await session.newImageSpec(flags.dest ?? source, destinationOf(flags))
    await Migration.prepareImport(from, await session.ioctx(to), to.image, options)
    return { json: { prepared: formatImageSpec(to) }, text: '' }
  }
  const from = await session.imageSpec(source, 'none')
  const named = destination ?? flags.dest
  // As with rbd: without a name the image keeps its own.
  const to =
    named === undefined
      ? { ...from, ...placeOf(flags) }
      : await session.newImageSpec(named, destinationOf(flags))
  await Migration.prepare(await session.ioctx(from), from.image, await session.ioctx(to), to.image, options)
  return { json: { prepared: formatImageSpec(to) }, text: '' }
}

function placeOf(flags: PrepareFlags): { pool?: string; namespace?: string } {
  const { pool, namespace } = destinationOf(flags)
  return {
    ...(flags.destPool === undefined || pool === undefined ? {} : { pool }),
    ...(flags.destNamespace === undefined || namespace === undefined ? {} : { namespace }),
  }
}

function step(
  name: 'execute' | 'commit' | 'abort',
  description: string,
  phase: string,
  done: string,
  work: (migration: Migration, options: OperationOptions) => Promise<void>,
): Command {
  const command = addProgressOption(new Command(name).description(description))
  return addOptions(addImageOptions(command, { snapshot: false }))
    .argument('[image-spec]', '[pool/[namespace/]]image: the new one, or the source')
    .action(
      action<Flags, [string | undefined]>(async (session, text) => {
        const spec = await session.imageSpec(text, 'none')
        const { Migration } = await import('../../rbd/migration.js')
        await work(new Migration(await session.ioctx(spec), spec.image), session.operation(phase))
        return { json: { [done]: formatImageSpec(spec) }, text: '' }
      }),
    )
}

/** The live migration of an image. */
export function command(): Command {
  const preparing = new Command('prepare')
    .description('begin: make the new image, which is in use from then on')
    .argument('[source-image-spec]', '[pool/[namespace/]]image')
    .argument('[image-spec]', 'the new one (default: the same name)')
    .option('--import-only', 'import a disk from elsewhere: --source-spec')
    .option('--source-spec <json>', 'where it is, as librbd has it: {"type":"raw","stream":{...}}')
    .option('--flatten', 'make of a clone an image without a parent')
  addImageOptions(addLayoutOptions(preparing), { snapshot: false })
  return new Command('migration')
    .description('move an image to another pool or layout while it is in use')
    .addCommand(
      addOptions(addDestinationNameOptions(preparing)).action(
        action<PrepareFlags, [string | undefined, string | undefined]>(prepare),
      ),
    )
    .addCommand(
      step('execute', 'move the data', 'moving', 'executed', (one, options) => one.execute(options)),
    )
    .addCommand(
      step('commit', 'let the source go', 'removing', 'committed', (one, options) => one.commit(options)),
    )
    .addCommand(
      step('abort', 'let the new image go', 'removing', 'aborted', (one, options) => one.abort(options)),
    )
}
