// What both rbdkit children do first: the job from the command line, the image with its lock.
import { Cluster, Image } from 'rbdkit'

/** `{ pool, image, operation, pattern, blockSize, depth, seconds, operations }`, see `peers/rbdkit-promises.mjs`. */
export const job = JSON.parse(process.argv[2] ?? '{}')

/**
 * The image with the cache off and the exclusive lock held: without the lock librbd does not load the object map. The
 * cluster is the one of CEPH_CONF.
 */
export async function openImage() {
  const cluster = await Cluster.connect({ options: { rbd_cache: false } })
  const ioctx = await cluster.openIoCtx(job.pool)
  const image = await Image.open(ioctx, job.image)
  await image.locks.acquire('exclusive')
  return { cluster, ioctx, image }
}

/** Says the result to the parent; it is the last line. */
export function answer(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
