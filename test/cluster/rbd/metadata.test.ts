import { Image } from 'rbdkit'
import t from 'tap'
import { mib, openPool } from '../copy/fixture.js'

t.test('metadata: few, many, large, empty, any language', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  t.same(await image.metadata.list(), new Map())
  t.equal(await image.metadata.get('none'), undefined)
  await t.rejects(image.metadata.remove('none'), {
    code: 'ENOENT',
    syscall: 'rbd_metadata_remove',
    image: 'image',
    message: /: it has no key 'none'$/,
  })
  await image.metadata.set('empty', '')
  t.equal(await image.metadata.get('empty'), '')
  await image.metadata.set('ключ 鍵', 'значение 値\n"')
  t.equal(await image.metadata.get('ключ 鍵'), 'значение 値\n"')
  t.equal((await rbd('image-meta', 'get', 'image', 'ключ 鍵')).trimEnd(), 'значение 値\n"')
  await rbd('image-meta', 'set', 'image', 'theirs', 'by rbd')
  t.equal(await image.metadata.get('theirs'), 'by rbd')
  await image.metadata.remove('theirs')
  const lengths = [0, 1, 15, 16, 17, 4094, 4095, 4096, 65_535, 65_536, 300_000]
  const expected = new Map([
    ['empty', ''],
    ['ключ 鍵', 'значение 値\n"'],
  ])
  for (let i = 0; i < 300; i++) {
    expected.set(
      `key-${String(i).padStart(4, '0')}`,
      String(i % 10).repeat(i < 11 ? (lengths[i] ?? 0) : i % 40),
    )
  }
  const entries = [...expected]
  for (let i = 0; i < entries.length; i += 32) {
    await Promise.all(entries.slice(i, i + 32).map(([key, value]) => image.metadata.set(key, value)))
  }
  const listed = await image.metadata.list()
  t.equal(listed.size, expected.size)
  for (const [key, value] of expected) if (listed.get(key) !== value) t.fail(`differs: ${key}`)
  await image.metadata.set('key-0000', 'changed')
  t.equal(await image.metadata.get('key-0000'), 'changed')
})

t.test('conf_ keys override the configuration', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: mib })
  await using image = await Image.open(ioctx, 'image')
  await image.metadata.set('conf_rbd_cache', 'false')
  t.equal((await image.metadata.list()).get('conf_rbd_cache'), 'false')
  for (const [key, value] of [
    ['', 'x'],
    ['a\0b', 'x'],
    ['a', 'b\0'],
  ] as const) {
    await t.rejects(image.metadata.set(key, value), { code: 'ERR_INVALID_ARG_VALUE' })
  }
  await t.rejects(image.metadata.set('conf_rbd_cash', 'false'), {
    code: 'EINVAL',
    message:
      /: a key that begins with conf_ sets an option of librbd for this image, and there is no option 'rbd_cash'$/,
  })
  await t.rejects(image.metadata.set('conf_rbd_cache', 'perhaps'), {
    code: 'EINVAL',
    message: /: the option rbd_cache does not take this value$/,
  })
  await t.rejects(image.metadata.set('a', 5 as unknown as string), { code: 'ERR_INVALID_ARG_TYPE' })
})
