/** Clones with a history, and what is known of their parent. */

import { randomBytes } from 'node:crypto'
import { Image, type ImageLayout, type IoCtx, type ParentImage } from 'rbdkit'
import { mib, withImage } from './fixture.js'

/** 12 MiB of random data but for a hole, and of metadata that is not its clones' business. */
export async function makeParent(ioctx: IoCtx): Promise<void> {
  await Image.create(ioctx, 'parent', { size: 12 * mib, objectSize: mib })
  await withImage(ioctx, 'parent', async (image) => {
    await image.write(randomBytes(9 * mib), { position: 0 })
    await image.write(randomBytes(2 * mib), { position: 10 * mib })
    await image.metadata.set('owner', 'the parent')
    await image.metadata.set('conf_rbd_readahead_max_bytes', '4096')
    await image.snapshots.create('base')
  })
}

export async function makeClone(
  ioctx: IoCtx,
  name: string,
  child: IoCtx,
  layout: ImageLayout = {},
): Promise<void> {
  const options = { objectSize: mib, cloneFormat: 2, ...layout } as const
  await Image.clone(ioctx, { image: 'parent', snapshot: 'base' }, child, name, options)
}

/** Three snapshots of a clone: of each kind of object something that hides its parent's, or does not. */
export async function makeHistory(ioctx: IoCtx, name: string): Promise<void> {
  await withImage(ioctx, name, async (image) => {
    await image.discard(0, mib)
    await image.discard(mib + 131_072, 262_144)
    await image.discard(2 * mib + 524_288, 524_288)
    await image.write(randomBytes(4096), { position: 3 * mib + 8192 })
    await image.write(Buffer.alloc(mib), { position: 4 * mib })
    await image.resize(15 * mib)
    await image.write(randomBytes(5000), { position: 13 * mib + 77 })
    await image.snapshots.create('s0')
    await image.discard(5 * mib, mib)
    await image.discard(6 * mib + 524_288, 524_288)
    await image.write(randomBytes(4096), { position: 7 * mib + 12_288 })
    await image.discard(3 * mib + 262_144, 131_072)
    await image.write(randomBytes(70_000), { position: 0 })
    await image.discard(13 * mib, mib)
    await image.resize(14 * mib, { allowShrink: true })
    await image.snapshots.create('s1')
    await image.snapshots.protect('s1')
    await image.write(randomBytes(100), { position: 8 * mib })
    await image.snapshots.rollback('s0')
    await image.write(randomBytes(100), { position: 9 * mib + 300_000 })
    await image.resize(16 * mib)
    await image.snapshots.create('s2')
    await image.discard(10 * mib, mib)
    await image.write(randomBytes(300_000), { position: 11 * mib + 900_000 })
    await image.metadata.set('of', 'the clone')
  })
}

export function parentOf(ioctx: IoCtx, name: string): Promise<ParentImage | undefined> {
  return withImage(ioctx, name, (image) => image.parent())
}

/** The names of the clones. */
export async function childrenOf(ioctx: IoCtx): Promise<string[]> {
  const image = await Image.open(ioctx, 'parent', { readOnly: true, snapshot: 'base' })
  const children = await image.listChildren()
  await image.close()
  return children.map((child) => child.image).sort()
}
