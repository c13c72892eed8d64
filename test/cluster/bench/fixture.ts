/** What the benchmark's tests share. */

import { bench, Image, type IoCtx } from 'rbdkit'
import type { Test } from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { mib, openPool } from '../copy/fixture.js'

export { mib }

/** A pool with an open image in it, all of it written; both go with the test. */
export async function openImage(
  t: Test,
  options: Parameters<typeof Image.create>[2] = { size: 32 * mib },
): Promise<{ ioctx: IoCtx; image: Image; pool: Awaited<ReturnType<typeof openPool>> }> {
  const pool = await openPool(t)
  const name = randomName('disk')
  await Image.create(pool.ioctx, name, options)
  const image = await Image.open(pool.ioctx, name)
  await fill(image)
  return { ioctx: pool.ioctx, image, pool }
}

/** Writes the whole image once. */
export async function fill(image: Image): Promise<void> {
  await bench(image, {
    operation: 'write',
    pattern: 'sequential',
    blockSize: 4 * mib,
    bytes: await image.size(),
    destructive: true,
  })
}
