import { constants } from 'node:os'
import type { ErrorObject } from '../errors.js'
import type { IoCtx } from '../rados/ioctx.js'

/**
 * Refuses a second ioctx of another cluster with `EXDEV`: librbd would take the pool's number for one of the first's
 * cluster.
 */
export async function checkSameCluster(
  ioctx: IoCtx,
  other: IoCtx,
  syscall: string,
  object: ErrorObject,
): Promise<void> {
  if (other.cluster === ioctx.cluster) return
  const [here, there] = await Promise.all([ioctx.cluster.fsid(), other.cluster.fsid()])
  if (here !== there) throw ioctx.makeError(-constants.errno.EXDEV, syscall, undefined, object)
}
