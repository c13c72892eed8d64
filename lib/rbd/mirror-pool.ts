import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import {
  mirrorImageModes,
  mirrorImageStates,
  mirrorModes,
  mirrorPeerDirections,
  mirrorStatusStates,
} from '../internal/generated/librbd.js'
import { nameOf, numberOf } from '../internal/name-of.js'
import { invalidArgType, invalidSecretType, toOptions, toText } from '../internal/validate.js'
import { Cluster } from '../rados/cluster.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import {
  type MirrorImageMode,
  type MirrorInfo,
  type MirrorReplayState,
  type MirrorStatus,
  toMirrorStatus,
} from './mirror.js'
import { MirrorPeers, type PeerDirection } from './mirror-peers.js'

/**
 * What of a pool is mirrored: nothing, the images that `image.mirror.enable()` was called of, or every one with the feature
 * journaling. `'init-only'`, since Ceph 20.2, readies a pool of which namespaces are mirrored.
 *
 * @since 0.1.0
 */
export type MirrorMode = 'disabled' | 'image' | 'pool' | 'init-only'

/**
 * A mirrored image of a pool, by its id.
 *
 * @since 0.1.0
 */
export interface MirroredImage extends MirrorInfo {
  id: string
}

/**
 * How far the copies of an image are. Which one is primary the list does not tell.
 *
 * @since 0.1.0
 */
export interface ListedMirrorStatus extends Omit<MirrorStatus, 'info'> {
  id: string
  info: Pick<MirrorInfo, 'globalId' | 'state'>
}

function toCluster(value: unknown): Cluster {
  if (value instanceof Cluster) return value
  throw invalidArgType('cluster', 'an instance of Cluster', value)
}

/** What a list by image ids tells, page after page. */
async function* pages<T extends readonly [id: string, ...told: unknown[]], R>(
  read: (after: string) => Promise<T[]>,
  toResult: (told: T) => R,
): AsyncGenerator<R, void, undefined> {
  let after = ''
  for (;;) {
    const page = await read(after)
    yield* page.map(toResult)
    const last = page.at(-1)
    if (last === undefined) return
    after = last[0]
  }
}

/**
 * The mirroring of a pool and namespace to other clusters. What an image's is, is `image.mirror`.
 *
 * @since 0.1.0
 */
export class Mirror {
  readonly #ioctx: IoCtx
  /** The clusters that the pool is mirrored with. */
  readonly peers: MirrorPeers

