// An image's life: create, write, snapshot, clone, flatten, remove.
// node examples/image-life.mjs <pool>      (CEPH_CONF says which cluster)
import { Cluster, Image } from 'rbdkit'

const pool = process.argv[2] ?? 'rbd'
const cluster = await Cluster.connect()
try {
  const ioctx = await cluster.openIoCtx(pool)
  await Image.create(ioctx, 'golden', { size: 64 * 1024 * 1024 })

  const golden = await Image.open(ioctx, 'golden')
  await golden.write(Buffer.from('hello, block device'), { position: 4096 })
  await golden.snapshots.create('base')
  await golden.snapshots.protect('base')
  await Image.clone(ioctx, { image: 'golden', snapshot: 'base' }, ioctx, 'clone')

  const clone = await Image.open(ioctx, 'clone')
  const { buffer } = await clone.read({ position: 4096, length: 19 })
  console.log(buffer.toString())
  console.log('parent:', (await clone.parent())?.image, 'size:', (await clone.info()).size)

  await clone.flatten({ onProgress: ({ done, total }) => console.log(`flatten ${done} of ${total}`) })
  await clone.close()
  await golden.snapshots.remove('base', { unprotect: true })
  await golden.close()
  for (const name of ['clone', 'golden']) await Image.remove(ioctx, name)
} finally {
  await cluster.close() // closes what is still open, too
}
