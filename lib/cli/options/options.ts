/** This file declares the options that the commands on images share, and what commander makes of them. */

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ReplaceLoss, ServerSide, VerifyLevel } from '../../copy/types.js'
import { type Feature, featureNames } from '../../rbd/features.js'
import type { ImageLayout } from '../../rbd/layout.js'
import { addConnectionOptions, type ConnectionFlags, type DestinationFlags } from './connection.js'
import { parseSize } from './fio-values.js'
import type { Given } from './image-spec.js'

/** The flags of every command on images. */
export interface Flags extends ConnectionFlags {
  readonly pool?: string
  readonly namespace?: string
  readonly json?: boolean
  /** `json` is the same as `--json`. A disk's format of `import`, which has no other. */
  readonly format?: string
  /** The image in place of the first operand that is one, as it is: its name may have '@' and '/'. */
  readonly image?: string
  /** Its snapshot. */
  readonly snap?: string
  /** `--no-progress`; `undefined` for commands that have none to show. */
  readonly progress?: boolean
}

/** The flags of the commands that make an image. */
export interface LayoutFlags extends Flags {
  readonly objectSize?: number
  readonly order?: number
  readonly imageFeature?: readonly Feature[]
  readonly stripeUnit?: number
  readonly stripeCount?: number
  readonly dataPool?: string
}

/** The flags of the commands that move data. */
export interface JobFlags extends Flags {
  readonly maxMemory?: number
  readonly bwlimit?: number
}

/** The flags of the commands that copy. */
export interface CopyFlags extends LayoutFlags, JobFlags, DestinationFlags {
  readonly verify?: VerifyLevel
  readonly replace?: boolean
  readonly replaceLoses?: ReplaceLoss[]
  readonly force?: boolean
  readonly resume?: boolean
  /** Flags of `cp` only, as those for the destination's cluster. */
  readonly deep?: boolean
  readonly dest?: string
  readonly destPool?: string
  readonly destNamespace?: string
  readonly keepParent?: boolean
  readonly serverSide?: ServerSide
}

/** Adds `--json`. */
export function addJsonOption(command: Command): Command {
  return command.option('--json', 'one JSON document on stdout')
}

/** Adds `--pool`, `--namespace`, `--json` and what connecting takes, but for what is `taken`. */
export function addOptions(command: Command, taken: readonly string[] = []): Command {
  command
    .option('-p, --pool <pool>', "the pool of specs that name none (default: ceph.conf's rbd_default_pool)")
    .option('--namespace <namespace>', 'the namespace of specs that name none')
  return addConnectionOptions(addJsonOption(command), taken)
}

/** Adds `--format` of those of rbd's commands that have it. */
export function addFormatOption(command: Command): Command {
  return command
    .addOption(new Option('--format <format>', 'json: the same as --json').choices(['plain', 'json']))
    .addOption(new Option('--pretty-format', 'the JSON always is').hideHelp())
}

/** Adds `--image`, and `--snap` where a snapshot may be meant. */
export function addImageOptions(command: Command, { snapshot }: { snapshot: boolean }): Command {
  command.option('--image <name>', "the image instead of a spec, as it is: its name may have '@' and '/'")
  return snapshot ? command.option('--snap <name>', 'its snapshot') : command
}

/** Where a destination that does not say it is. */
export function destinationOf({ pool, namespace, destPool, destNamespace }: CopyFlags): Given {
  return {
    pool: destPool ?? pool,
    namespace: destNamespace ?? (destPool === undefined ? namespace : undefined),
  }
}

/** Adds `--dest`, `--dest-pool` and `--dest-namespace`. */
export function addDestinationNameOptions(command: Command): Command {
  return command
    .option('--dest <name>', 'the image to make instead of a spec')
    .option('--dest-pool <pool>', 'its pool, if the spec names none (default: --pool)')
    .option('--dest-namespace <namespace>', 'likewise: its namespace')
}

/** Adds `--no-progress`. */
export function addProgressOption(command: Command): Command {
  return command.option('--no-progress', 'do not show on stderr how far it is')
}

function parseObjectSize(text: string): number {
  const bytes = parseSize(text)
  if (bytes < 4096 || bytes > 2 ** 25 || !Number.isInteger(Math.log2(bytes)))
    throw new InvalidArgumentError('must be a power of two from 4k to 32m')
  return bytes
}

function parseMemory(text: string): number {
  const bytes = parseSize(text)
  if (bytes < 2 ** 24) throw new InvalidArgumentError('must be at least 16m')
  return bytes
}

