import { jsonable } from '../internal/json.js'
import type { NativeSnapshot, NativeSnapshotNamespace } from '../internal/native/rbd.js'

/**
 * Whose a snapshot is. Those of `'user'` are made by `snapshots.create()` and the like, and named in specs.
 *
 * @since 0.1.0
 */
export type SnapshotNamespace =
  | { type: 'user' }
  /** It is part of a snapshot of a whole consistency group. */
  | { type: 'group'; poolId: bigint; group: string; snapshot: string }
  /** Removed while it had clones of format 2; it goes with the last of them. `name` is what it was called. */
  | {
      type: 'trash'
      name: string
      /** What kind it was before. Absent where librbd is older than Ceph 19 and does not tell. */
      original?: 'user' | 'group' | 'trash' | 'mirror' | 'unknown'
    }
  /** Mirroring by snapshots made it. */
  | {
      type: 'mirror'
      state: 'primary' | 'primary-demoted' | 'non-primary' | 'non-primary-demoted' | 'unknown'
      /** UUIDs of the peers that have yet to copy it. */
      peers: string[]
      complete: boolean
      /** UUID of the cluster that it was copied from; empty when it was made here. */
      primaryMirrorUuid: string
      /** The id of the snapshot that it was copied from. */
      primarySnapshotId: bigint
      /** Objects copied so far. */
      lastCopiedObject: number
    }
  /** A kind that is newer than rbdkit. */
  | { type: 'unknown' }

/**
 * A snapshot of an image.
 *
 * @since 0.1.0
 */
export interface SnapshotInfo {
  id: bigint
  name: string
  /** Bytes of the image when the snapshot was made. */
  size: number
  /** Whether it is protected; only snapshots of users can be. */
  protected: boolean
  created: Date
  /** @since 0.1.0 */
  namespace: SnapshotNamespace
}

function toNamespace(namespace: NativeSnapshotNamespace): SnapshotNamespace {
  if (namespace.type !== 'trash') return jsonable(namespace)
  const { type, name, original } = namespace
  return { type, name, ...(original !== undefined && { original }) }
}

export function toSnapshotInfo({ createdMs, namespace, ...snapshot }: NativeSnapshot): SnapshotInfo {
  return jsonable({ ...snapshot, created: new Date(createdMs), namespace: toNamespace(namespace) })
}
