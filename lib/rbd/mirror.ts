import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { mirrorImageModes, mirrorImageStates, mirrorStatusStates } from '../internal/generated/librbd.js'
import { nameOf, numberOf } from '../internal/name-of.js'
import type { NativeMirrorSite, NativeMirrorStatus } from '../internal/native/rbd-pools.js'
import { type Known, toBoolean, toOptions } from '../internal/validate.js'
import type { ImageHandle } from './handle.js'
import { type SnapshotQuiesce, toSnapshotFlags } from './quiesce.js'

/**
 * How an image is mirrored: by its journal, or by snapshots that are made for it.
 *
 * @since 0.1.0
 */
export type MirrorImageMode = 'journal' | 'snapshot'

/**
 * What state the mirroring of an image is in.
 *
 * @since 0.1.0
 */
export type MirrorImageState = 'enabled' | 'disabling' | 'disabled' | 'creating' | 'unknown'

/**
 * What a cluster's rbd-mirror daemon does with an image. `'unknown'`: no daemon has told yet.
 *
 * @since 0.1.0
 */
export type MirrorReplayState =
  | 'unknown'
  | 'error'
  | 'syncing'
  | 'starting-replay'
  | 'replaying'
  | 'stopping-replay'
  | 'stopped'

/**
 * How an image is mirrored to other clusters.
 *
 * @since 0.1.0
 */
export interface MirrorInfo {
  /** The same for the image and its copies in other clusters. */
  globalId: string
  mode: MirrorImageMode | 'unknown'
  state: MirrorImageState
  /** It is the one that may be written; the others follow it. */
  primary: boolean
}

/**
 * How far one cluster's copy of an image is, as its rbd-mirror daemon tells.
 *
 * @since 0.1.0
 */
export interface MirrorSiteStatus {
  /** The cluster's, as of `Mirror.uuid()` there; empty: this one's. */
  mirrorUuid: string
  state: MirrorReplayState
  /** The daemon's own words. */
  description: string
  /** What of the description is JSON: `bytes_per_second`, `replay_state`, `syncing_percent` and the like. */
  details?: Readonly<Record<string, unknown>>
  /** Absent when no daemon has told yet. */
  lastUpdate?: Date
  /** Whether the daemon runs. */
  up: boolean
}

/**
 * How far the copies of an image are.
 *
 * @since 0.1.0
 */
export interface MirrorStatus {
  image: string
  info: Omit<MirrorInfo, 'mode'>
  /** This cluster's; absent when nothing is known of it. */
  local?: MirrorSiteStatus
  remotes: MirrorSiteStatus[]
}

/** What librbd has for this cluster: RBD_MIRROR_IMAGE_STATUS_LOCAL_MIRROR_UUID. */
const localUuid = ''

function toDetails(description: string): { details?: Readonly<Record<string, unknown>> } {
  const json = /\{.*\}$/s.exec(description)?.[0]
  if (json === undefined) return {}
  try {
    return { details: JSON.parse(json) as Record<string, unknown> }
  } catch {
    return {} // it is not JSON after all
  }
}

function toSite({ state, lastUpdateMs, ...site }: NativeMirrorSite): MirrorSiteStatus {
  return {
    ...site,
    state: nameOf(mirrorStatusStates, state),
    ...toDetails(site.description),
    ...(lastUpdateMs > 0 && { lastUpdate: new Date(lastUpdateMs) }),
  }
}

export function toMirrorStatus({ name, info, sites }: NativeMirrorStatus): MirrorStatus {
  const all = sites.map(toSite)
  const local = all.find(({ mirrorUuid }) => mirrorUuid === localUuid)
  return {
    image: name,
    info: { ...info, state: nameOf(mirrorImageStates, info.state) },
    ...(local && { local }),
    remotes: all.filter((site) => site !== local),
  }
}

/**
 * Options of what may be forced.
 *
 * @since 0.1.0
 */
export interface MirrorForceOptions extends CallOptions {
  /** Default false. */
  force?: boolean
}

const forceOptions: Known<MirrorForceOptions> = { force: true, signal: true }

/**
 * The mirroring of an image to other clusters: `image.mirror`. Its pool's mirroring must be on: {@link Mirror}.
 *
 * @since 0.1.0
 */
export class ImageMirror {
  readonly #image: ImageHandle

  /** @internal */
  constructor(image: ImageHandle) {
    this.#image = image
  }

  /**
   * Begins to mirror the image, as the primary one. By `'journal'` it gets the feature journaling, when it has not; in a pool of mode
   * `'pool'` each image with that feature is mirrored without this.
   *
   * Errors: `EINVAL` the pool's mirroring is off, or of another mode, or the image lacks a feature; `EROFS`.
   *
   * Implements: rbd_mirror_image_enable2.
   * @since 0.1.0
   */
  async enable(mode: MirrorImageMode, options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_mirror_image_enable2')
    const number = numberOf('mode', mode, mirrorImageModes)
    await this.#image.callWith(native.rbd_mirror_image_enable2, toTaskOptions(options), number)
  }

