/** This file is the command `rbdkit du`. */

import { Command } from 'commander'
import { RBD_FLAG } from '../../internal/generated/librbd.js'
import { formatBytes } from '../../internal/text.js'
import type { Image } from '../../rbd/image.js'
import type { InventoryImage } from '../../rbd/inventory/types.js'
import { action } from '../action.js'
import type { ImageSpec } from '../options/image-spec.js'
import {
  addFormatOption,
  addImageOptions,
  addOptions,
  addProgressOption,
  type Flags,
} from '../options/options.js'
import { takeInventory } from '../runs/inventory.js'
import { userSnapshots } from '../runs/user-snapshots.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'
import { say } from '../terminal/terminal.js'

/** An image or a snapshot; the names are those of `rbd du --format json`. */
interface Row {
  readonly name: string
  readonly id: string
  readonly snapshot?: string
  readonly snapshot_id?: number
  readonly provisioned_size: number
  /** Since the snapshot before it. */
  readonly used_size: number
}

const MAP_INVALID = RBD_FLAG.OBJECT_MAP_INVALID | RBD_FLAG.FAST_DIFF_INVALID

/** librbd looks at the objects themselves then: what it finds is right, but it may take long. */
function warnOfMaps(name: string, flags: bigint): void {
  if ((flags & MAP_INVALID) !== 0n)
    say(`the object map of '${name}' is invalid: this may take long; rbd object-map rebuild makes a new one`)
}

/** The snapshots and then the image itself, each with what was written since the one before; or `only` a snapshot. */
async function rowsOf(session: Session, spec: ImageSpec, image: Image, only?: string): Promise<Row[]> {
  const { id, name, size, features, flags } = await image.info()
  if (!features.includes('fast-diff')) say(`'${name}' lacks the feature fast-diff: this may take long`)
  else warnOfMaps(name, flags)
  const rows: Row[] = []
  let before: string | undefined
  const usage = async (of: Image, phase: string): Promise<number> =>
    of.diskUsage({
      ...session.operation(phase),
      ...(before === undefined ? {} : { fromSnapshot: before }),
    })
  for (const snapshot of await userSnapshots(image)) {
    if (only === undefined || only === snapshot.name) {
      const at = await session.open({ ...spec, image: name, snapshot: snapshot.name }, { readOnly: true })
      if (features.includes('fast-diff')) warnOfMaps(`${name}@${snapshot.name}`, (await at.info()).flags)
      const used = await usage(at, `${name}@${snapshot.name}`)
      await at.close()
      const { name: snapshotName, id: snapshotId, size: provisioned } = snapshot
      rows.push({
        name,
        id,
        snapshot: snapshotName,
        snapshot_id: Number(snapshotId),
        provisioned_size: provisioned,
        used_size: used,
      })
    }
    before = snapshot.name
  }
  if (only === undefined) rows.push({ name, id, provisioned_size: size, used_size: await usage(image, name) })
  return rows
}

/** The same of an image of an inventory. */
function rowsOfListed({ name, id, size, snapshots, usage = 0 }: InventoryImage): Row[] {
  return [
    ...snapshots
      .filter(({ namespace }) => namespace === 'user')
      .map((one) => ({
        name,
        id,
        snapshot: one.name,
        snapshot_id: Number(one.id),
        provisioned_size: one.size,
        used_size: one.usage ?? 0,
      })),
    { name, id, provisioned_size: size, used_size: usage },
  ]
}

function toReport(rows: readonly Row[]): Report {
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0)
  // The size of a snapshot is not one more disk, unless it is the only thing that was asked for.
  const disks = rows.filter(({ snapshot }) => snapshot === undefined)
  const provisioned = sum((disks.length > 0 ? disks : rows).map((row) => row.provisioned_size))
  const used = sum(rows.map((row) => row.used_size))
  const text = (): string => {
    const cells = rows.map((row) => [
      row.snapshot === undefined ? row.name : `${row.name}@${row.snapshot}`,
      formatBytes(row.provisioned_size),
      formatBytes(row.used_size),
    ])
    if (rows.length > 1) cells.push(['<TOTAL>', formatBytes(provisioned), formatBytes(used)])
    return table([['NAME', 'PROVISIONED', 'USED'], ...cells], [1, 2])
  }
  return {
    json: { images: rows, total_provisioned_size: provisioned, total_used_size: used },
    text,
  }
}

async function show(session: Session, text: string | undefined): Promise<Report> {
  if (text !== undefined || session.flags.image !== undefined) {
    const { snapshot, ...spec } = await session.imageSpec(text)
    // Opened at the snapshot too, for the error when there is none.
    const at = snapshot === undefined ? spec : { ...spec, snapshot }
    const image = await session.open(at, { readOnly: true })
    return toReport(await rowsOf(session, spec, image, snapshot))
  }
  const pool = await session.poolSpec(undefined)
  const options = { usage: true, signal: session.signal }
  const { images, troubles } = await takeInventory(await session.ioctx(pool), options)
  for (const { name, features, flags } of images) {
    if (!features.includes('fast-diff')) say(`'${name}' lacks the feature fast-diff: that took long`)
    else if (flags.length > 0)
      say(`the object map of '${name}' is invalid: that took long; rbdkit object-map rebuild`)
  }
  return { ...toReport(images.flatMap(rowsOfListed)), troubles }
}

/** What images take. */
export function command(): Command {
  const du = new Command('du')
    .alias('disk-usage')
    .description('show what an image and its snapshots take; without an image, all of --pool')
    .argument('[image-spec]', '[pool/[namespace/]]image[@snapshot]')
  addImageOptions(addFormatOption(addProgressOption(du)), { snapshot: true })
  return addOptions(du).action(action<Flags, [string | undefined]>(show, 1, true))
}
