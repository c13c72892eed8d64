/** This file is the command `rbdkit ls`. */

import { Command } from 'commander'
import { formatBytes, printable } from '../../internal/text.js'
import type { InventoryImage } from '../../rbd/inventory/types.js'
import { action } from '../action.js'
import { formatImageSpec } from '../options/image-spec.js'
import { addFormatOption, addOptions, type Flags } from '../options/options.js'
import { takeInventory } from '../runs/inventory.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

interface LsFlags extends Flags {
  readonly long?: boolean
}

/** An image or a snapshot; the names are those of `rbd ls -l --format json`. */
interface Row {
  readonly image: string
  readonly id: string
  readonly snapshot?: string
  readonly snapshot_id?: number
  readonly size: number
  readonly parent?: { pool: string; pool_namespace: string; image: string; snapshot: string }
  readonly format: number
  /** Of snapshots. */
  readonly protected?: boolean
  /** Of images that are locked. */
  readonly lock_type?: string
}

function toParent({
  pool,
  namespace,
  image,
  snapshot,
}: NonNullable<InventoryImage['parent']>): NonNullable<Row['parent']> {
  return { pool, pool_namespace: namespace, image, snapshot }
}

function rowsOf({ name, id, size, snapshots, parent, lockers: [locker] }: InventoryImage): Row[] {
  const common = { image: name, id, format: id === '' ? 1 : 2 }
  const from = parent === undefined ? {} : { parent: toParent(parent) }
  const head: Row = {
    ...common,
    size,
    ...from,
    ...(locker === undefined ? {} : { lock_type: locker.mode }),
  }
  return [
    head,
    ...snapshots
      .filter(({ namespace }) => namespace === 'user')
      .map((one) => ({
        ...common,
        snapshot: one.name,
        snapshot_id: Number(one.id),
        size: one.size,
        ...from,
        protected: one.protected,
      })),
  ]
}

function toCells({
  image,
  snapshot,
  size,
  parent,
  format,
  protected: isProtected,
  lock_type,
}: Row): string[] {
  return [
    snapshot === undefined ? image : `${image}@${snapshot}`,
    formatBytes(size),
    parent === undefined ? '' : formatImageSpec({ ...parent, namespace: parent.pool_namespace }),
    String(format),
    isProtected ? 'yes' : '',
    lock_type === undefined ? '' : lock_type === 'exclusive' ? 'excl' : 'shr',
  ]
}

async function list(session: Session<LsFlags>, text: string | undefined): Promise<Report> {
  const ioctx = await session.ioctx(await session.poolSpec(text))
  if (!session.flags.long) {
    const { Image } = await import('../../rbd/image.js')
    const names = (await Image.list(ioctx)).map(({ name }) => name).sort()
    // In a pipe a name is what it is; on a terminal it is one line whatever is in it.
    const shown = process.stdout.isTTY ? names.map(printable) : names
    return { json: names, text: shown.map((name) => `${name}\n`).join('') }
  }
  const { images, troubles } = await takeInventory(ioctx, { signal: session.signal })
  const rows = images.flatMap(rowsOf)
  if (rows.length === 0) return { json: [], text: '', troubles }
  const heads = ['NAME', 'SIZE', 'PARENT', 'FMT', 'PROT', 'LOCK']
  return { json: rows, text: () => table([heads, ...rows.map(toCells)], [1, 3]), troubles }
}

/** The images of a pool. */
export function command(): Command {
  const ls = new Command('ls')
    .alias('list')
    .description('list the images of a pool or of a namespace')
    .argument('[pool-spec]', 'pool[/namespace] (default: --pool)')
    .option('-l, --long', 'with sizes, snapshots, parents and locks')
  return addFormatOption(addOptions(ls)).action(action<LsFlags, [string | undefined]>(list, 1, true))
}