  /**
   * Ends mirroring the image; its copies in other clusters go. `force` does so for a copy as well.
   *
   * Errors: `EINVAL` it is a copy, or the pool mirrors every image; `ENOENT` it is not mirrored; `EROFS`.
   *
   * Implements: rbd_mirror_image_disable.
   * @since 0.1.0
   */
  async disable(options?: MirrorForceOptions): Promise<void> {
    await this.#force('rbd_mirror_image_disable', options)
  }

  /**
   * Makes a copy the primary image. `force` does so while the other cluster's is still primary, or cannot be reached: the
   * copies then differ until one of them is demoted and `resync()`ed.
   *
   * Errors: `EINVAL` it is primary already, or not mirrored; `EBUSY` it is primary elsewhere; `EROFS`.
   *
   * Implements: rbd_mirror_image_promote.
   * @since 0.1.0
   */
  async promote(options?: MirrorForceOptions): Promise<void> {
    await this.#force('rbd_mirror_image_promote', options)
  }

  /**
   * Makes the primary image a copy, which takes no more writes.
   *
   * Errors: `EINVAL` it is not primary, or not mirrored; `EROFS`.
   *
   * Implements: rbd_mirror_image_demote.
   * @since 0.1.0
   */
  async demote(options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_mirror_image_demote')
    await this.#image.callWith(native.rbd_mirror_image_demote, toTaskOptions(options))
  }

  /**
   * Asks this cluster's rbd-mirror daemon to make a copy anew from the primary image. What differs is lost.
   *
   * Errors: `EINVAL` it is the primary image; `ENOENT` it is not mirrored; `EROFS`.
   *
   * Implements: rbd_mirror_image_resync.
   * @since 0.1.0
   */
  async resync(options?: CallOptions): Promise<void> {
    this.#image.checkWritable('rbd_mirror_image_resync')
    await this.#image.callWith(native.rbd_mirror_image_resync, toTaskOptions(options))
  }

  /**
   * Makes a snapshot for mirroring, which the other clusters then copy; resolves with its id. The oldest ones go by themselves.
   *
   * Errors: `EINVAL` it is not the primary image, or not mirrored by snapshots; `EROFS`.
   *
   * Implements: rbd_mirror_image_create_snapshot2.
   * @since 0.1.0
   */
  async createSnapshot(options?: CallOptions & { quiesce?: SnapshotQuiesce }): Promise<bigint> {
    this.#image.checkWritable('rbd_mirror_image_create_snapshot2')
    const given = toOptions('options', options, { quiesce: true, signal: true })
    const flags = toSnapshotFlags(given.quiesce)
    const task = toTaskOptions({ signal: given.signal })
    return this.#image.callWith(native.rbd_mirror_image_create_snapshot2, task, flags)
  }

  /**
   * How the image is mirrored, or `undefined` when it is not.
   *
   * Implements: rbd_mirror_image_get_info, rbd_mirror_image_get_mode.
   * @since 0.1.0
   */
  async info(options?: CallOptions): Promise<MirrorInfo | undefined> {
    const task = toTaskOptions(options)
    const { globalId, primary, state } = await this.#image.callWith(native.rbd_mirror_image_get_info, task)
    const name = nameOf(mirrorImageStates, state)
    if (name === 'disabled') return undefined
    const mode = await this.#image.callWith(native.rbd_mirror_image_get_mode, task)
    return { globalId, mode: nameOf(mirrorImageModes, mode), state: name, primary }
  }

  /**
   * How far the copies are, as the rbd-mirror daemons tell.
   *
   * Errors: `ENOENT`, `EINVAL` it is not mirrored.
   *
   * Implements: rbd_mirror_image_get_global_status.
   * @since 0.1.0
   */
  async status(options?: CallOptions): Promise<MirrorStatus> {
    return toMirrorStatus(
      await this.#image.callWith(native.rbd_mirror_image_get_global_status, toTaskOptions(options)),
    )
  }

  /**
   * The id of the rbd-mirror daemon that mirrors the image into this cluster.
   *
   * Errors: `ENOENT` none does; `ESTALE` it runs no more; `EINVAL` it is not mirrored.
   *
   * Implements: rbd_mirror_image_get_instance_id.
   * @since 0.1.0
   */
  async instanceId(options?: CallOptions): Promise<string> {
    return this.#image.callWith(native.rbd_mirror_image_get_instance_id, toTaskOptions(options))
  }

  async #force(
    call: 'rbd_mirror_image_disable' | 'rbd_mirror_image_promote',
    options: MirrorForceOptions | undefined,
  ): Promise<void> {
    this.#image.checkWritable(call)
    const given = toOptions('options', options, forceOptions)
    const force = toBoolean('options.force', given.force, false)
    await this.#image.callWith(native[call], toTaskOptions({ signal: given.signal }), force)
  }
}
