/** This file makes the commands that are about one image or snapshot, with what else they take behind it. */

import { type Command, InvalidArgumentError } from 'commander'
import type { Image } from '../rbd/image.js'
import { action } from './action.js'
import { formatImageSpec, type ImageSpec } from './options/image-spec.js'
import { addImageOptions, addOptions, addProgressOption, type Flags } from './options/options.js'
import type { Report, Session } from './session.js'

/** An operand that is needed: its name and what it is. */
export type Operand = readonly [name: string, description: string]

interface About<Snapshot extends 'none' | 'needed'> {
  readonly snapshot: Snapshot
  /** What comes behind the spec. */
  readonly operands?: readonly Operand[]
  /** It takes long and shows how far it is. */
  readonly long?: boolean
  /** It changes nothing. */
  readonly readOnly?: boolean
}

type Spec<Snapshot> = Snapshot extends 'needed' ? ImageSpec & { snapshot: string } : ImageSpec

/** The action of a command whose first operand is a spec; the operands behind it are all needed. */
export function withOperands<F extends Flags>(
  command: Command,
  operands: readonly Operand[],
  work: (session: Session<F>, text: string | undefined, ...rest: string[]) => Promise<Report>,
  readOnly = false,
): Command {
  for (const [name, description] of operands) command.argument(`[${name}]`, description)
  return command.action(
    action<F, (string | undefined)[]>(
      (session, text, ...rest) => {
        const missing = operands.find((_, i) => rest[i] === undefined)
        if (missing !== undefined) throw new InvalidArgumentError(`missing required argument '${missing[0]}'`)
        return work(session, text, ...(rest as string[]))
      },
      1,
      readOnly,
    ),
  )
}

/** A command that opens the image, and reports what `work` found. */
export function aboutImage<F extends Flags, Snapshot extends 'none' | 'needed'>(
  command: Command,
  { snapshot, operands = [], long = false, readOnly = false }: About<Snapshot>,
  work: (image: Image, spec: Spec<Snapshot>, session: Session<F>, ...operands: string[]) => Promise<Report>,
): Command {
  if (long) addProgressOption(command)
  const isSnapshot = snapshot === 'needed'
  addOptions(addImageOptions(command, { snapshot: isSnapshot })).argument(
    isSnapshot ? '[snap-spec]' : '[image-spec]',
    `[pool/[namespace/]]image${isSnapshot ? '@snapshot' : ''}`,
  )
  return withOperands<F>(
    command,
    operands,
    async (session, text, ...rest) => {
      const spec = await session.imageSpec(text, snapshot)
      const { snapshot: _, ...imageOnly } = spec
      const image = await session.open(imageOnly, { readOnly })
      return work(image, spec as Spec<Snapshot>, session, ...rest)
    },
    readOnly,
  )
}

/** A command that has no more to say than that it is done; `done` is the word for it in its JSON: `{ "created": "rbd/vm@monday" }`. */
export function onImage<F extends Flags, Snapshot extends 'none' | 'needed'>(
  command: Command,
  { done, ...about }: Omit<About<Snapshot>, 'readOnly'> & { readonly done: string },
  work: (image: Image, spec: Spec<Snapshot>, session: Session<F>, ...operands: string[]) => Promise<void>,
): Command {
  return aboutImage<F, Snapshot>(command, about, async (image, spec, session, ...operands) => {
    await work(image, spec, session, ...operands)
    return { json: { [done]: formatImageSpec(spec) }, text: '' }
  })
}