  /** That of the pool and namespace of an ioctx, which stays the caller's. */
  constructor(ioctx: IoCtx) {
    this.#ioctx = toIoCtx('ioctx', ioctx)
    this.peers = new MirrorPeers(this.#ioctx)
  }

  /**
   * What a cluster calls itself towards those that it mirrors with; its fsid when nothing was set.
   *
   * Implements: rbd_mirror_site_name_get.
   * @since 0.1.0
   */
  static async siteName(cluster: Cluster, options?: CallOptions): Promise<string> {
    return toCluster(cluster).callWith(native.rbd_mirror_site_name_get, toTaskOptions(options))
  }

  /**
   * Sets that; `''` takes it away.
   *
   * Implements: rbd_mirror_site_name_set.
   * @since 0.1.0
   */
  static async setSiteName(cluster: Cluster, name: string, options?: CallOptions): Promise<void> {
    const text = toText('name', name, { empty: true })
    await toCluster(cluster).callWith(native.rbd_mirror_site_name_set, toTaskOptions(options), text)
  }

  /**
   * What of the pool is mirrored.
   *
   * Implements: rbd_mirror_mode_get.
   * @since 0.1.0
   */
  async mode(options?: CallOptions): Promise<MirrorMode | 'unknown'> {
    return nameOf(mirrorModes, await this.#ioctx.callWith(native.rbd_mirror_mode_get, toTaskOptions(options)))
  }

  /**
   * Errors: `EINVAL` to `'disabled'` while images are mirrored, or from `'pool'` with peers; `'init-only'` before Ceph 20.2,
   * or of a namespace.
   *
   * Implements: rbd_mirror_mode_set.
   * @since 0.1.0
   */
  async setMode(mode: MirrorMode, options?: CallOptions): Promise<void> {
    const number = numberOf('mode', mode, mirrorModes)
    await this.#ioctx.callWith(native.rbd_mirror_mode_set, toTaskOptions(options), number)
  }

  /**
   * What the pool is called in the status of images that are mirrored from it.
   *
   * Errors: `ENOENT` its mirroring was never on.
   *
   * Implements: rbd_mirror_uuid_get.
   * @since 0.1.0
   */
  async uuid(options?: CallOptions): Promise<string> {
    return this.#ioctx.callWith(native.rbd_mirror_uuid_get, toTaskOptions(options))
  }

  /**
   * The namespace of the peers that this one is mirrored with; its own name when nothing else was set.
   *
   * Errors: `ENOSYS` this host's librbd is older than Ceph 20.2.0.
   *
   * Implements: rbd_mirror_remote_namespace_get.
   * @since 0.1.0
   */
  async remoteNamespace(options?: CallOptions): Promise<string> {
    return this.#ioctx.callWith(native.rbd_mirror_remote_namespace_get, toTaskOptions(options))
  }

  /**
   * Sets that; `''` is the default namespace.
   *
   * Errors: `EINVAL` mirroring is on; `ENOSYS` this host's librbd is older than Ceph 20.2.0.
   *
   * Implements: rbd_mirror_remote_namespace_set.
   * @since 0.1.0
   */
  async setRemoteNamespace(namespace: string, options?: CallOptions): Promise<void> {
    const name = toText('namespace', namespace, { empty: true })
    await this.#ioctx.callWith(native.rbd_mirror_remote_namespace_set, toTaskOptions(options), name)
  }

  /**
   * A token by which another cluster adds this one as a peer: `importToken()` there. It is a secret: in it is the key of
   * `client.rbd-mirror-peer`, a user that is made for it.
   *
   * Errors: `EINVAL` the pool's mirroring is off; `EACCES`, `EPERM` not allowed.
   *
   * Implements: rbd_mirror_peer_bootstrap_create.
   * @since 0.1.0
   */
  async createToken(options?: CallOptions): Promise<string> {
    return this.#ioctx.callWith(native.rbd_mirror_peer_bootstrap_create, toTaskOptions(options))
  }

  /**
   * Adds the cluster that made the token as a peer, and for `'rx-tx'` this one there. Connects to it, which takes as long as
   * its monitors do.
   *
   * Errors: `EINVAL` not a token, one of this cluster, or the pool's mirroring is off on either side; `EEXIST` there is
   * another peer already; `ENOENT` no such pool there; `ETIMEDOUT` its monitors do not answer.
   *
   * Implements: rbd_mirror_peer_bootstrap_import.
   * @since 0.1.0
   */
  async importToken(
    token: string,
    options?: CallOptions & { direction?: Exclude<PeerDirection, 'tx'> },
  ): Promise<void> {
    if (typeof token !== 'string') throw invalidSecretType('token', 'of type string', token)
    const text = toText('token', token)
    const given = toOptions('options', options, { direction: true, signal: true })
    const direction = numberOf('options.direction', given.direction ?? 'rx-tx', mirrorPeerDirections)
    const task = toTaskOptions({ signal: given.signal })
    await this.#ioctx.callWith(native.rbd_mirror_peer_bootstrap_import, task, direction, text)
  }

  /**
   * The mirrored images, in the order of their ids; with `mode` only those that are mirrored so.
   *
   * Implements: rbd_mirror_image_info_list.
   * @since 0.1.0
   */
  images(options?: CallOptions & { mode?: MirrorImageMode }): AsyncGenerator<MirroredImage, void, undefined> {
    const given = toOptions('options', options, { mode: true, signal: true })
    const filter =
      given.mode === undefined ? undefined : numberOf('options.mode', given.mode, mirrorImageModes)
    const task = toTaskOptions({ signal: given.signal })
    return pages(
      (after) => this.#ioctx.callWith(native.rbd_mirror_image_info_list, task, filter, after),
      ([id, mode, info]) => ({
        id,
        ...info,
        mode: nameOf(mirrorImageModes, mode),
        state: nameOf(mirrorImageStates, info.state),
      }),
    )
  }

  /**
   * How far the copies of each mirrored image are, in the order of the images' ids.
   *
   * Implements: rbd_mirror_image_global_status_list.
   * @since 0.1.0
   */
  statuses(options?: CallOptions): AsyncGenerator<ListedMirrorStatus, void, undefined> {
    const task = toTaskOptions(options)
    return pages(
      (after) => this.#ioctx.callWith(native.rbd_mirror_image_global_status_list, task, after),
      ([id, status]) => {
        const { info, ...rest } = toMirrorStatus(status)
        return { id, ...rest, info: { globalId: info.globalId, state: info.state } }
      },
    )
  }

  /**
   * How many images are in each state, as this cluster's rbd-mirror daemons tell; states without images are absent.
   *
   * Implements: rbd_mirror_image_status_summary.
   * @since 0.1.0
   */
  async summary(options?: CallOptions): Promise<Partial<Record<MirrorReplayState, number>>> {
    const states = await this.#ioctx.callWith(native.rbd_mirror_image_status_summary, toTaskOptions(options))
    return Object.fromEntries(states.map(([state, images]) => [nameOf(mirrorStatusStates, state), images]))
  }

  /**
   * Which rbd-mirror daemon mirrors each image into this cluster, by the image's id.
   *
   * Implements: rbd_mirror_image_instance_id_list.
   * @since 0.1.0
   */
  instanceIds(options?: CallOptions): AsyncGenerator<{ id: string; instanceId: string }, void, undefined> {
    const task = toTaskOptions(options)
    return pages(
      (after) => this.#ioctx.callWith(native.rbd_mirror_image_instance_id_list, task, after),
      ([id, instanceId]) => ({ id, instanceId }),
    )
  }
}
