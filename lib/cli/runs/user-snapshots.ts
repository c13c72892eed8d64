/** The snapshots that a spec can name: those of groups, of mirroring and in the trash cannot be opened by name. */

import type { ImageSnapshots, SnapshotInfo } from '../../rbd/snapshot.js'

export const isUsers = ({ namespace }: SnapshotInfo): boolean => namespace.type === 'user'

export async function userSnapshots(image: ImageSnapshots): Promise<SnapshotInfo[]> {
  return (await image.listSnapshots()).filter(isUsers)
}
