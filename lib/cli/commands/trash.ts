/** This file is the command `rbdkit trash`, which is about images that are to be removed. */

import { Command, InvalidArgumentError } from 'commander'
import { formatTime } from '../../internal/text.js'
import type { TrashEntry } from '../../rbd/trash.js'
import { action } from '../action.js'
import { parseTime } from '../options/fio-values.js'
import { formatImageSpec, type ImageSpec, parseImageSpec } from '../options/image-spec.js'
import {
  addFormatOption,
  addImageOptions,
  addOptions,
  addProgressOption,
  type Flags,
} from '../options/options.js'
import { purgeScheduleCommand } from '../runs/schedules.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

type ListFlags = Flags & { readonly all?: boolean; readonly long?: boolean }
type MoveFlags = Flags & { readonly expiresAt?: number }
type RemoveFlags = Flags & { readonly force?: boolean }
type PurgeFlags = Flags & { readonly expiredBefore?: Date; readonly threshold?: number }

/** Seconds from now, of `30m`, `7d`, `2027-01-31` or `2027-01-31T12:00Z`. */
function parseExpiry(text: string): number {
  const date = Date.parse(text)
  const seconds = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)?$/i.test(text)
    ? parseTime(text)
    : text === 'now'
      ? 0
      : (date - Date.now()) / 1000
  if (Number.isNaN(seconds) || seconds < 0)
    throw new InvalidArgumentError(
      'must be a time from now, such as 30m or 7d, or a date to come: 2027-01-31',
    )
  return Math.ceil(seconds)
}

async function trashOf(session: Session, spec: { pool: string; namespace: string }) {
  const { Trash } = await import('../../rbd/trash.js')
  return new Trash(await session.ioctx(spec))
}

/** `[pool/[namespace/]]image-id`, for which `--image` does not stand. */
async function idSpec(session: Session, text: string): Promise<ImageSpec> {
  return session.complete(parseImageSpec(text, session.flags))
}

async function move(session: Session<MoveFlags>, text: string | undefined): Promise<Report> {
  const spec = await session.imageSpec(text, 'none')
  const { expiresAt = 0 } = session.flags
  await (await trashOf(session, spec)).move(spec.image, { delaySeconds: expiresAt, signal: session.signal })
  return { json: { moved: formatImageSpec(spec) }, text: '' }
}

function toRow({ id, name, source, deleted, deferredUntil }: TrashEntry): string[] {
  const when = formatTime(deferredUntil)
  const status = deferredUntil.getTime() > Date.now() ? `protected until ${when}` : `expired at ${when}`
  return [id, name, source, formatTime(deleted), status]
}

async function list(session: Session<ListFlags>, text: string | undefined): Promise<Report> {
  const { all = false, long = false } = session.flags
  const trash = await trashOf(session, await session.poolSpec(text))
  const found = (await trash.list()).filter(({ source }) => all || source === 'user')
  const rows = found.map((entry) => (long ? toRow(entry) : [entry.id, entry.name]))
  return {
    json: found.map(({ id, name, source, deleted, deferredUntil }) => ({
      id,
      name,
      ...(long
        ? {
            source: source.toUpperCase(),
            deleted_at: deleted.toISOString(),
            deferment_end_time: deferredUntil.toISOString(),
          }
        : {}),
    })),
    text:
      rows.length === 0
        ? ''
        : table(
            long ? [['ID', 'NAME', 'SOURCE', 'DELETED_AT', 'STATUS'], ...rows] : [['ID', 'NAME'], ...rows],
          ),
  }
}

async function remove(session: Session<RemoveFlags>, text: string): Promise<Report> {
  const { image: id, ...pool } = await idSpec(session, text)
  const { force = false } = session.flags
  await (await trashOf(session, pool)).remove(id, { ...session.operation('removing'), force })
  return { json: { removed: id }, text: '' }
}

async function restore(session: Session, text: string): Promise<Report> {
  const { image: id, ...pool } = await idSpec(session, text)
  await (await trashOf(session, pool)).restore(id, session.flags.image ?? '', { signal: session.signal })
  return { json: { restored: id }, text: '' }
}

async function purge(session: Session<PurgeFlags>, text: string | undefined): Promise<Report> {
  const { expiredBefore, threshold } = session.flags
  const pool = await session.poolSpec(text)
  const trash = await trashOf(session, pool)
  await trash.purge({
    ...session.operation('purging'),
    ...(expiredBefore === undefined ? {} : { expiredBefore }),
    ...(threshold === undefined ? {} : { threshold }),
  })
  return { json: { purged: pool.namespace === '' ? pool.pool : `${pool.pool}/${pool.namespace}` }, text: '' }
}

function parseDate(text: string): Date {
  const date = new Date(text)
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('must be a date: 2027-01-31, 2027-01-31T12:00Z')
  return date
}

function parseShare(text: string): number {
  const share = Number(text)
  if (text === '' || !(share >= 0 && share <= 1))
    throw new InvalidArgumentError('must be a number from 0 to 1')
  return share
}

/** Images that are to be removed. */
export function command(): Command {
  const moving = new Command('mv').alias('move').description('move an image to the trash, by name')
  const listing = new Command('ls').alias('list').description('list the images in the trash of a pool')
  const removing = new Command('rm')
    .alias('remove')
    .description('remove an image from the trash, and its data')
  const purging = new Command('purge').description('remove all images whose time has come')
  const restoring = new Command('restore').description('take an image out of the trash')
  return new Command('trash')
    .description('move images to the trash, list, restore, remove, purge them')
    .addCommand(
      addOptions(addImageOptions(moving, { snapshot: false }))
        .option('--expires-at <time>', 'until then only --force removes it: 30m, 7d, 2027-01-31', parseExpiry)
        .argument('[image-spec]', '[pool/[namespace/]]image')
        .action(action<MoveFlags, [string | undefined]>(move)),
    )
    .addCommand(
      addOptions(addFormatOption(listing))
        .option('-a, --all', 'also what mirroring, migrations and removals have put there')
        .option('-l, --long', 'with source and times')
        .argument('[pool-spec]', 'pool[/namespace] (default: --pool)')
        .action(action<ListFlags, [string | undefined]>(list, 1, true)),
    )
    .addCommand(
      addOptions(addProgressOption(removing))
        .option('--force', 'also before its time has come')
        .argument('<image-id>', '[pool/[namespace/]]image-id')
        .action(action<RemoveFlags, [string]>(remove)),
    )
    .addCommand(
      addOptions(restoring)
        .option('--image <name>', 'what it is called from then on')
        .argument('<image-id>', '[pool/[namespace/]]image-id')
        .action(action<Flags, [string]>(restore)),
    )
    .addCommand(
      addOptions(addProgressOption(purging))
        .option('--expired-before <date>', 'those whose time has come by then', parseDate)
        .option('--threshold <share>', 'more of them, until the pool is this full at most: 0.8', parseShare)
        .argument('[pool-spec]', 'pool[/namespace] (default: --pool)')
        .action(action<PurgeFlags, [string | undefined]>(purge))
        .addCommand(purgeScheduleCommand()),
    )
}
