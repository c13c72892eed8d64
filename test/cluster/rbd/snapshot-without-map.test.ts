/** A snapshot whose object map is not there, as one that was made in a pool at its quota: it is opened all the same. */

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { copy, exportDiff, exportImage, Image } from 'rbdkit'
import t from 'tap'
import { contentOf, mib, openPool, withImage } from '../copy/fixture.js'

t.test('it is opened, read, measured, copied, exported and compared', async (t) => {
  const { ioctx, rados, rbd } = await openPool(t)
  const directory = t.testdir()
  const content = randomBytes(3 * mib)
  await Image.create(ioctx, 'source', { size: 8 * mib, objectSize: mib })
  await withImage(ioctx, 'source', async (image) => {
    await image.write(content, { position: mib })
    await image.snapshots.create('s0')
    await image.write(randomBytes(mib), { position: 2 * mib })
    await image.snapshots.create('s1')
    await image.write(randomBytes(mib), { position: 6 * mib })
  })
  const { id } = JSON.parse(await rbd('info', '--format', 'json', 'source'))
  const [first] = JSON.parse(await rbd('snap', 'ls', '--format', 'json', 'source'))
  await rados('rm', `rbd_object_map.${id}.${first.id.toString(16).padStart(16, '0')}`)

  const want = Buffer.concat([Buffer.alloc(mib), content, Buffer.alloc(4 * mib)])
  for (const readOnly of [true, false]) {
    const image = await Image.open(ioctx, 'source', { snapshot: 's0', readOnly })
    t.equal(await image.size(), 8 * mib)
    const { buffer } = await image.read({ position: mib, length: 3 * mib })
    t.ok(buffer.equals(content), `opened ${readOnly ? 'read-only' : 'for writing'}`)
    await t.rejects(image.write(Buffer.alloc(512), { position: 0 }), { code: 'EROFS' })
    await image.close()
  }
  const byId = await Image.open(ioctx, { id }, { snapshot: 's0' })
  t.ok((await byId.diskUsage()) >= 3 * mib)
  await byId.close()

  await copy({ ioctx, image: 'source', snapshot: 's0' }, { ioctx, image: 'copy' })
  t.ok((await contentOf(ioctx, 'copy')).equals(want), 'copied to an image')
  const file = join(directory, 'file')
  await copy({ ioctx, image: 'source', snapshot: 's0' }, { file })
  t.ok(readFileSync(file).equals(want), 'copied to a file')
  await exportDiff({ ioctx, image: 'source', snapshot: 's0' }, { file: join(directory, 'diff') })
  await exportImage({ ioctx, image: 'source' }, { file: join(directory, 'image') })
  await copy({ ioctx, image: 'source' }, { ioctx, image: 'deep' }, { deep: true })
  t.ok((await contentOf(ioctx, 'deep', 's0')).equals(want), 'copied with the others')

  t.equal(await rbd('status', 'source'), 'Watchers: none\n', 'nothing is left open')
  await t.rejects(Image.open(ioctx, 'source', { snapshot: 's9' }), { code: 'ENOENT', snapshot: 's9' })
  const none = copy({ ioctx, image: 'source', snapshot: 's9' }, { file: `${file}9` })
  await t.rejects(none.then(), { code: 'ENOENT' })
  t.equal(await rbd('status', 'source'), 'Watchers: none\n', 'nor of what could not be opened')
})
