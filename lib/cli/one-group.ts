/** This file reads `[pool/[namespace/]]group[@snapshot]`, as `rbd group` takes them, and makes commands about groups. */

import { type Command, InvalidArgumentError } from 'commander'
import type { Group } from '../rbd/group.js'
import { type Operand, withOperands } from './one-image.js'
import { formatImageSpec, type PoolSpec, parseImageSpec } from './options/image-spec.js'
import { addOptions, addProgressOption, type Flags } from './options/options.js'
import type { Report, Session } from './session.js'

/** Which group, and perhaps which of its snapshots. */
export interface GroupSpec extends PoolSpec {
  readonly group: string
  readonly snapshot?: string
}

export function formatGroupSpec({ group, ...spec }: GroupSpec): string {
  return formatImageSpec({ ...spec, image: group })
}

/** The group that an operand names, or `--group`. Throws commander's error. */
export async function groupSpec(
  session: Session<GroupFlags>,
  text: string | undefined,
  snapshot: 'none' | 'needed',
): Promise<GroupSpec> {
  const { group: named, pool, namespace = '', snap } = session.flags
  if (text === undefined && named === undefined)
    throw new InvalidArgumentError("missing required argument 'group-spec'")
  const { image: group, ...written } =
    text === undefined ? { pool, namespace, image: named ?? '' } : parseImageSpec(text, session.flags)
  const spec = await session.complete<GroupSpec>({
    ...written,
    group,
    ...(snap === undefined ? {} : { snapshot: snap }),
  })
  if (snapshot === 'needed' && spec.snapshot === undefined)
    throw new InvalidArgumentError(`'${text ?? group}' names no snapshot: group@snapshot`)
  if (snapshot === 'none' && spec.snapshot !== undefined)
    throw new InvalidArgumentError(`'${text ?? group}' names a snapshot; this is about groups`)
  return spec
}

export type GroupFlags = Flags & { readonly group?: string }

interface About {
  readonly snapshot?: boolean
  readonly operands?: readonly Operand[]
  readonly long?: boolean
  readonly readOnly?: boolean
}

/** A command about a group that is there, or about a snapshot of it. */
export function aboutGroup<F extends GroupFlags>(
  command: Command,
  { snapshot = false, operands = [], long = false, readOnly = false }: About,
  work: (group: Group, spec: GroupSpec, session: Session<F>, ...operands: string[]) => Promise<Report>,
): Command {
  if (long) addProgressOption(command)
  addOptions(command).argument(
    snapshot ? '[group-snap-spec]' : '[group-spec]',
    `[pool/[namespace/]]group${snapshot ? '@snapshot' : ''}`,
  )
  return withOperands<F>(
    command,
    operands,
    async (session, text, ...rest) => {
      const spec = await groupSpec(session, text, snapshot ? 'needed' : 'none')
      const { Group } = await import('../rbd/group.js')
      return work(new Group(await session.ioctx(spec), spec.group), spec, session, ...rest)
    },
    readOnly,
  )
}

/** The same of one that has no more to say than that it is done. */
export function onGroup<F extends GroupFlags>(
  command: Command,
  { done, ...about }: Omit<About, 'readOnly'> & { readonly done: string },
  work: (group: Group, spec: GroupSpec, session: Session<F>, ...operands: string[]) => Promise<void>,
): Command {
  return aboutGroup<F>(command, about, async (group, spec, session, ...operands) => {
    await work(group, spec, session, ...operands)
    return { json: { [done]: formatGroupSpec(spec) }, text: '' }
  })
}
