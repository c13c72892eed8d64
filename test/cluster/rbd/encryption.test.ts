/** Encryption by librbd: LUKS, as `rbd encryption format` makes it and as others read it. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Image } from 'rbdkit'
import t from 'tap'
import { cephHas } from '../../helpers/releases.js'
import { contentOf, mib, openPool } from '../copy/fixture.js'

const passphrase = Buffer.from('correct horse battery staple')
const text = Buffer.from('this is secret')

const newer = cephHas('18.2.0')

// Each format and each load takes seconds, by design of the passphrase's function.

t.test('format, load, and what is stored', async (t) => {
  const { ioctx } = await openPool(t)
  const header = 16 * mib
  const format = 'luks2'
  await Image.create(ioctx, 'image', { size: 24 * mib })
  const image = await Image.open(ioctx, 'image')
  await image.encryption.format({ format, passphrase })
  t.equal(await image.size(), 24 * mib - header, 'the header takes its part')
  await image.write(text, { position: 4096 })
  await t.rejects(image.write(text, { position: 24 * mib - header - 4 }), { code: 'ERR_OUT_OF_RANGE' })
  await image.snapshots.create('s')
  await image.write(Buffer.from('changed'), { position: 4096 })
  await image.close()
  t.equal(passphrase.toString(), 'correct horse battery staple', "the caller's copy is the caller's")

  const stored = await contentOf(ioctx, 'image')
  t.equal(stored.length, 24 * mib)
  t.equal(stored.subarray(0, 4).toString('latin1'), 'LUKS')
  t.equal(stored.readUInt16BE(6), 2)
  t.equal(stored.indexOf(text), -1, 'nothing of it is readable')

  await using again = await Image.open(ioctx, 'image', { snapshot: 's' })
  await t.rejects(again.encryption.load({ format, passphrase: Buffer.from('wrong') }), {
    code: 'EPERM',
    syscall: 'rbd_encryption_load',
  })
  await again.encryption.load([{ format, passphrase }])
  t.equal(await again.size(), 24 * mib - header)
  t.equal((await again.read({ position: 4096, length: text.length })).buffer.toString(), text.toString())
})

t.test('what rbd has formatted is loaded; the header rounds up to whole objects', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const file = join(t.testdir(), 'passphrase')
  writeFileSync(file, passphrase)
  await rbd('create', '--size', '64M', '--object-size', '32M', 'theirs')
  await rbd('encryption', 'format', 'theirs', 'luks1', file)
  await using image = await Image.open(ioctx, 'theirs')
  await image.encryption.load({ format: 'luks1', passphrase })
  await image.write(text, { position: 0 })
  t.equal(await image.size(), 32 * mib)
  await image.close()
  t.equal((await contentOf(ioctx, 'theirs')).indexOf(text), -1)
})

t.test('the header needs room, in a clone of a small parent too', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'parent', { size: 4 * mib })
  await using parent = await Image.open(ioctx, 'parent')
  const message = /it has 4194304 bytes, and its header takes 16777216: resize\(\) it first$/
  const small = { code: /ENOSPC|EINVAL/, message }
  await t.rejects(parent.encryption.format({ format: 'luks2', passphrase }), small)
  await parent.snapshots.create('s')
  await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, 'child', { cloneFormat: 2 })
  await using child = await Image.open(ioctx, 'child')
  await t.rejects(
    child.encryption.format({ format: 'luks2', passphrase }),
    newer ? small : { code: 'EOPNOTSUPP', syscall: 'rbd_encryption_format' },
  )
  await parent.resize(8 * mib)
  await parent.encryption.format({ format: 'luks1', passphrase, algorithm: 'aes-128' })
  t.equal(await parent.size(), 4 * mib)
  await parent.close()
  t.equal((await contentOf(ioctx, 'parent')).readUInt16BE(6), 1)
})

t.test(
  'a clone that is encrypted otherwise than its parent',
  { skip: !newer && 'before Ceph 18' },
  async (t) => {
    const { ioctx } = await openPool(t)
    const other = Buffer.from('another one')
    await Image.create(ioctx, 'parent', { size: 8 * mib })
    await using parent = await Image.open(ioctx, 'parent')
    await parent.encryption.format({ format: 'luks1', passphrase })
    await parent.write(text, { position: 4096 })
    // The clone's header has 12 MiB more than the parent's, and hides as much at the end of the parent's data.
    await parent.resize(16 * mib)
    await parent.snapshots.create('s')
    await parent.close()
    await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, 'child', { cloneFormat: 2 })
    await using child = await Image.open(ioctx, 'child')
    await child.encryption.format({ format: 'luks2', passphrase: other })
    await child.close()

    const own = { format: 'luks2', passphrase: other } as const
    const parents = { format: 'luks1', passphrase } as const
    for (const layers of [
      [own, parents],
      [
        { ...own, format: 'luks' },
        { ...parents, format: 'luks' },
      ] as const,
    ]) {
      await using again = await Image.open(ioctx, 'child')
      await again.encryption.load(layers)
      t.equal(await again.size(), 4 * mib)
      t.equal((await again.read({ position: 4096, length: text.length })).buffer.toString(), text.toString())
      await again.write(Buffer.from('mine'), { position: 8192 })
      t.equal((await again.read({ position: 8192, length: 4 })).buffer.toString(), 'mine')
    }
    const stored = await contentOf(ioctx, 'child')
    t.equal(stored.readUInt16BE(6), 2, 'the header is its own')
    t.equal(stored.indexOf(Buffer.from('mine')), -1)
    await using wrong = await Image.open(ioctx, 'child')
    await t.rejects(wrong.encryption.load([own, { ...parents, passphrase: other }]), {
      code: 'EPERM',
      syscall: 'rbd_encryption_load2',
      image: 'child',
    })
  },
)

t.test('layers, and either format, need a newer librbd; wrong arguments', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 8 * mib })
  await using image = await Image.open(ioctx, 'image')
  const { encryption } = image
  const layers = [{ format: 'luks1', passphrase } as const, { format: 'luks2', passphrase } as const]
  for (const load of [encryption.load({ format: 'luks', passphrase }), encryption.load(layers)]) {
    await t.rejects(load, {
      code: newer ? 'EINVAL' : 'ENOSYS',
      syscall: 'rbd_encryption_load2',
      message: newer ? /EINVAL/ : /older than Ceph 18\.2\.0 \(reef\)$/,
    })
  }
  await t.rejects(encryption.load({ format: 'luks1', passphrase }), { code: 'EINVAL' }, 'it has no header')
  await t.rejects(encryption.load([]), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.rejects(encryption.load({ format: 'luks3' as 'luks', passphrase }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  const secret = encryption.load({ format: 'luks1', passphrase: 'my secret' as unknown as Buffer })
  await t.rejects(secret, { code: 'ERR_INVALID_ARG_TYPE', message: /Received type string$/ })
  await t.rejects(encryption.format({ format: 'luks1', passphrase: new Uint8Array() }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await using reader = await Image.open(ioctx, 'image', { readOnly: true })
  await t.rejects(reader.encryption.format({ format: 'luks1', passphrase }), { code: 'EROFS' })
})
