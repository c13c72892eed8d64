/** This file is the command `rbdkit snap`, which is about the snapshots of an image. */

import { Command, InvalidArgumentError } from 'commander'
import { formatBytes, formatTime } from '../../internal/text.js'
import type { Image } from '../../rbd/image.js'
import { action } from '../action.js'
import { formatImageSpec, type ImageSpec } from '../options/image-spec.js'
import {
  addFormatOption,
  addImageOptions,
  addOptions,
  addProgressOption,
  type Flags,
} from '../options/options.js'
import { userSnapshots } from '../runs/user-snapshots.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

/** A subcommand that does one thing to a snapshot; `done` is the word for it in its JSON. */
function onSnapshot(
  name: string,
  description: string,
  done: string,
  work: (image: Image, spec: ImageSpec & { snapshot: string }, session: Session) => Promise<void>,
): Command {
  return addOptions(addImageOptions(new Command(name).description(description), { snapshot: true }))
    .argument('[snap-spec]', '[pool/[namespace/]]image@snapshot')
    .action(
      action<Flags, [string | undefined]>(async (session, text) => {
        const { snapshot = '', ...spec } = await session.imageSpec(text, 'needed')
        const image = await session.open(spec, { readOnly: false })
        await work(image, { ...spec, snapshot }, session)
        return { json: { [done]: formatImageSpec({ ...spec, snapshot }) }, text: '' }
      }),
    )
}

async function list(session: Session, text: string | undefined): Promise<Report> {
  const image = await session.open(await session.imageSpec(text, 'none'), { readOnly: true })
  const snapshots = await userSnapshots(image)
  const rows = snapshots.map((one) => [
    String(one.id),
    one.name,
    formatBytes(one.size),
    one.protected ? 'yes' : '',
    formatTime(one.created),
  ])
  return {
    json: snapshots.map(({ id, name, size, protected: isProtected, created }) => ({
      id: Number(id),
      name,
      size,
      protected: isProtected,
      timestamp: created.toISOString(),
    })),
    text:
      rows.length === 0 ? '' : table([['SNAPID', 'NAME', 'SIZE', 'PROTECTED', 'TIMESTAMP'], ...rows], [0, 2]),
  }
}

async function rename(session: Session, from: string, to: string): Promise<Report> {
  const { snapshot = '', ...spec } = await session.imageSpec(from, 'needed')
  const { snapshot: name = '', ...other } = await session.imageSpec(to, 'needed')
  if (formatImageSpec(spec) !== formatImageSpec(other))
    throw new InvalidArgumentError('a snapshot stays with its image: both specs must name the same one')
  const image = await session.open(spec, { readOnly: false })
  await image.snapshots.rename(snapshot, name)
  const renamed = {
    from: formatImageSpec({ ...spec, snapshot }),
    to: formatImageSpec({ ...spec, snapshot: name }),
  }
  return { json: { renamed }, text: '' }
}

/** The snapshots of an image. */
export function command(): Command {
  const listing = new Command('ls').alias('list').description("list an image's snapshots")
  const renaming = new Command('rename').description('rename a snapshot')
  return new Command('snap')
    .description('create, list, remove, rename, protect, unprotect, roll back to snapshots')
    .addCommand(
      onSnapshot('create', 'make a snapshot', 'created', (image, { snapshot }) =>
        image.snapshots.create(snapshot),
      ),
    )
    .addCommand(
      addOptions(addImageOptions(addFormatOption(listing), { snapshot: false }))
        .argument('[image-spec]', '[pool/[namespace/]]image')
        .action(action<Flags, [string | undefined]>(list, 1, true)),
    )
    .addCommand(
      addProgressOption(
        onSnapshot('rm', 'remove a snapshot; not a protected one', 'removed', (image, spec, session) =>
          image.snapshots.remove(spec.snapshot, session.operation('removing')),
        ).alias('remove'),
      ),
    )
    .addCommand(
      addOptions(renaming)
        .argument('<snap-spec>', '[pool/[namespace/]]image@snapshot')
        .argument('<snap-spec>', 'the same image with the new name')
        .action(action<Flags, [string, string]>(rename)),
    )
    .addCommand(
      onSnapshot('protect', 'keep a snapshot from removal', 'protected', (image, { snapshot }) =>
        image.snapshots.protect(snapshot),
      ),
    )
    .addCommand(
      onSnapshot('unprotect', 'let a snapshot be removed again', 'unprotected', (image, spec) =>
        image.snapshots.unprotect(spec.snapshot),
      ),
    )
    .addCommand(
      addProgressOption(
        onSnapshot(
          'rollback',
          'put the image back to a snapshot; what was written since is lost',
          'restored',
          (image, { snapshot }, session) =>
            image.snapshots.rollback(snapshot, session.operation('restoring')),
        ).alias('revert'),
      ),
    )
}
