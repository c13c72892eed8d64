/** This file compares two snapshots of a consistency group, image by image. */
import { constants } from 'node:os'
import type { Known } from '../internal/validate.js'
import { toOptions, toSignal, toText } from '../internal/validate.js'
import type { IoCtx } from '../rados/ioctx.js'
import { diffOf, type ImageDiffOptions, type ImageExtent } from './diff.js'
import { ask } from './explain.js'
import type { Group } from './group.js'

/**
 * A part of an image of a consistency group.
 *
 * @since 0.1.0
 */
export interface GroupExtent extends ImageExtent {
  image: string
  poolId: bigint
  pool: string
}

/**
 * What a diff of a consistency group is of.
 *
 * @since 0.1.0
 */
export interface GroupDiffOptions extends Pick<ImageDiffOptions, 'includeParent' | 'wholeObject' | 'signal'> {
  /**
   * The group's snapshot that it begins at; default: the beginning, so all that the images have. Of an image that joined the
   * group later, it is all that it has.
   */
  from?: string
}

const diffOptions: Known<GroupDiffOptions> = {
  from: ['fromSnapshot', 'fromSnap'],
  includeParent: true,
  wholeObject: ['wholeObjects'],
  signal: true,
}

/** An image of the group, and its snapshots that belong to the group's. */
interface Member {
  image: string
  poolId: bigint
  pool: string
  to: bigint
  from: bigint | undefined
}

/** Ioctxs of the pools of the group's images, in the group's namespace. */
class Pools implements AsyncDisposable {
  readonly #own: IoCtx
  readonly #ownId: bigint
  readonly #opened = new Map<bigint, IoCtx>()

  constructor(own: IoCtx, ownId: bigint) {
    this.#own = own
    this.#ownId = ownId
  }

  async of(id: bigint, signal: AbortSignal | undefined): Promise<IoCtx> {
    if (id === this.#ownId) return this.#own
    const known = this.#opened.get(id)
    if (known !== undefined) return known
    const { cluster, namespace } = this.#own
    const opened = await cluster.openIoCtx(id, { namespace, signal })
    this.#opened.set(id, opened)
    return opened
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const ioctx of this.#opened.values()) await ioctx.close()
  }
}

/** librbd tells of what a snapshot consists since Ceph 20.2; before, each image of the group is asked. */
async function* membersOf(
  group: Group,
  pools: Pools,
  poolId: bigint,
  to: string,
  from: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Member, void, undefined> {
  const { ioctx, name } = group
  const list = await group.snapshots.list({ signal })
  const find = (snapshot: string) => {
    const found = list.find((one) => one.name === snapshot)
    if (found !== undefined) return found
    throw ioctx.makeError(-constants.errno.ENOENT, 'rbd_group_snap_list', undefined, {
      object: name,
      snapshot,
    })
  }
  const last = find(to)
  const first = from === undefined ? undefined : find(from)
  if (last.details !== undefined) {
    for (const { snapshotId, ...image } of last.details.images) {
      const before = first?.details?.images.find(
        (one) => one.image === image.image && one.poolId === image.poolId,
      )
      yield { ...image, to: snapshotId, from: before?.snapshotId }
    }
    return
  }
  for (const { image, poolId: id, pool } of await group.images.list({ signal })) {
    const snapshots = await ask(await pools.of(id, signal), image, (opened) =>
      opened.snapshots.list({ signal }),
    )
    const idOf = (snapshot: string | undefined): bigint | undefined =>
      snapshots.find(
        ({ namespace }) =>
          namespace.type === 'group' &&
          namespace.poolId === poolId &&
          namespace.group === name &&
          namespace.snapshot === snapshot,
      )?.id
    const at = idOf(to)
    if (at !== undefined) yield { image, poolId: id, pool, to: at, from: idOf(from) }
  }
}

/** The extents of `group.snapshots.diff()`. What is wrong with the arguments, the first `next()` throws. */
export async function* groupDiff(
  group: Group,
  snapshot: string,
  options: GroupDiffOptions | undefined,
): AsyncGenerator<GroupExtent, void, undefined> {
  const to = toText('name', snapshot)
  const { from: first, ...given } = toOptions('options', options, diffOptions)
  const from = first === undefined ? undefined : toText('options.from', first)
  const signal = toSignal(given.signal)
  // Not before: image.js needs files that need this one.
  const { Image } = await import('./image.js')
  const poolId = await group.ioctx.id()
  await using pools = new Pools(group.ioctx, poolId)
  for await (const member of membersOf(group, pools, poolId, to, from, signal)) {
    const { image: name, poolId: id, pool } = member
    const at = { snapshot: { id: member.to }, readOnly: true, signal }
    await using image = await Image.open(await pools.of(id, signal), name, at)
    const diff = { ...given, ...(member.from !== undefined && { from: { id: member.from } }) }
    for await (const extent of diffOf(image, diff)) yield { image: name, poolId: id, pool, ...extent }
  }
}
