/** This file walks from an image to its clones and theirs, across pools, namespaces and trash, level by level. */

import pMap from 'p-map'
import { jsonable } from '../../internal/json.js'
import { type Known, toOptions, toSignal, toSize } from '../../internal/validate.js'
import { type IoCtx, toIoCtx } from '../../rados/ioctx.js'
import { Image } from '../image.js'
import type { LinkedImage, ParentImage } from '../relations.js'
import { Trash } from '../trash.js'
import type { CloneTree, CloneTreeOptions } from './types.js'

export const treeOptions: Known<CloneTreeOptions> = { signal: true, concurrency: true }

const mostAtOnce = 256

export function toConcurrency(value: unknown, byDefault: number): number {
  return toSize('options.concurrency', value ?? byDefault, 1, mostAtOnce)
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT'
}

/** Pools and namespaces of one cluster, each opened once, and the images in them. */
export class Places {
  readonly #ioctx: IoCtx
  readonly #opened = new Map<string, Promise<IoCtx>>()

  constructor(ioctx: IoCtx) {
    this.#ioctx = toIoCtx('ioctx', ioctx)
  }

  ioctx({ pool, namespace }: { pool: string; namespace: string }): Promise<IoCtx> {
    const { cluster } = this.#ioctx
    if (pool === this.#ioctx.pool && namespace === this.#ioctx.namespace) return Promise.resolve(this.#ioctx)
    const key = `${pool}/${namespace}`
    const opened = this.#opened.get(key) ?? cluster.openIoCtx(pool, { namespace })
    this.#opened.set(key, opened)
    return opened
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.values())
    for (const one of opened) if (one.status === 'fulfilled') await one.value.close()
  }

  /** Does something with an open image; by its id, which also one in the trash has, and one of format 1 has not. */
  async withImage<T>(
    image: Pick<LinkedImage, 'pool' | 'namespace' | 'id' | 'image'>,
    options: { readOnly: boolean; snapshot?: { id: bigint }; signal: AbortSignal | undefined },
    work: (image: Image) => Promise<T>,
  ): Promise<T> {
    const which = image.id === '' ? image.image : { id: image.id }
    const opened = await Image.open(await this.ioctx(image), which, options)
    try {
      return await work(opened)
    } finally {
      await opened.close()
    }
  }
}

class Walk {
  readonly #places: Places
  readonly #signal: AbortSignal | undefined
  /** The depth of snapshots, which many clones share. */
  readonly #depths = new Map<string, Promise<number>>()

  constructor(places: Places, signal: AbortSignal | undefined) {
    this.#places = places
    this.#signal = signal
  }

  async #depth(parent: ParentImage | undefined): Promise<number> {
    if (parent === undefined) return 0
    const key = `${parent.poolId}/${parent.namespace}/${parent.id}@${parent.snapshotId}`
    const known = this.#depths.get(key) ?? this.#depthOfSnapshot(parent)
    this.#depths.set(key, known)
    return 1 + (await known)
  }

  #depthOfSnapshot(parent: ParentImage): Promise<number> {
    const at = { readOnly: true, snapshot: { id: parent.snapshotId }, signal: this.#signal }
    return this.#places.withImage(parent, at, async (image) => this.#depth(await image.parent()))
  }

  /** The image with its clones, those without theirs; `undefined` when it is gone meanwhile. */
  async look(found: LinkedImage, isRoot: boolean): Promise<CloneTree | undefined> {
    try {
      return await this.#places.withImage(found, { readOnly: true, signal: this.#signal }, async (image) => {
        const [info, parent, clones] = await Promise.all([image.info(), image.parent(), image.listChildren()])
        return jsonable({
          ...found,
          size: info.size,
          features: info.features,
          depth: await this.#depth(parent),
          ...(isRoot || parent === undefined
            ? {}
            : { snapshot: jsonable({ id: parent.snapshotId, name: parent.snapshot }) }),
          clones: clones.map((one) => ({ ...one, size: 0, features: [], depth: 0, clones: [] })),
        })
      })
    } catch (error) {
      this.#signal?.throwIfAborted()
      if (isRoot) throw error
      if (isMissing(error)) return undefined
      return jsonable({ ...found, size: 0, features: [], depth: 0, clones: [], error: error as Error })
    }
  }
}

function byName(a: LinkedImage, b: LinkedImage): number {
  const [one, other] = [a, b].map(({ pool, namespace, image, id }) => [pool, namespace, image, id].join('\0'))
  return one === other ? 0 : (one as string) < (other as string) ? -1 : 1
}

/** Every image of a tree, the root first. */
export function imagesOf(tree: CloneTree): CloneTree[] {
  const all = [tree]
  for (const one of all) all.push(...one.clones)
  return all
}

export async function walk(
  places: Places,
  root: LinkedImage,
  concurrency: number,
  signal: AbortSignal | undefined,
): Promise<CloneTree> {
  const walking = new Walk(places, signal)
  const tree = (await walking.look(root, true)) as CloneTree
  for (let level = [tree]; level.length > 0; ) {
    const next: CloneTree[] = []
    await pMap(
      level.flatMap((above) => above.clones.map((clone) => ({ above, clone }))),
      async ({ above, clone }) => {
        const found = await walking.look(clone, false)
        above.clones.splice(above.clones.indexOf(clone), 1, ...(found === undefined ? [] : [found]))
        if (found !== undefined) next.push(found)
      },
      { concurrency },
    )
    for (const above of level) above.clones.sort(byName)
    level = next
  }
  return tree
}

/** The root of a tree as the cluster knows it. */
export async function rootOf(
  ioctx: IoCtx,
  image: string | { id: string },
  signal: AbortSignal | undefined,
): Promise<LinkedImage> {
  const opened = await Image.open(ioctx, image, { readOnly: true, signal })
  try {
    const { id, name } = await opened.info()
    const { pool, namespace } = ioctx
    const trash =
      typeof image === 'object' && (await new Trash(ioctx).list({ signal })).some((one) => one.id === id)
    return { poolId: await ioctx.id(), pool, namespace, id, image: name, trash }
  } finally {
    await opened.close()
  }
}

/**
 * An image with its clones, theirs, and so on, in whichever pools, namespaces and trashes they lie. Each image is opened once,
 * read-only. An image below the root that cannot be looked at has an `error`; one that is removed meanwhile is left out.
 *
 * Errors: `ENOENT` no such image; `EPERM` the user may not read a pool that has clones of it.
 *
 * @since 0.1.0
 */
export async function cloneTree(
  ioctx: IoCtx,
  image: string | { id: string },
  options?: CloneTreeOptions,
): Promise<CloneTree> {
  const given = toOptions('options', options, treeOptions)
  const signal = toSignal(given.signal)
  const concurrency = toConcurrency(given.concurrency, 16)
  const places = new Places(ioctx)
  try {
    return await walk(places, await rootOf(ioctx, image, signal), concurrency, signal)
  } finally {
    await places.close()
  }
}
