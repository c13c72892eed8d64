/** This file finds out why librbd refuses what it refuses, because librbd has only an errno for it. */

import { addDetail, CephError, objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { onAbort } from '../internal/on-abort.js'
import type { IoCtx } from '../rados/ioctx.js'
import type { ImageHandle } from './handle.js'
import type { Image } from './image.js'
import { type MigrationStatus, toMigrationStatus } from './migration-status.js'
import type { SnapshotInfo } from './snapshot-info.js'

/** Runs an operation; to a refusal with one of these codes it adds what `why` finds out. */
export async function explained<T>(
  operation: Promise<T>,
  codes: readonly string[],
  why: (code: string) => Promise<string>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await operation
  } catch (error) {
    if (!(error instanceof CephError) || !codes.includes(error.code)) throw error
    addDetail(error, await unlessAborted(why(error.code), signal))
    throw error
  }
}

/** An explanation, or none: its failure must not hide the refusal, nor may it outlast an abort. */
async function unlessAborted(reason: Promise<string>, signal: AbortSignal | undefined): Promise<string> {
  const found = reason.catch(() => '')
  if (signal === undefined) return found
  if (signal.aborted) return ''
  let unlisten = (): void => {}
  const aborted = new Promise<string>((resolve) => {
    unlisten = onAbort(signal, () => resolve(''))
  })
  return Promise.race([found, aborted]).finally(unlisten)
}

/** Opens an image without watching it, for one question. */
export async function ask<T>(
  ioctx: IoCtx,
  image: string | { id: string },
  question: (image: Image) => Promise<T>,
  snapshot?: string,
): Promise<T> {
  // Not before: image.js needs this file.
  const { Image } = await import('./image.js')
  const opened = await Image.open(ioctx, image, {
    readOnly: true,
    ...(snapshot === undefined ? {} : { snapshot }),
  })
  try {
    return await question(opened)
  } finally {
    await opened.close()
  }
}

function some(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')}, ...` : names.join(', ')
}

function describeMigration({ source, dest, state }: MigrationStatus): string {
  return (
    `it is being migrated (${state}) from ${objectPath(source)} to ${objectPath(dest)}: end that first with ` +
    `'rbd migration commit' or 'rbd migration abort'`
  )
}

async function migration(ioctx: IoCtx, name: string): Promise<string> {
  try {
    return describeMigration(toMigrationStatus(await ioctx.call(native.rbd_migration_status, name)))
  } catch {
    return '' // it is not under migration, or gone
  }
}

async function watchers(image: Image): Promise<string> {
  const list = await image.listWatchers()
  return list.length === 0 ? '' : `it is open on ${some(list.map(({ address }) => address))}`
}

/** Names of an image's clones. */
async function clones(image: Image): Promise<string> {
  return some(
    (await image.listChildren()).map((child) => objectPath(child) + (child.trash ? ' (in the trash)' : '')),
  )
}

async function snapshots(image: Image): Promise<string> {
  const list = await image.snapshots.list()
  const reasons: string[] = []
  const names = <T extends SnapshotInfo['namespace']['type']>(
    type: T,
    toText: (namespace: Extract<SnapshotInfo['namespace'], { type: T }>, name: string) => string,
  ): string | undefined => {
    const found = list.filter(({ namespace }) => namespace.type === type)
    if (found.length === 0) return undefined
    return some(found.map(({ namespace, name }) => toText(namespace as never, name)))
  }
  const user = names('user', (_, name) => name)
  if (user) reasons.push(`it has snapshots (${user}), each to be removed first`)
  const group = names('group', (of) => `${of.group}@${of.snapshot}`)
  if (group)
    reasons.push(`it has snapshots of groups (${group}), to be removed first with 'rbd group snap rm'`)
  const trash = names('trash', ({ name }) => name)
  if (trash) {
    const of = await clones(image)
    reasons.push(
      `it has snapshots in the trash (${trash}), which go when the last clone of them does` +
        `${of === '' ? '' : `: flatten or remove ${of} first`}`,
    )
  }
  if (reasons.length === 0 && names('mirror', (_, name) => name) !== undefined)
    reasons.push("it has snapshots of mirroring: 'rbd mirror image disable' removes them")
  return reasons.join('; ')
}

