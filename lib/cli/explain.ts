/** What stands in the way of a removal, in words: librbd has only an errno for it. */

import type { Image } from '../rbd/image.js'
import { formatImageSpec, type ImageSpec } from './image-spec.js'
import type { Session } from './session.js'

function some(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')}, ...` : names.join(', ')
}

async function watchers(image: Image): Promise<string> {
  const list = await image.listWatchers()
  return list.length === 0 ? '' : `it is open on ${some(list.map(({ address }) => address))}`
}

async function snapshots(image: Image, spec: ImageSpec): Promise<string> {
  const names = (await image.listSnapshots()).map(({ name }) => name)
  if (names.length === 0) return ''
  const first = formatImageSpec({ ...spec, snapshot: names[0] ?? '' })
  return `it has snapshots (${some(names)}), each to be removed first: rbdkit snap rm ${first}`
}

async function protection(image: Image, { snapshot = '', ...spec }: ImageSpec): Promise<string> {
  if (!(await image.isSnapshotProtected(snapshot))) return ''
  return `it is protected: rbdkit snap unprotect ${formatImageSpec({ ...spec, snapshot })}`
}

async function clones(image: Image): Promise<string> {
  const names = (await image.listChildren()).map((child) => formatImageSpec(child))
  return names.length === 0 ? '' : `it has clones (${some(names)})`
}

async function obstacle(session: Session, spec: ImageSpec, code: unknown): Promise<string> {
  const image = await session.open(spec, { readOnly: true })
  if (spec.snapshot === undefined)
    return code === 'ENOTEMPTY' ? snapshots(image, spec) : (await watchers(image)) || snapshots(image, spec)
  return (await clones(image)) || protection(image, spec)
}

/** Runs what removes `spec` or the protection of its snapshot; a refusal says what it is about. */
export async function explained(session: Session, spec: ImageSpec, remove: Promise<void>): Promise<void> {
  try {
    await remove
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (error instanceof Error && (code === 'EBUSY' || code === 'ENOTEMPTY')) {
      // A second failure must not hide the first.
      const reason = await obstacle(session, spec, code).catch(() => '')
      if (reason !== '') error.message += `: ${reason}`
    }
    throw error
  }
}
