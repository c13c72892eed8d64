/** This file finds who uses an image: clients that have it open, and machines of the host. */

import { Image, type IoCtx } from '../../index.js'
import type { Connection } from '../../libvirt/index.js'
import { orNone } from '../libvirt/none.js'
import { spec } from './images.js'
import { type RbdDisk, rbdDisksOf } from './rbd-disks.js'

/** Machines of the host that may write an image, by its name with the pool. */
export async function writersOf(connection: Connection): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>()
  for (const domain of await connection.listDomains()) {
    for (const disk of await disksOf(domain)) {
      if (disk.readOnly || disk.namespace !== undefined) continue
      found.set(spec(disk), (found.get(spec(disk)) ?? new Set()).add(domain.name))
    }
  }
  return found
}

/** What it has now, and what it will have at its next start. */
async function disksOf(domain: Awaited<ReturnType<Connection['listDomains']>>[number]): Promise<RbdDisk[]> {
  const all: RbdDisk[] = []
  for (const inactive of [false, true]) {
    const document = await orNone(domain.xml({ inactive }), 'VIR_ERR_NO_DOMAIN')
    if (document !== undefined) all.push(...rbdDisksOf(document))
  }
  return all
}

/** What an image has to do with others, in words; empty: nothing. Errors: `ENOENT`. */
export async function holdersOf(
  ioctx: IoCtx,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  await using image = await Image.open(ioctx, name, { readOnly: true, signal })
  const watchers = (await image.listWatchers({ signal })).map(({ address }) => `open at ${address}`)
  const lockers = (await image.locks.lockers({ signal })).map(({ client }) => `locked by ${client}`)
  return [...watchers, ...lockers]
}
