import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { mirrorPeerDirections } from '../internal/generated/librbd.js'
import { nameOf, numberOf } from '../internal/name-of.js'
import { invalidSecretType, toOptions, toText } from '../internal/validate.js'
import type { IoCtx } from '../rados/ioctx.js'

/**
 * Where images are mirrored to: `'rx'` from the peer into this cluster, `'tx'` the other way, `'rx-tx'` both.
 *
 * @since 0.1.0
 */
export type PeerDirection = 'rx' | 'tx' | 'rx-tx'

/**
 * Another cluster that a pool is mirrored with.
 *
 * @since 0.1.0
 */
export interface MirrorPeer {
  /** This cluster's name for it. */
  uuid: string
  direction: PeerDirection | 'unknown'
  /** What the other cluster calls itself: its `Mirror.siteName()`. */
  siteName: string
  /** Its `mirror.uuid()`, once a daemon has connected. */
  mirrorUuid: string
  /** The user that the rbd-mirror daemon is there: `'client.rbd-mirror-peer'`. */
  clientName: string
  /** When its daemon was last heard of; absent before, and in Ceph 16.2, which does not tell. */
  lastSeen?: Date
}

/**
 * How the rbd-mirror daemon reaches a peer. Kept by the monitors, for who may read them there.
 *
 * @since 0.1.0
 */
export interface MirrorPeerAttributes {
  /** The peer's monitors, as in ceph.conf. */
  monHost?: string
  /** The user's key, in base64. */
  key?: string
}

/** RBD_MIRROR_PEER_ATTRIBUTE_NAME_*, by ours. */
const attributeNames = { monHost: 'mon_host', key: 'key' } as const

/**
 * The other clusters that a pool is mirrored with: `mirror.peers`.
 *
 * @since 0.1.0
 */
export class MirrorPeers {
  readonly #ioctx: IoCtx

  /** @internal */
  constructor(ioctx: IoCtx) {
    this.#ioctx = ioctx
  }

  /**
   * All of them.
   *
   * Implements: rbd_mirror_peer_site_list.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<MirrorPeer[]> {
    const list = await this.#ioctx.callWith(native.rbd_mirror_peer_site_list, toTaskOptions(options))
    return list.map(({ direction, lastSeenMs, ...peer }) => ({
      ...peer,
      direction: nameOf(mirrorPeerDirections, direction),
      ...(lastSeenMs > 0 && { lastSeen: new Date(lastSeenMs) }),
    }))
  }

  /**
   * Adds one, and resolves with its uuid. `mirror.importToken()` does it on both sides, with all that the daemons need.
   *
   * Errors: `EINVAL` the pool's mirroring is off; `EEXIST` there is one of that name.
   *
   * Implements: rbd_mirror_peer_site_add.
   * @since 0.1.0
   */
  async add(
    siteName: string,
    clientName: string,
    options?: CallOptions & { direction?: PeerDirection },
  ): Promise<string> {
    const site = toText('siteName', siteName)
    const client = toText('clientName', clientName)
    const given = toOptions('options', options, { direction: true, signal: true })
    const direction = numberOf('options.direction', given.direction ?? 'rx-tx', mirrorPeerDirections)
    const task = toTaskOptions({ signal: given.signal }, { object: site })
    return this.#ioctx.callWith(native.rbd_mirror_peer_site_add, task, direction, site, client)
  }

  /**
   * No error when there is no such peer.
   *
   * Implements: rbd_mirror_peer_site_remove.
   * @since 0.1.0
   */
  async remove(uuid: string, options?: CallOptions): Promise<void> {
    const object = toText('uuid', uuid)
    const task = toTaskOptions(options, { object })
    await this.#ioctx.callWith(native.rbd_mirror_peer_site_remove, task, object)
  }

  /**
   * Errors: `ENOENT` no such peer.
   *
   * Implements: rbd_mirror_peer_site_set_name.
   * @since 0.1.0
   */
  async setSiteName(uuid: string, siteName: string, options?: CallOptions): Promise<void> {
    const object = toText('uuid', uuid)
    const name = toText('siteName', siteName)
    const task = toTaskOptions(options, { object })
    await this.#ioctx.callWith(native.rbd_mirror_peer_site_set_name, task, object, name)
  }

  /**
   * Errors: `ENOENT` no such peer.
   *
   * Implements: rbd_mirror_peer_site_set_client_name.
   * @since 0.1.0
   */
  async setClientName(uuid: string, clientName: string, options?: CallOptions): Promise<void> {
    const object = toText('uuid', uuid)
    const name = toText('clientName', clientName)
    const task = toTaskOptions(options, { object })
    await this.#ioctx.callWith(native.rbd_mirror_peer_site_set_client_name, task, object, name)
  }

  /**
   * Errors: `ENOENT` no such peer.
   *
   * Implements: rbd_mirror_peer_site_set_direction.
   * @since 0.1.0
   */
  async setDirection(uuid: string, direction: PeerDirection, options?: CallOptions): Promise<void> {
    const object = toText('uuid', uuid)
    const number = numberOf('direction', direction, mirrorPeerDirections)
    const task = toTaskOptions(options, { object })
    await this.#ioctx.callWith(native.rbd_mirror_peer_site_set_direction, task, object, number)
  }

  /**
   * How the daemon reaches it. Empty when nothing was set: then a ceph.conf of the peer's name tells.
   *
   * Errors: `EACCES`, `EPERM` the user may not read the monitors' config-key.
   *
   * Implements: rbd_mirror_peer_site_get_attributes.
   * @since 0.1.0
   */
  async attributes(uuid: string, options?: CallOptions): Promise<MirrorPeerAttributes> {
    const object = toText('uuid', uuid)
    const task = toTaskOptions(options, { object })
    const pairs = await this.#ioctx.callWith(native.rbd_mirror_peer_site_get_attributes, task, object)
    const found = new Map(pairs)
    const names = Object.entries(attributeNames).filter(([, name]) => found.has(name))
    return Object.fromEntries(names.map(([ours, name]) => [ours, found.get(name)]))
  }

  /**
   * Sets how the daemon reaches it, all of it: what is not given is not set any more.
   *
   * Errors: `EACCES`, `EPERM` as `attributes`. A peer that there is not is not told.
   *
   * Implements: rbd_mirror_peer_site_set_attributes.
   * @since 0.1.0
   */
  async setAttributes(uuid: string, attributes: MirrorPeerAttributes, options?: CallOptions): Promise<void> {
    const object = toText('uuid', uuid)
    const given = toOptions('attributes', attributes, {
      monHost: ['mon_host'],
      key: true,
    })
    const pairs = Object.entries(attributeNames).flatMap(([ours, name]): [string, string][] => {
      const value = given[ours as keyof MirrorPeerAttributes]
      return value === undefined ? [] : [[name, toSecret(`attributes.${ours}`, value)]]
    })
    const task = toTaskOptions(options, { object })
    await this.#ioctx.callWith(native.rbd_mirror_peer_site_set_attributes, task, object, pairs)
  }
}

/** A text of which an error shows nothing. */
function toSecret(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidSecretType(name, 'of type string', value)
  return toText(name, value)
}
