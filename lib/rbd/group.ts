import { constants } from 'node:os'
import { objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { groupImageStates } from '../internal/generated/librbd.js'
import { jsonable } from '../internal/json.js'
import { nameOf } from '../internal/name-of.js'
import { toText } from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { GroupSnapshots } from './group-snapshot.js'
import { toName } from './names.js'
import { checkSameCluster } from './same-cluster.js'

/**
 * The consistency group that an image is in: {@link Group} lists and changes them.
 *
 * @since 0.1.0
 */
export interface ImageGroup {
  /** The group's pool. */
  poolId: bigint
  pool: string
  group: string
}

/**
 * An image of a consistency group.
 *
 * @since 0.1.0
 */
export interface GroupImage {
  image: string
  /** The image's pool, which need not be the group's. */
  poolId: bigint
  pool: string
  /** `'incomplete'`: adding it, or taking it out, was interrupted. Doing that again ends it. */
  state: (typeof groupImageStates)[keyof typeof groupImageStates] | 'unknown'
}

/** librbd answers for a group that is not there as for one that has nothing. */
async function listed<T>(group: Group, list: T[], syscall: string, options?: CallOptions): Promise<T[]> {
  if (list.length > 0 || (await Group.list(group.ioctx, options)).includes(group.name)) return list
  throw group.ioctx.makeError(-constants.errno.ENOENT, syscall, 'there is no such group', {
    object: group.name,
  })
}

/**
 * The images of a consistency group: `group.images`.
 *
 * @since 0.1.0
 */
export class GroupImages {
  readonly #group: Group

  /** @internal */
  constructor(group: Group) {
    this.#group = group
  }

  /**
   * All its images.
   *
   * Errors: `ENOENT` no such group.
   *
   * Implements: rbd_group_image_list; when that has none, rbd_group_list.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<GroupImage[]> {
    const { ioctx, name } = this.#group
    const task = toTaskOptions(options, { object: name })
    const images = await ioctx.callWith(native.rbd_group_image_list, task, name)
    return (await listed(this.#group, images, 'rbd_group_image_list', options)).map((image) =>
      jsonable({ ...image, state: nameOf(groupImageStates, image.state) }),
    )
  }

  /**
   * Adds an image, of any pool of the cluster, and of the namespace of the group. An image is in one group at most. No error when
   * it is in this one already.
   *
   * Errors: `ENOENT` no such group or image; `EEXIST` the image is in another group; `EINVAL` it is in another namespace;
   * `EXDEV` the two ioctxs are of different clusters.
   *
   * Implements: rbd_group_image_add.
   * @since 0.1.0
   */
  async add(ioctx: IoCtx, image: string, options?: CallOptions): Promise<void> {
    await this.#change('rbd_group_image_add', ioctx, toText('image', image), options)
  }

  /**
   * Takes an image out of it. The snapshots that the group has of the image stay. No error when it is not in it.
   *
   * Errors: `ENOENT` no such group or image; `EXDEV` as `add`.
   *
   * Implements: rbd_group_image_remove.
   * @since 0.1.0
   */
  async remove(ioctx: IoCtx, image: string, options?: CallOptions): Promise<void> {
    await this.#change('rbd_group_image_remove', ioctx, toText('image', image), options)
  }

  /**
   * The same of an image by its id, as for one in the trash.
   *
   * Errors: as `remove`.
   *
   * Implements: rbd_group_image_remove_by_id.
   * @since 0.1.0
   */
  async removeById(ioctx: IoCtx, id: string, options?: CallOptions): Promise<void> {
    await this.#change('rbd_group_image_remove_by_id', ioctx, toText('id', id), options)
  }

  async #change(
    call: 'rbd_group_image_add' | 'rbd_group_image_remove' | 'rbd_group_image_remove_by_id',
    imageIoctx: IoCtx,
    image: string,
    options: CallOptions | undefined,
  ): Promise<void> {
    const { ioctx, name } = this.#group
    const { pool, namespace } = toIoCtx('ioctx', imageIoctx)
    const object = { object: name, dest: objectPath({ pool, namespace, image }) }
    const task = toTaskOptions(options, object)
    await imageIoctx.lend(call, async () => {
      await checkSameCluster(ioctx, imageIoctx, call, object)
      await ioctx.callWith(native[call], task, name, imageIoctx.handle, image)
    })
  }
}

/**
 * A consistency group: images of which snapshots are made at one moment.
 *
 * @since 0.1.0
 */
export class Group {
  /** The pool and namespace that it is in; it stays the caller's. */
  readonly ioctx: IoCtx
  readonly name: string
  /** Its images. */
  readonly images: GroupImages
  /** Its snapshots. */
  readonly snapshots: GroupSnapshots

  /** A group by its name. It is looked up when it is used. */
  constructor(ioctx: IoCtx, name: string) {
    this.ioctx = toIoCtx('ioctx', ioctx)
    this.name = toText('name', name)
    this.images = new GroupImages(this)
    this.snapshots = new GroupSnapshots(this, (list, syscall, options) =>
      listed(this, list, syscall, options),
    )
  }

  /**
   * Creates a group without images.
   *
   * Errors: `EEXIST`.
   *
   * Implements: rbd_group_create.
   * @since 0.1.0
   */
  static async create(ioctx: IoCtx, name: string, options?: CallOptions): Promise<void> {
    const object = toName('name', name)
    const task = toTaskOptions(options, { object })
    await toIoCtx('ioctx', ioctx).callWith(native.rbd_group_create, task, object)
  }

  /**
   * The names of the groups of the pool and namespace.
   *
   * Implements: rbd_group_list.
   * @since 0.1.0
   */
  static async list(ioctx: IoCtx, options?: CallOptions): Promise<string[]> {
    return toIoCtx('ioctx', ioctx).callWith(native.rbd_group_list, toTaskOptions(options))
  }

  /**
   * Removes a group and its snapshots; its images stay. No error when there is no such group.
   *
   * Implements: rbd_group_remove.
   * @since 0.1.0
   */
  static async remove(ioctx: IoCtx, name: string, options?: CallOptions): Promise<void> {
    const object = toText('name', name)
    const task = toTaskOptions(options, { object })
    await toIoCtx('ioctx', ioctx).callWith(native.rbd_group_remove, task, object)
  }

  /**
   * Renames a group within its pool and namespace.
   *
   * Errors: `ENOENT`; `EEXIST`.
   *
   * Implements: rbd_group_rename.
   * @since 0.1.0
   */
  static async rename(ioctx: IoCtx, from: string, to: string, options?: CallOptions): Promise<void> {
    const { pool, namespace } = toIoCtx('ioctx', ioctx)
    const object = toText('from', from)
    const name = toName('to', to)
    const task = toTaskOptions(options, { object, dest: objectPath({ pool, namespace, image: name }) })
    await ioctx.callWith(native.rbd_group_rename, task, object, name)
  }

  /**
   * Its id, which it keeps when it is renamed.
   *
   * Errors: `ENOENT` no such group; `ENOSYS` this host's librbd is older than Ceph 20.2.0.
   *
   * Implements: rbd_group_get_id.
   * @since 0.1.0
   */
  async id(options?: CallOptions): Promise<string> {
    const task = toTaskOptions(options, { object: this.name })
    return this.ioctx.callWith(native.rbd_group_get_id, task, this.name)
  }
}
