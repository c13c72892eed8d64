/** This file flattens and removes images of a tree, each in an order that Ceph allows. */

import { constants } from 'node:os'
import pMap from 'p-map'
import {
  invalidArgType,
  type Known,
  toBoolean,
  toOptions,
  toSignal,
  toSize,
} from '../../internal/validate.js'
import type { IoCtx } from '../../rados/ioctx.js'
import { Image } from '../image.js'
import type { LinkedImage } from '../relations.js'
import { Trash } from '../trash.js'
import type { CloneTree, CloneTreeChangeOptions, FlattenTreeOptions, RemoveTreeOptions } from './types.js'
import { imagesOf, Places, rootOf, toConcurrency, treeOptions, walk } from './walk.js'

const changeOptions: Known<CloneTreeChangeOptions> = { ...treeOptions, onProgress: ['progress'] }
const flattenOptions: Known<FlattenTreeOptions> = { ...changeOptions, maxDepth: ['depth'] }
const removeOptions: Known<RemoveTreeOptions> = { ...changeOptions, force: true }

function toChange({ concurrency, onProgress, signal }: CloneTreeChangeOptions) {
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalidArgType('options.onProgress', 'of type function', onProgress)
  return { concurrency: toConcurrency(concurrency, 4), onProgress, signal: toSignal(signal) }
}

type Change = ReturnType<typeof toChange>

/** The tree of an image, with what is needed to change it, to whatever wants to. An image that cannot be looked at ends it. */
async function withTree<T>(
  ioctx: IoCtx,
  image: string | { id: string },
  { concurrency, signal }: Change,
  work: (tree: CloneTree, places: Places) => Promise<T>,
): Promise<T> {
  const places = new Places(ioctx)
  try {
    const tree = await walk(places, await rootOf(ioctx, image, signal), concurrency, signal)
    for (const { error } of imagesOf(tree)) if (error !== undefined) throw error
    return await work(tree, places)
  } finally {
    await places.close()
  }
}

/** Changes images, some at a time. After a failure none is begun; those that were begun end first. */
async function changeAll(
  levels: readonly (readonly CloneTree[])[],
  { concurrency, onProgress, signal }: Change,
  change: (image: CloneTree) => Promise<void>,
): Promise<LinkedImage[]> {
  const done: LinkedImage[] = []
  const imagesTotal = levels.flat().length
  onProgress?.({ image: undefined, imagesDone: 0, imagesTotal })
  for (const level of levels) {
    let failed = false
    const one = async (image: CloneTree): Promise<void> => {
      if (failed) return
      try {
        signal?.throwIfAborted()
        await change(image)
      } catch (error) {
        failed = true
        throw error
      }
      done.push(image)
      onProgress?.({ image, imagesDone: done.length, imagesTotal })
    }
    try {
      await pMap(level, one, { concurrency, stopOnError: false })
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error
    }
  }
  return done
}

/**
 * What must be flattened so that no image lies deeper than `maxDepth`. `lift` is by how much less deep the snapshot is that the
 * image was cloned from, by what is flattened above it.
 */
function tooDeep(image: CloneTree, maxDepth: number, lift = 0): CloneTree[] {
  const isDeep = image.depth - lift > maxDepth && !image.trash
  const liftsSnapshots = isDeep && image.features.includes('deep-flatten')
  const below = image.clones.flatMap((clone) =>
    tooDeep(clone, maxDepth, liftsSnapshots ? Math.max(0, clone.depth - 1) : lift),
  )
  return isDeep ? [image, ...below] : below
}

/**
 * Flattens as few images of a tree as will do for none to lie deeper than `maxDepth`, and tells which. Those in the trash stay as
 * they are. One without the feature `deep-flatten` keeps its parent by its snapshots, and so do the clones of these: they are
 * flattened themselves.
 *
 * Errors: `ENOENT` no such image; as `image.flatten()`. What was flattened until then stays so.
 *
 * @since 0.1.0
 */
