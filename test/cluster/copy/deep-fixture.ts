/** Images with a history, and whether a copy has all of it. */

import { randomBytes } from 'node:crypto'
import { Image, type IoCtx } from 'rbdkit'
import type { Test } from 'tap'
import { type CopyPool, contentOf, mib, withImage } from './fixture.js'

/** The snapshots of {@link makeHistory}. */
export const snapshots = ['s0', 's1', 's2']

/**
 * Gives an image three snapshots of 9, 5 and 12 MiB, the second protected, with writes, holes and zeros between them,
 * and something after the last. Between s1 and s2 it is cut to nothing in the middle and grown again.
 */
export async function makeHistory(ioctx: IoCtx, name: string): Promise<void> {
  await withImage(ioctx, name, async (image) => {
    await image.write(randomBytes(3 * mib), { position: mib + 333 })
    await image.write(randomBytes(5000), { position: 8 * mib })
    await image.snapshots.create('s0')
    await image.discard(2 * mib, mib)
    await image.write(randomBytes(4096), { position: 4 * mib + 8192 })
    await image.write(Buffer.alloc(70_000), { position: mib + 4096 })
    await image.resize(5 * mib, { allowShrink: true })
    await image.snapshots.create('s1')
    await image.snapshots.protect('s1')
    await image.resize(mib, { allowShrink: true })
    await image.resize(12 * mib)
    await image.write(randomBytes(300_000), { position: 3 * mib })
    await image.snapshots.create('s2')
    await image.write(randomBytes(100), { position: 11 * mib })
    await image.resize(11 * mib + 4096, { allowShrink: true })
    await image.metadata.set('owner', 'somebody')
    await image.metadata.set('conf_rbd_readahead_max_bytes', '0')
  })
}

export async function makeSource(ioctx: IoCtx, name: string): Promise<void> {
  await Image.create(ioctx, name, { size: 9 * mib, objectSize: mib })
  await makeHistory(ioctx, name)
}

/** The snapshots as `rbd snap ls` shows them. */
export async function listed({ rbd }: CopyPool, name: string, ...where: string[]): Promise<unknown[]> {
  const list = JSON.parse(await rbd('snap', 'ls', '--format', 'json', ...where, name))
  return list.map(({ name, size, protected: kept }: Record<string, unknown>) => ({ name, size, kept }))
}

/** Compares content at every snapshot, and after the last unless `end` is one. */
export async function sameContent(
  t: Test,
  from: { ioctx: IoCtx; image: string },
  to: { ioctx: IoCtx; image: string },
  end?: string,
): Promise<void> {
  const all = end === undefined ? snapshots : snapshots.slice(0, snapshots.indexOf(end) + 1)
  for (const snapshot of all) {
    const want = await contentOf(from.ioctx, from.image, snapshot)
    t.ok((await contentOf(to.ioctx, to.image, snapshot)).equals(want), `${to.image}@${snapshot}`)
  }
  const want = await contentOf(from.ioctx, from.image, end)
  t.ok((await contentOf(to.ioctx, to.image)).equals(want), `${to.image} after the last`)
}

/** Lets a pool's images be removed: no snapshot is protected any more. */
export async function unprotectAll(ioctx: IoCtx): Promise<void> {
  for (const { name } of await Image.list(ioctx)) {
    await withImage(ioctx, name, async (image) => {
      for (const snapshot of await image.snapshots.list()) {
        if (snapshot.protected) await image.snapshots.unprotect(snapshot.name)
      }
    })
  }
}
