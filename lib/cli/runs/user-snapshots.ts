/**
 * This file lists the snapshots that a spec can name. Those of groups, of mirroring and in the trash cannot be opened
 * by name.
 */

import type { Image } from '../../rbd/image.js'
import type { SnapshotInfo } from '../../rbd/snapshot-info.js'

export const isUsers = ({ namespace }: SnapshotInfo): boolean => namespace.type === 'user'

export async function userSnapshots(image: Image): Promise<SnapshotInfo[]> {
  return (await image.snapshots.list()).filter(isUsers)
}
