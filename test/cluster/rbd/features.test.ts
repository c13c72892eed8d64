/** Features, the object map, and the getters that tell of them. */

import { Image } from 'rbdkit'
import t from 'tap'
import { contentOf, mib, openPool } from '../copy/fixture.js'

t.test('features are enabled and disabled', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 8 * mib, features: ['layering', 'deep-flatten'] })
  await using image = await Image.open(ioctx, 'image')
  const theirs = async () =>
    (JSON.parse(await rbd('info', '--format', 'json', 'image')) as { features: string[] }).features.sort()
  await image.features.enable(['exclusive-lock', 'object-map', 'fast-diff'])
  t.same(await theirs(), ['deep-flatten', 'exclusive-lock', 'fast-diff', 'layering', 'object-map'])
  t.same((await image.info()).features.toSorted(), await theirs())
  t.equal((await image.info()).flags, 3n, 'object map and fast diff are not valid yet')
  await image.objectMap.rebuild()
  t.equal((await image.info()).flags, 0n)
  await image.features.enable(['journaling'])
  t.ok((await theirs()).includes('journaling'))
  await t.rejects(image.features.disable(['exclusive-lock']), { code: 'EINVAL' }, 'others need it')
  await image.features.disable(['journaling', 'fast-diff', 'deep-flatten'])
  t.same(await theirs(), ['exclusive-lock', 'layering'], 'the object map goes with fast-diff')
  for (const refused of [
    () => image.features.enable(['deep-flatten']),
    () => image.features.disable(['layering']),
    () => image.features.enable(['journaling', 'data-pool']),
    () => image.features.disable(['journaling']),
  ]) {
    await t.rejects(refused(), { code: 'EINVAL', syscall: 'rbd_update_features' })
  }
  await t.rejects(image.features.enable(['fancy' as 'layering']), { code: 'ERR_INVALID_ARG_VALUE' })
  await using reader = await Image.open(ioctx, 'image', { readOnly: true })
  await t.rejects(reader.features.disable(['object-map']), { code: 'EROFS' })
})

t.test('options of a new image; operations and format', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', {
    size: 8 * mib,
    featuresSet: ['journaling'],
    featuresClear: ['deep-flatten'],
    journalObjectSize: 4 * mib,
    journalSplayWidth: 2,
    journalPool: ioctx.pool,
  })
  const image = await Image.open(ioctx, 'image')
  const { features, operations, format } = await image.info()
  t.ok(features.includes('journaling') && !features.includes('deep-flatten'))
  t.same([operations, format], [[], 2])
  const journal = JSON.parse(await rbd('journal', 'info', '--image', 'image', '--format', 'json'))
  t.match(journal, { order: 22, splay_width: 2, object_pool: ioctx.pool })
  await image.snapshots.create('s')
  await Image.clone(ioctx, { image: 'image', snapshot: 's' }, ioctx, 'clone', {
    cloneFormat: 2,
    featuresClear: ['journaling'],
  })
  await image.snapshots.remove('s')
  t.same((await image.info()).operations, ['clone-parent', 'snap-trash'])
  await using clone = await Image.open(ioctx, 'clone')
  t.same((await clone.info()).operations, ['clone-child'])
  t.notOk((await clone.info()).features.includes('journaling'))
  await image.close()
  await rbd('create', '--size', '1M', '--image-format', '1', 'old').catch(() => {})
  const old = (await Image.list(ioctx)).some(({ name }) => name === 'old')
  if (old) {
    await using one = await Image.open(ioctx, 'old')
    t.equal((await one.info()).format, 1)
  }
  await t.rejects(Image.create(ioctx, 'new', { size: 1, journalObjectSize: 5000 }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

t.test('what a migration reads from', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'source', { size: mib })
  await using source = await Image.open(ioctx, 'source')
  const { id } = await source.info()
  t.equal(await source.migrationSourceSpec(), undefined)
  await source.close()
  await rbd('migration', 'prepare', `${ioctx.pool}/source`, `${ioctx.pool}/target`)
  await using target = await Image.open(ioctx, 'target')
  t.match(await target.migrationSourceSpec(), { type: 'native', image_name: 'source', image_id: id })
  await target.close()
  await rbd('migration', 'abort', `${ioctx.pool}/target`)
})

t.test('an object map is checked: what is lost, and what it does not have', async (t) => {
  const { ioctx, rbd, rados } = await openPool(t)
  const objectSize = 65_536
  await Image.create(ioctx, 'image', { size: 8 * mib, objectSize })
  await using image = await Image.open(ioctx, 'image')
  for (const object of [0, 3, 7, 100]) {
    await image.write(Buffer.alloc(4096, object + 1), { position: object * objectSize })
  }
  await image.snapshots.create('s')
  await image.write(Buffer.alloc(4096, 9), { position: 0 })
  await image.flush()
  const none = { count: 0, objects: [] }
  const seen: object[] = []
  const good = await image.objectMap.check({ onProgress: (progress) => seen.push(progress) })
  t.same(good, { valid: true, ok: true, objects: 128, lost: none, unlisted: none })
  t.same(seen.at(-1), { done: 128, total: 128 })

  const { blockNamePrefix } = await image.info()
  const name = (object: number) => `${blockNamePrefix}.${object.toString(16).padStart(16, '0')}`
  await rados('rm', name(3))
  await rados('create', name(9))
  t.match(await image.objectMap.check(), {
    ok: false,
    lost: { count: 1, objects: [3] },
    unlisted: { count: 1, objects: [9] },
  })
  t.equal((await rbd('object-map', 'check', 'image')).includes('3'), false, 'which rbd itself does not tell')
  t.equal((await image.info()).flags, 0n, 'nothing was changed')
  await using then = await Image.open(ioctx, 'image', { snapshot: 's' })
  t.match(await then.objectMap.check(), { ok: false, objects: 128, lost: { objects: [3] } })
  await then.close()

  await image.objectMap.rebuild()
  t.match(await image.objectMap.check(), { ok: true, lost: none, unlisted: none })
  await using rebuilt = await Image.open(ioctx, 'image', { snapshot: 's' })
  t.match(await rebuilt.objectMap.check(), { ok: false }, 'a snapshot has a map of its own')
  await rebuilt.objectMap.rebuild()
  t.match(await rebuilt.objectMap.check(), { ok: true })
  await rebuilt.close()
  t.equal((await contentOf(ioctx, 'image'))[7 * objectSize], 8)
  await image.features.disable(['object-map', 'fast-diff'])
  await t.rejects(image.objectMap.check(), { code: 'EINVAL', message: /the image has no object map$/ })
  await t.rejects(image.objectMap.rebuild(), { code: 'EINVAL' })
  await image.features.enable(['object-map'])
  t.match(await image.objectMap.check(), { valid: false, ok: false })
})

t.test('rebuilding is aborted, and ended by another', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 512 * mib, objectSize: 16_384 })
  await using image = await Image.open(ioctx, 'image')
  await image.write(Buffer.alloc(4096, 1), { position: 300 * mib })
  for (const run of [
    (options: object): Promise<unknown> => image.objectMap.rebuild(options),
    (options: object): Promise<unknown> => image.objectMap.check(options),
  ]) {
    const controller = new AbortController()
    const reason = new Error('that is enough')
    let reports = 0
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      t.ok(done < total)
      reports++
      controller.abort(reason)
    }
    await t.rejects(run({ signal: controller.signal, onProgress }), reason)
    t.equal(reports, 1)
  }
  await image.objectMap.rebuild()
  t.equal((await image.info()).flags, 0n)
  t.match(await image.objectMap.check(), { ok: true, objects: 32_768 })
})