async function group(image: Image): Promise<string> {
  const found = await image.group()
  if (found === undefined) return ''
  const path = objectPath({ pool: found.pool, namespace: image.ioctx.namespace, image: found.group })
  return `it is in the group ${path}: take it out first with 'rbd group image remove'`
}

async function mirroring(image: Image): Promise<string> {
  const info = await image.mirror.info()
  if (info === undefined || info.primary) return ''
  return (
    'it is mirrored from another cluster: remove the primary image, promote this one first ' +
    `('rbd mirror image promote'), or end its mirroring ('rbd mirror image disable --force')`
  )
}

/** A removal that was interrupted leaves an image in the trash: it is listed, and opened by its id only. */
async function halfRemoved(ioctx: IoCtx, name: string): Promise<string> {
  const images = await ioctx.call(native.rbd_list2)
  const id = images.find((image) => image.name === name)?.id
  if (id === undefined) return ''
  const reason = await ask(ioctx, { id }, watchers)
  return `an earlier removal was interrupted, and removing it again ends the work${reason === '' ? '' : `; but ${reason}, which Ceph forgets 30 seconds after a client has died`}`
}

/** Why an image cannot be removed, or with `EBUSY` migrated. */
export async function whyNotRemoved(ioctx: IoCtx, name: string, code: string): Promise<string> {
  switch (code) {
    case 'ENOTEMPTY':
      return ask(ioctx, name, snapshots)
    case 'EMLINK':
      return ask(ioctx, name, group)
    case 'EINVAL':
      return ask(ioctx, name, mirroring)
    case 'EBUSY': {
      const reason = await migration(ioctx, name)
      if (reason !== '') return reason
      const found = ask(ioctx, name, async (image) => (await watchers(image)) || snapshots(image))
      return found.catch(() => halfRemoved(ioctx, name))
    }
    default:
      return migration(ioctx, name) // ENOENT: its source lies in the trash
  }
}

/** Why a snapshot cannot be removed, or unprotected. */
export async function whySnapshotStays(image: ImageHandle, snapshot: string): Promise<string> {
  const of = await ask(image.ioctx, image.name, clones, snapshot)
  if (of !== '') return `it has clones (${of}), to be flattened or removed first`
  return (await image.call(native.rbd_snap_is_protected, snapshot))
    ? 'it is protected: unprotect it first'
    : ''
}

/** Why a snapshot cannot be cloned. */
export async function whyNotCloned(
  ioctx: IoCtx,
  parent: { image: string; snapshot: string },
  cloneFormat: number | undefined,
): Promise<string> {
  if (await ask(ioctx, parent.image, (image) => image.snapshots.isProtected(parent.snapshot))) return ''
  const format =
    cloneFormat === undefined
      ? 'this cluster makes by default, for clients older than Mimic may use it'
      : 'was asked for'
  return (
    `the snapshot is not protected, which a clone of format 1 needs, and that is what ${format}: protect the ` +
    'snapshot first, or pass cloneFormat: 2'
  )
}

/** Why an image cannot have a pair of metadata. Values are not shown: they may be secrets. */
export async function whyNotSet(image: ImageHandle, key: string): Promise<string> {
  if (!key.startsWith('conf_')) return ''
  const option = key.slice('conf_'.length)
  const options = await image.call(native.rbd_config_image_list)
  return options.some(([name]) => name === option)
    ? `the option ${option} does not take this value`
    : `a key that begins with conf_ sets an option of librbd for this image, and there is no option '${option}'`
}

/** Why an image cannot get another size. */
export async function whyNotResized(image: Image, size: number, allowShrink: boolean): Promise<string> {
  const before = await image.size()
  if (allowShrink || size >= before) return ''
  return `it has ${before} bytes, and would lose what lies behind ${size}: pass allowShrink: true`
}
