import { constants } from 'node:os'
import { type ErrorObject, objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { type Known, toOptions, toSize, toText, toUint64 } from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { ask, explained, whyNotCloned } from './explain.js'
import { type NewImageOptions, newImageOptions, toNativeOptions, withOwnStripes } from './layout.js'
import { toName } from './names.js'
import { checkSameCluster } from './same-cluster.js'

/**
 * The snapshot that is cloned: by its name, or by its id.
 *
 * @since 0.1.0
 */
export type CloneParent =
  | { image: string; snapshot: string }
  /** Also a snapshot without a name to go by, as one of a group is; that needs Ceph 19. */
  | { image: string; snapshotId: bigint | number }

/**
 * How a clone is made.
 *
 * @since 0.1.0
 */
export interface CloneOptions extends NewImageOptions, CallOptions {
  /** 1 needs a protected snapshot, 2 needs clients since Mimic; default: what the cluster requires of its clients. */
  cloneFormat?: 1 | 2
}

const cloneOptions: Known<CloneOptions> = { ...newImageOptions, cloneFormat: true, signal: true }

interface Parent {
  image: string
  snapshot: string | undefined
  id: bigint | undefined
}

function toParent(given: CloneParent): Parent {
  const known = { image: true, snapshot: ['snap'], snapshotId: ['id', 'snapId'] } as const
  const { image, snapshot, snapshotId } = toOptions<{
    image: string
    snapshot?: string
    snapshotId?: bigint | number
  }>('parent', given, known)
  return {
    image: toText('parent.image', image),
    snapshot: snapshotId === undefined ? toText('parent.snapshot', snapshot) : undefined,
    id: snapshotId === undefined ? undefined : toUint64('parent.snapshotId', snapshotId),
  }
}

/**
 * librbd before Ceph 19 clones by name only, and only what a user has named. What newer ones refuse as not there is refused
 * in the same way; `undefined`: only a newer one could do it.
 */
async function nameOf(ioctx: IoCtx, { image, id }: Parent, object: ErrorObject): Promise<string | undefined> {
  if (native.lacks('rbd_clone4') === undefined) return undefined
  const list = await ask(ioctx, image, (opened) => opened.snapshots.list())
  const found = list.find((snapshot) => snapshot.id === id)
  if (found === undefined || found.namespace.type === 'trash')
    throw ioctx.makeError(-constants.errno.ENOENT, 'rbd_clone3', 'there is no such snapshot', object)
  return found.namespace.type === 'user' ? found.name : undefined
}

/** Clones a snapshot: `Image.clone()`. */
export async function cloneImage(
  ioctx: IoCtx,
  given: CloneParent,
  childIoctx: IoCtx,
  name: string,
  options: CloneOptions | undefined,
): Promise<void> {
  toIoCtx('ioctx', ioctx)
  toIoCtx('childIoctx', childIoctx)
  const parent = toParent(given)
  const child = toName('name', name)
  const { cloneFormat, signal, ...rest } = toOptions('options', options, cloneOptions)
  const layout = withOwnStripes(toNativeOptions(rest))
  if (cloneFormat !== undefined) layout.cloneFormat = toSize('options.cloneFormat', cloneFormat, 1, 2)
  const dest = objectPath({ pool: childIoctx.pool, namespace: childIoctx.namespace, image: child })
  const object = { image: parent.image, snapshot: parent.snapshot ?? `#${parent.id}`, dest }
  const task = toTaskOptions({ signal }, object)
  await childIoctx.lend('rbd_clone3', async () => {
    await checkSameCluster(ioctx, childIoctx, 'rbd_clone3', object)
    const snapshot = parent.snapshot ?? (await nameOf(ioctx, parent, object))
    if (snapshot === undefined) {
      const id = parent.id as bigint
      await ioctx.callWith(native.rbd_clone4, task, parent.image, id, childIoctx.handle, child, layout)
      return
    }
    await explained(
      ioctx.callWith(native.rbd_clone3, task, parent.image, snapshot, childIoctx.handle, child, layout),
      ['EINVAL', 'EXDEV'],
      async (code) =>
        code === 'EXDEV'
          ? 'a clone in another namespace is of format 2: { cloneFormat: 2 }'
          : whyNotCloned(ioctx, { image: parent.image, snapshot }, layout.cloneFormat),
      task.signal,
    )
  })
}
