import { join } from 'node:path'
import { copy, Image } from 'rbdkit'
import t from 'tap'
import { contentOf, makeSparse, mib, openPool, settledNames, withImage } from './fixture.js'

t.test('an image is replaced when the copy is whole; the old one is in the trash', async (t) => {
  const { ioctx, rbd, rados } = await openPool(t)
  const from = join(t.testdir(), 'from')
  makeSparse(from, 12 * mib, [[mib, 5 * mib]])
  await Image.create(ioctx, 'disk', { size: mib })
  await withImage(ioctx, 'disk', (image) => image.write(Buffer.from('old'), { position: 0 }))
  await t.rejects(Promise.resolve(copy({ file: from }, { ioctx, image: 'disk' })), { code: 'EEXIST' })

  const { replaced } = await copy({ file: from }, { ioctx, image: 'disk' }, { replace: true })
  t.equal((await contentOf(ioctx, 'disk')).length, 12 * mib)
  t.same(await settledNames(ioctx), ['disk'])
  const trash: { id: string; name: string }[] = JSON.parse(await rbd('trash', 'ls', '--format', 'json'))
  t.same(replaced, { id: trash[0]?.id })
  t.match(trash[0]?.name, /^disk\.replaced\.[0-9a-f]{16}$/)

  await rbd('trash', 'restore', String(trash[0]?.id), '--image', 'restored')
  t.equal((await contentOf(ioctx, 'restored')).subarray(0, 3).toString(), 'old')
  const objects = (await rados('ls')).split('\n')
  t.notOk(
    objects.some((name) => /rbdkit/.test(name)),
    'no record and no name of a temporary is left',
  )
  const second = await copy({ file: from }, { ioctx, image: 'new' }, { replace: true })
  t.equal(second.replaced, undefined, 'there was nothing')
})

t.test('an image with snapshots keeps another name; its clones go on', async (t) => {
  const { ioctx } = await openPool(t)
  const from = join(t.testdir(), 'from')
  makeSparse(from, 4 * mib, [[0, mib]])
  await Image.create(ioctx, 'golden', { size: mib })
  await withImage(ioctx, 'golden', async (image) => {
    await image.write(Buffer.from('golden'), { position: 0 })
    await image.snapshots.create('base')
    await image.snapshots.protect('base')
  })
  await Image.clone(ioctx, { image: 'golden', snapshot: 'base' }, ioctx, 'clone')
  const { replaced } = await copy({ file: from }, { ioctx, image: 'golden' }, { replace: true })
  t.match(replaced?.name, /^golden\.replaced\.[0-9a-f]{16}$/)
  t.same(await settledNames(ioctx), ['clone', 'golden', String(replaced?.name)])
  t.equal((await contentOf(ioctx, 'clone')).subarray(0, 6).toString(), 'golden')
  t.equal((await contentOf(ioctx, 'golden')).length, 4 * mib)
})

t.test('an image that is open for writing is not replaced, unless forced', async (t) => {
  const { ioctx } = await openPool(t)
  const from = join(t.testdir(), 'from')
  makeSparse(from, 4 * mib, [[0, mib]])
  await Image.create(ioctx, 'disk', { size: mib })
  await withImage(ioctx, 'disk', async (image) => {
    await image.write(Buffer.from('x'), { position: 0 })
    const phases: string[] = []
    const refused = copy(
      { file: from },
      { ioctx, image: 'disk' },
      { replace: true, onProgress: (p) => phases.push(p.phase) },
    )
    await t.rejects(Promise.resolve(refused), { code: 'EBUSY', image: 'disk', message: /open for writing/ })
    t.notOk(phases.includes('copy'), 'no data was moved')
    t.same(await settledNames(ioctx), ['disk'])
    await copy({ file: from }, { ioctx, image: 'disk' }, { replace: 'force' })
  })
  t.equal((await contentOf(ioctx, 'disk')).length, 4 * mib)
})

t.test('a copy that fails leaves what it was to replace', async (t) => {
  const { ioctx } = await openPool(t)
  const from = join(t.testdir(), 'from')
  makeSparse(from, 64 * mib, [[0, 64 * mib]])
  await Image.create(ioctx, 'disk', { size: mib })
  const controller = new AbortController()
  const job = copy(
    { file: from },
    { ioctx, image: 'disk' },
    { replace: true, signal: controller.signal, maxMemory: 16 * mib },
  )
  for await (const p of job) {
    if (p.phase !== 'copy') continue
    controller.abort(new Error('enough'))
    break
  }
  await t.rejects(Promise.resolve(job), { message: 'enough' })
  t.same(await settledNames(ioctx), ['disk'])
  t.equal((await contentOf(ioctx, 'disk')).length, mib)
})

t.test('wrong arguments', async (t) => {
  const { ioctx } = await openPool(t)
  for (const options of [{ replace: 'yes' }, { resume: 1 }] as never[]) {
    await t.rejects(Promise.resolve(copy({ file: '/x' }, { ioctx, image: 'i' }, options)), {
      code: 'ERR_INVALID_ARG_TYPE',
    })
  }
})
