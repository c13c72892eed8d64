/** This file is the disks of a machine that is cloned: their snapshots of one moment, and the images that are made of them. */

import { copy, Image, type IoCtx } from '../../index.js'
import { xml } from '../../libvirt/index.js'
import type { Difference } from '../errors.js'
import { type Place as AnyPlace, spec } from '../machine/images.js'
import type { OpenPools } from '../machine/pools.js'
import { isCode } from '../record.js'

/** What begins the names of snapshots that belong to a clone. */
const PREFIX = 'rbdkit-clone.'

/** An image whose namespace is said, also when that is the pool's own. */
export type Place = AnyPlace & { readonly namespace: string }

/** What `spec()` has written. */
export function toPlace(text: string): Place {
  const [pool = '', ...rest] = text.split('/')
  return { pool, image: rest.pop() ?? '', namespace: rest.pop() ?? '' }
}

const ioctxOf = (pools: OpenPools, { pool, namespace }: Place): Promise<IoCtx> => pools.open(pool, namespace)

/** A disk that the clone gets an image of its own for. */
export interface ClonedDisk {
  readonly target: string
  readonly from: Place
  readonly to: Place
  /** The clone's element. */
  readonly element: xml.XmlElement
}

/** The snapshots of the machine with that UUID. */
export const snapshotOf = (uuid: string): string => `${PREFIX}${uuid}`

/** The disks of a document that two machines cannot share, and why some cannot be cloned. */
export function disksOf(document: string, name: string): { disks: ClonedDisk[]; differences: Difference[] } {
  const disks: ClonedDisk[] = []
  const differences: Difference[] = []
  for (const disk of xml.DomainXml.parse(document).disks) {
    const { target = '', device = 'disk', rbd } = disk
    if (device !== 'disk' && device !== 'lun') continue
    if (rbd === undefined || disk.rbdSnapshot !== undefined) {
      const reason = rbd === undefined ? 'it is not an image of RBD' : 'it is a snapshot, which is not copied'
      differences.push({ step: 'disks', name: target, reason, replaceable: false })
      continue
    }
    const from = { namespace: '', ...rbd }
    const to = { ...from, image: `${name}-${target}` }
    disk.rbd = { ...rbd, image: to.image }
    disks.push({
      target,
      from: { ...from, namespace: from.namespace ?? '' },
      to: { ...to, namespace: to.namespace ?? '' },
      element: disk.element,
    })
  }
  return { disks, differences }
}

/** What would stand in the way of the images: one of a name, or a first one that is not there. */
export async function differencesOf(pools: OpenPools, disks: readonly ClonedDisk[]): Promise<Difference[]> {
  const differences: Difference[] = []
  const lists = new Map<IoCtx, Set<string>>()
  const differs = (place: Place, reason: string): void => {
    differences.push({ step: 'images', name: spec(place), reason, replaceable: false })
  }
  for (const { from, to } of disks) {
    const ioctx = await ioctxOf(pools, to)
    const names = lists.get(ioctx) ?? new Set((await Image.list(ioctx)).map(({ name }) => name))
    lists.set(ioctx, names)
    if (names.has(to.image)) differs(to, 'there is an image of that name')
    if (!names.has(from.image)) differs(from, 'the machine has it for a disk, and it is not there')
  }
  return differences
}

async function withImage<T>(pools: OpenPools, place: Place, use: (image: Image) => Promise<T>): Promise<T> {
  const image = await Image.open(await ioctxOf(pools, place), place.image)
  try {
    return await use(image)
  } finally {
    await image.close()
  }
}

/** Takes a snapshot of the image that can be cloned, whatever format clones have. */
export async function snapshot(pools: OpenPools, place: Place, name: string): Promise<void> {
  await withImage(pools, place, (image) => image.snapshots.create(name))
}

/** Removes such a snapshot; `false`: there is none. */
export async function removeSnapshot(pools: OpenPools, place: Place, name: string): Promise<boolean> {
  try {
    return await withImage(pools, place, async ({ snapshots }) => {
      if (!(await snapshots.exists(name))) return false
      if (await snapshots.isProtected(name)) await snapshots.unprotect(name)
      await snapshots.remove(name)
      return true
    })
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Makes the clone's image. A full copy is aborted with the signal; it has its name only when it is whole. */
export async function makeImage(
  pools: OpenPools,
  { from, to }: ClonedDisk,
  name: string,
  { isFull, signal }: { isFull: boolean; signal: AbortSignal | undefined },
): Promise<void> {
  const [source, destination] = [await ioctxOf(pools, from), await ioctxOf(pools, to)]
  if (isFull) {
    const given = { ioctx: source, image: from.image, snapshot: name }
    await copy(given, { ioctx: destination, image: to.image }, signal && { signal })
    return
  }
  await withImage(pools, from, ({ snapshots }) => snapshots.protect(name))
  await Image.clone(source, { image: from.image, snapshot: name }, destination, to.image)
}

/** The snapshot that was taken for this image alone; `undefined`: it is no such clone, or is not there. */
export async function ownSnapshot(
  pools: OpenPools,
  place: Place,
): Promise<{ place: Place; snapshot: string } | undefined> {
  try {
    await using image = await Image.open(await ioctxOf(pools, place), place.image, { readOnly: true })
    const parent = await image.parent()
    if (parent === undefined || !parent.snapshot.startsWith(PREFIX)) return undefined
    const { pool, namespace, image: name } = parent
    return { place: { pool, namespace, image: name }, snapshot: parent.snapshot }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}
