/** Images with odd names, of no bytes, of more than 4 GiB, and of nearly 2^53 bytes. */

import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

const gib = 1024 * mib

t.test('names', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const names = ['with a space', 'ünï çödé 名前 🙂', '-dash', '.dot', 'quote\'"`$x\\', '#1', 'a'.repeat(96)]
  for (const name of names) {
    await Image.create(ioctx, name, { size: mib })
    await using image = await Image.open(ioctx, name)
    await image.snapshots.create(name)
    await image.metadata.set(name, name)
    await using then = await Image.open(ioctx, name, { snapshot: name })
    t.match({ ...then }, { name, snapshot: name })
    t.equal((await then.info()).name, name)
    await then.close()
    t.equal(await image.metadata.get(name), name)
  }
  t.same((await Image.list(ioctx)).map(({ name }) => name).sort(), [...names].sort())
  t.same(JSON.parse(await rbd('ls', '--format', 'json')).sort(), [...names].sort())
  for (const name of names) {
    await using image = await Image.open(ioctx, name)
    await image.snapshots.purge()
    await image.close()
    await Image.rename(ioctx, name, `${name} `)
    await Image.remove(ioctx, `${name} `)
  }
  t.same(await Image.list(ioctx), [])
})

t.test('an image of no bytes', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'empty', { size: 0 })
  await using image = await Image.open(ioctx, 'empty')
  t.match(await image.info(), { size: 0, objects: 0 })
  t.equal((await image.read({ position: 0, length: 10 })).bytesRead, 0)
  await t.rejects(image.write(Buffer.from('x'), { position: 0 }), { code: 'ERR_OUT_OF_RANGE' })
  for await (const extent of image.diff()) t.fail(`there is nothing at ${extent.position}`)
  t.match(await image.objectMap.check(), { ok: true, objects: 0 })
  t.equal(await image.diskUsage(), 0)
  await image.sparsify()
  await image.snapshots.create('s')
  await image.resize(mib)
  await image.write(Buffer.from('x'), { position: 0 })
  await image.snapshots.rollback('s')
  t.equal(await image.size(), 0)
  await image.copy(ioctx, 'copy')
  t.match(await Image.list(ioctx), [{ name: 'copy' }, { name: 'empty' }])
})

t.test('beyond 4 GiB, and near 2^53', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  for (const [name, size, objectSize] of [
    ['large', 9 * gib, 4 * mib],
    // An object map holds 256 000 000 objects.
    ['huge', 2 ** 53 - 32 * mib, 32 * mib],
  ] as const) {
    const features = name === 'huge' ? (['layering'] as const) : undefined
    await Image.create(ioctx, name, { size: BigInt(size), objectSize, ...(features && { features }) })
    await using image = await Image.open(ioctx, name)
    t.equal(await image.size(), size)
    t.equal(JSON.parse(await rbd('info', '--format', 'json', name)).size, size)
    const places = [0, 4 * gib - 40, 4 * gib, 8 * gib + 5, size - 16].map((place) => BigInt(place))
    for (const position of places) await image.write(Buffer.from(`at ${position}`.slice(0, 16)), { position })
    for (const position of places) {
      const expected = `at ${position}`.slice(0, 16)
      const { buffer } = await image.read({ position, length: expected.length })
      t.equal(buffer.toString(), expected, `${name} at ${position}`)
    }
    await t.rejects(image.write(Buffer.alloc(17), { position: size - 16 }), { code: 'ERR_OUT_OF_RANGE' })
    await image.writeZeroes(4 * gib, 4096)
    await image.discard(size - objectSize, objectSize)
    t.equal(
      (await image.read({ position: size - 16, length: 16 })).buffer.every((byte) => byte === 0),
      true,
    )
    await image.flush()
    const last = []
    for await (const extent of image.diff({ position: size - 2 * objectSize })) last.push(extent)
    t.same(last, [], `${name}: what was discarded at the end is no data`)
    await image.write(Buffer.from('the end'), { position: size - 7 })
    for await (const extent of image.diff({ position: size - 2 * objectSize })) last.push(extent)
    t.same(last, [{ position: size - objectSize, length: objectSize, exists: true }])
    t.match(await image.info(), { size, objects: size / objectSize, objectSize })
    t.match(await Image.list(ioctx), [{ name }])
    await image.resize(size - 3 * objectSize, { allowShrink: true })
    t.equal(await image.size(), size - 3 * objectSize)
    await t.rejects(image.write(Buffer.from('x'), { position: size - 1 }), { code: 'ERR_OUT_OF_RANGE' })
    await image.resize(BigInt(size))
    t.equal((await image.read({ position: size - 7, length: 7 })).buffer.toString(), '\0'.repeat(7))
    await image.snapshots.create('s')
    t.match(await image.snapshots.list(), [{ name: 's', size }])
    await image.snapshots.remove('s')
    await image.flush()
    const extents: number[] = []
    const end = 16 * gib
    for await (const { position, exists } of image.diff({ length: end })) if (exists) extents.push(position)
    t.ok(extents.includes(8 * gib + 5) || extents.includes(8 * gib), `${name}: ${extents}`)
    if (name === 'large') {
      t.equal(await image.diskUsage(), 4 * objectSize)
      t.match(await image.objectMap.check(), { ok: true, objects: size / objectSize })
    } else {
      // Without an object map each of its 2^28 objects is asked for: that takes hours, and ends when it is told to.
      const usage = image.diskUsage({ signal: AbortSignal.timeout(500) })
      await t.rejects(usage, { name: 'TimeoutError' })
    }
    await image.close()
    // Removing the huge one would ask for each of them, too.
    if (name === 'large') await Image.remove(ioctx, name)
  }
  await t.rejects(Image.create(ioctx, 'more', { size: 2n ** 53n }), { code: 'ERR_OUT_OF_RANGE' })
})
