/** This file says what an inventory tells of an image. */

import type { CallOptions } from '../../internal/call-options.js'
import type { Feature } from '../features.js'
import type { Watcher } from '../relations.js'
import type { SnapshotNamespace } from '../snapshot-info.js'

/**
 * What {@link inventory} is asked for.
 *
 * @since 0.1.0
 */
export interface InventoryOptions extends CallOptions {
  /** Images that are asked about at the same time, 1 to 1024. Default 64. */
  concurrency?: number
  /** Also what images and their snapshots take. Default false. */
  usage?: boolean
  /** Also who has an image open: each image is opened for that, which takes much longer. Default false. */
  watchers?: boolean
  /** Also the images in the trash. Default false. */
  trash?: boolean
}

/**
 * A snapshot in an inventory.
 *
 * @since 0.1.0
 */
export interface InventorySnapshot {
  id: bigint
  name: string
  /** Bytes of the image when it was made. */
  size: number
  created: Date
  protected: boolean
  /** Whose it is: `'user'`, or it is a part of something else. */
  namespace: SnapshotNamespace['type']
  /** Bytes of the objects that were written since the snapshot before; only with `usage`. */
  usage?: number
}

/**
 * What a clone was made of. A name is empty when what had it is gone.
 *
 * @since 0.1.0
 */
export interface InventoryParent {
  poolId: bigint
  pool: string
  namespace: string
  id: string
  image: string
  snapshotId: bigint
  snapshot: string
  /** It lies in the trash. */
  trash: boolean
}

/**
 * A client that holds a lock of an image.
 *
 * @since 0.1.0
 */
export interface InventoryLocker {
  /** `'client.4123'` */
  client: string
  cookie: string
  mode: 'exclusive' | 'shared'
}

/**
 * An image in an inventory.
 *
 * @since 0.1.0
 */
export interface InventoryImage {
  name: string
  /** Empty for an image of format 1. */
  id: string
  /** Bytes. */
  size: number
  /** Bytes of an object. */
  objectSize: number
  features: Feature[]
  /** What is not up to date: the object map, and with it the fast diff. */
  flags: ('object-map-invalid' | 'fast-diff-invalid')[]
  created: Date | undefined
  /** The pool of its data objects when it is not its own. */
  dataPool: string | undefined
  parent: InventoryParent | undefined
  /** Bytes that it still has in common with the parent. */
  overlap: number
  /** Oldest first. */
  snapshots: InventorySnapshot[]
  group: { poolId: bigint; pool: string; group: string } | undefined
  mirroring:
    | {
        globalId: string
        mode: 'journal' | 'snapshot'
        state: 'enabled' | 'disabling' | 'disabled' | 'creating'
      }
    | undefined
  lockers: InventoryLocker[]
  /** Bytes of the objects that were written since the last snapshot; only with `usage`. */
  usage?: number
  /** Who has it open for writing; only with `watchers`. */
  watchers?: Watcher[]
  /** Of one in the trash: why it is there, and until when only `force` removes it. */
  trash?: { source: string; deleted: Date; deferredUntil: Date }
}

/**
 * An image, or why nothing can be told of it.
 *
 * @since 0.1.0
 */
export type InventoryEntry =
  | (InventoryImage & { error?: undefined })
  | { name: string; id: string; error: Error }
