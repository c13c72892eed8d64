/** This file clears what a killed call has left of a clone that it had begun. */

import type { Connection, Domain } from '../../libvirt/index.js'
import { orNone } from '../libvirt/none.js'
import { removeImage } from '../machine/images.js'
import type { OpenPools } from '../machine/pools.js'
import type { Records } from '../record.js'
import { ownSnapshot, removeSnapshot, toPlace } from './disks.js'
import { letGo } from './quiet.js'

/** Milliseconds for an image that is still open. */
const UNDO_MS = 10_000

/** The key of the record's object, which belongs to one clone. */
export const KEY = 'clone'

async function removeBegun(records: Records, pools: OpenPools, signal: AbortSignal): Promise<void> {
  const { begun } = records.get(KEY)
  const snapshot = begun.snapshot ?? ''
  for (const [step, name] of Object.entries(begun)) {
    if (!step.startsWith('image ')) continue
    // By now somebody else may have an image of that name; what is of our snapshot is ours.
    const own = await ownSnapshot(pools, toPlace(name))
    if (own?.snapshot === snapshot) await removeImage(pools, toPlace(name), signal)
  }
  for (const [step, name] of Object.entries(begun))
    if (step.startsWith('from ')) await removeSnapshot(pools, toPlace(name), snapshot)
}

/** Takes away images and snapshots of a call that was killed before its machine was defined, and lets the first machine go on. */
export async function clearLeftovers(
  records: Records,
  pools: OpenPools,
  connection: Connection,
  source: Domain,
): Promise<void> {
  await records.load([KEY])
  const { begun } = records.get(KEY)
  const { domain, quiet } = begun
  if (quiet !== undefined) await letGo(source, quiet)
  // The domain is what is made last: with it the clone is whole.
  const isWhole =
    domain !== undefined && (await orNone(connection.domainByUuid(domain), 'VIR_ERR_NO_DOMAIN')) !== undefined
  if (!isWhole) await removeBegun(records, pools, AbortSignal.timeout(UNDO_MS))
  await forgetAll(records)
}

export async function forgetAll(records: Records): Promise<void> {
  for (const step of Object.keys(records.get(KEY).begun)) await records.forget(KEY, step)
}