export async function flattenTree(
  ioctx: IoCtx,
  image: string | { id: string },
  options: FlattenTreeOptions,
): Promise<LinkedImage[]> {
  const given = toOptions('options', options, flattenOptions)
  const maxDepth = toSize('options.maxDepth', given.maxDepth)
  const change = toChange(given)
  return withTree(ioctx, image, change, (tree, places) => {
    return changeAll([tooDeep(tree, maxDepth)], change, (one) =>
      places.withImage(one, { readOnly: false, signal: change.signal }, (opened) =>
        opened.flatten({ signal: change.signal }),
      ),
    )
  })
}

/** Refuses an image of which somebody else has something. */
async function checkFree(image: CloneTree, places: Places, force: boolean, signal: AbortSignal | undefined) {
  const ioctx = await places.ioctx(image)
  const refuse = (errno: number, why: string): never => {
    throw ioctx.makeError(-errno, 'rbd_remove', why, { image: image.image })
  }
  if (image.trash && !force) {
    const { deferredUntil } = await new Trash(ioctx).get(image.id, { signal })
    if (deferredUntil > new Date())
      refuse(
        constants.errno.EPERM,
        `it is in the trash until ${deferredUntil.toISOString()}; 'force' removes it`,
      )
  }
  await places.withImage(image, { readOnly: true, signal }, async (opened) => {
    const [watchers, group, snapshots] = await Promise.all([
      opened.listWatchers({ signal }),
      opened.group({ signal }),
      opened.snapshots.list({ signal }),
    ])
    if (watchers[0] !== undefined)
      refuse(constants.errno.EBUSY, `client.${watchers[0].id} has it open (${watchers[0].address})`)
    if (group !== undefined)
      refuse(constants.errno.EBUSY, `it is in the group '${group.group}': take it out first`)
    const others = snapshots.find(({ namespace: { type } }) => type !== 'user' && type !== 'trash')
    if (others !== undefined)
      refuse(constants.errno.EBUSY, `its snapshot '${others.name}' is one of a ${others.namespace.type}`)
  })
}

async function removeImage(
  image: CloneTree,
  places: Places,
  force: boolean,
  signal: AbortSignal | undefined,
) {
  await places.withImage(image, { readOnly: false, signal }, async (opened) => {
    // One in the trash has gone with the last of its clones.
    for (const { name, namespace } of await opened.snapshots.list({ signal }))
      if (namespace.type === 'user') await opened.snapshots.remove(name, { unprotect: true, signal })
  })
  const ioctx = await places.ioctx(image)
  if (image.trash) await new Trash(ioctx).remove(image.id, { force, signal })
  else await Image.remove(ioctx, image.image, { signal })
}

/**
 * Removes an image with all its clones, and theirs, and the snapshots of each: from the lowest up. Looks first whether it
 * may: nothing is removed when one of them is open somewhere, in a group, or has snapshots of a group or of mirroring.
 * Tells what was removed.
 *
 * Errors: `ENOENT` no such image; `EBUSY` one is in use, the message says which and by whom; `EPERM` one is in the trash until
 * later; as `Image.remove()`. What was removed until then is gone; what is left is still a whole tree.
 *
 * @since 0.1.0
 */
export async function removeTree(
  ioctx: IoCtx,
  image: string | { id: string },
  options?: RemoveTreeOptions,
): Promise<LinkedImage[]> {
  const given = toOptions('options', options, removeOptions)
  const force = toBoolean('options.force', given.force, false)
  const change = toChange(given)
  const { signal, concurrency } = change
  return withTree(ioctx, image, change, async (tree, places) => {
    const levels: CloneTree[][] = []
    for (let level = [tree]; level.length > 0; level = level.flatMap(({ clones }) => clones))
      levels.unshift(level)
    await pMap(levels.flat(), (one) => checkFree(one, places, force, signal), { concurrency })
    return changeAll(levels, change, (one) => removeImage(one, places, force, signal))
  })
}