/** Every feature that has a name. */
const features = featureNames(2n ** 64n - 1n)

/** What a feature cannot be without. */
const needs: Partial<Record<Feature, Feature>> = {
  'object-map': 'exclusive-lock',
  'fast-diff': 'exclusive-lock',
  journaling: 'exclusive-lock',
}

function parseFeatures(text: string, before: readonly Feature[] = []): Feature[] {
  const names = text.split(',')
  const unknown = names.find((name) => !features.includes(name as Feature))
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`there is no feature '${unknown}'; there are ${features.join(', ')}`)
  }
  return [...before, ...(names as Feature[])]
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('must be a whole number from 1')
  return count
}

function parseOrder(text: string): number {
  const order = Number(text)
  if (!Number.isInteger(order) || order < 12 || order > 25)
    throw new InvalidArgumentError('must be a whole number from 12 to 25')
  return order
}

/** Adds what an image that is made may be like. */
export function addLayoutOptions(command: Command): Command {
  return command
    .option('--order <n>', '--object-size as a power of two: 22 is 4m', parseOrder)
    .option('--object-size <size>', 'bytes of an object: a power of two from 4k to 32m', parseObjectSize)
    .option('--image-feature <names>', 'features, with commas between; may be given again', parseFeatures)
    .option('--stripe-unit <size>', 'bytes of a stripe unit; with --stripe-count', parseSize)
    .option('--stripe-count <n>', 'objects of a stripe', parseCount)
    .option('--data-pool <pool>', 'the pool for the data objects')
}

/** Adds `--max-memory` and `--no-progress`. */
export function addJobOptions(command: Command): Command {
  command.option('--max-memory <size>', 'bytes of buffers, at least 16m (default: 64m)', parseMemory)
  return addProgressOption(command)
}

/** Adds `--bwlimit`, which has the name that it has in rsync and rclone. */
export function addLimitOption(command: Command): Command {
  return command.option('--bwlimit <size>', 'bytes a second at most: 100m is 100 MiB/s', parseSize)
}

/** What the jobs of the library take for them. */
export function toJobOptions({ maxMemory, bwlimit }: JobFlags): {
  maxMemory?: number
  bandwidthLimit?: number
} {
  return {
    ...(maxMemory === undefined ? {} : { maxMemory }),
    ...(bwlimit === undefined ? {} : { bandwidthLimit: bwlimit }),
  }
}

/** What they are {@link copy} checks. */
function parseLosses(text: string, before: readonly ReplaceLoss[] = []): ReplaceLoss[] {
  return [...before, ...(text.split(',') as ReplaceLoss[])]
}

const verifyLevels: readonly VerifyLevel[] = ['none', 'checksum', 'osd', 'read-back', 'full']

/** Adds what copies have in common. */
export function addCopyOptions(command: Command): Command {
  command
    .addOption(
      new Option(
        '--verify <level>',
        'how the copy is verified before it has its name (default: checksum; with --deep: none)',
      ).choices(verifyLevels),
    )
    .option('--replace', 'replace what has the name when the copy is whole')
    .option(
      '--replace-loses <what>',
      "with --replace: also an image that would lose 'mirroring' or 'group-snapshots'; with commas between",
      parseLosses,
    )
    .option('--force', 'with --replace: also an image that is open for writing')
    .option('--resume', 'go on with a copy of the same source that was cut off')
  return addJobOptions(addLimitOption(command))
}

/** The layout that they ask for. Throws commander's error for options that contradict each other. */
export function toLayout(flags: LayoutFlags): ImageLayout {
  const { order, imageFeature, stripeUnit, stripeCount, dataPool } = flags
  if (order !== undefined && flags.objectSize !== undefined)
    throw new InvalidArgumentError('--order and --object-size say the same thing: give one of them')
  const objectSize = order === undefined ? flags.objectSize : 2 ** order
  if ((stripeUnit === undefined) !== (stripeCount === undefined))
    throw new InvalidArgumentError('--stripe-unit and --stripe-count go together')
  for (const feature of imageFeature ?? []) {
    const need = needs[feature]
    if (need !== undefined && !imageFeature?.includes(need))
      throw new InvalidArgumentError(`--image-feature: ${feature} needs ${need}`)
  }
  return {
    ...(objectSize === undefined ? {} : { objectSize }),
    ...(imageFeature === undefined ? {} : { features: imageFeature }),
    ...(stripeUnit === undefined ? {} : { stripeUnit }),
    ...(stripeCount === undefined ? {} : { stripeCount }),
    ...(dataPool === undefined ? {} : { dataPool }),
  }
}
