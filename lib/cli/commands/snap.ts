/** This file is the command `rbdkit snap`, which is about the snapshots of an image. */

import { Command, InvalidArgumentError } from 'commander'
import { formatBytes, formatTime } from '../../internal/text.js'
import type { Image } from '../../rbd/image.js'
import { action } from '../action.js'
import { onImage } from '../one-image.js'
import { integer } from '../options/fio-values.js'
import { formatImageSpec } from '../options/image-spec.js'
import { addFormatOption, addImageOptions, addOptions, type Flags } from '../options/options.js'
import { userSnapshots } from '../runs/user-snapshots.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'
import { say } from '../terminal/terminal.js'

type ListFlags = Flags & { readonly all?: boolean }

async function list(session: Session<ListFlags>, text: string | undefined): Promise<Report> {
  const { all = false } = session.flags
  const image = await session.open(await session.imageSpec(text, 'none'), { readOnly: true })
  const snapshots = await (all ? image.snapshots.list() : userSnapshots(image))
  const heads = ['SNAPID', 'NAME', 'SIZE', 'PROTECTED', 'TIMESTAMP', ...(all ? ['NAMESPACE'] : [])]
  const rows = snapshots.map((one) => [
    String(one.id),
    one.name,
    formatBytes(one.size),
    one.protected ? 'yes' : '',
    formatTime(one.created),
    ...(all ? [one.namespace.type] : []),
  ])
  return {
    json: snapshots.map(({ id, name, size, protected: isProtected, created, namespace }) => ({
      id: Number(id),
      name,
      size,
      protected: isProtected,
      timestamp: created.toISOString(),
      ...(all ? { namespace } : {}),
    })),
    text: rows.length === 0 ? '' : table([heads, ...rows], [0, 2]),
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

/** Removes every snapshot that is a user's and not protected. What is in the way of others does not keep these. */
async function purge(image: Image, session: Session): Promise<void> {
  for (const { name, protected: isProtected } of await userSnapshots(image)) {
    session.signal.throwIfAborted()
    if (isProtected) say(`'${name}' is protected, and stays`)
    else await image.snapshots.remove(name, session.operation(`removing ${name}`))
  }
}

/** How many snapshots an image may have. */
function limitCommand(): Command {
  const set = new Command('set')
    .description('limit the number of snapshots')
    .requiredOption('--limit <n>', 'how many there may be', integer(0, 2 ** 32 - 1))
  const clear = new Command('clear').description('have no limit')
  return new Command('limit')
    .description('how many snapshots an image may have')
    .addCommand(
      onImage<Flags & { limit: number }, 'none'>(
        set,
        { done: 'limited', snapshot: 'none' },
        (image, _, session) => image.snapshots.setLimit(session.flags.limit),
      ),
    )
    .addCommand(
      onImage(clear, { done: 'unlimited', snapshot: 'none' }, (image) => image.snapshots.setLimit(undefined)),
    )
}

/** The snapshots of an image. */
export function command(): Command {
  const listing = new Command('ls').alias('list').description("list an image's snapshots")
  const renaming = new Command('rename').description('rename a snapshot')
  const create = new Command('create').alias('add').description('make a snapshot')
  const remove = new Command('rm').alias('remove').description('remove a snapshot; not a protected one')
  const purging = new Command('purge').description('remove all snapshots but protected ones')
  const protect = new Command('protect').description('keep a snapshot from removal')
  const unprotect = new Command('unprotect').description('let a snapshot be removed again')
  const rollback = new Command('rollback')
    .alias('revert')
    .description('put the image back to a snapshot; what was written since is lost')
  return new Command('snap')
    .description('create, list, remove, rename, protect, unprotect, limit, roll back to snapshots')
    .addCommand(
      onImage(create, { done: 'created', snapshot: 'needed' }, (image, { snapshot }) =>
        image.snapshots.create(snapshot),
      ),
    )
    .addCommand(
      addOptions(addImageOptions(addFormatOption(listing), { snapshot: false }))
        .argument('[image-spec]', '[pool/[namespace/]]image')
        .option('-a, --all', 'also those of groups, of mirroring and in the trash')
        .action(action<ListFlags, [string | undefined]>(list, 1, true)),
    )
    .addCommand(
      onImage(remove, { done: 'removed', snapshot: 'needed', long: true }, (image, { snapshot }, session) =>
        image.snapshots.remove(snapshot, session.operation('removing')),
      ),
    )
    .addCommand(
      onImage(purging, { done: 'purged', snapshot: 'none', long: true }, (image, _, session) =>
        purge(image, session),
      ),
    )
    .addCommand(
      addOptions(renaming)
        .argument('<snap-spec>', '[pool/[namespace/]]image@snapshot')
        .argument('<snap-spec>', 'the same image with the new name')
        .action(action<Flags, [string, string]>(rename)),
    )
    .addCommand(
      onImage(protect, { done: 'protected', snapshot: 'needed' }, (image, { snapshot }) =>
        image.snapshots.protect(snapshot),
      ),
    )
    .addCommand(
      onImage(unprotect, { done: 'unprotected', snapshot: 'needed' }, (image, { snapshot }) =>
        image.snapshots.unprotect(snapshot),
      ),
    )
    .addCommand(
      onImage(
        rollback,
        { done: 'restored', snapshot: 'needed', long: true },
        (image, { snapshot }, session) => image.snapshots.rollback(snapshot, session.operation('restoring')),
      ),
    )
    .addCommand(limitCommand())
}
