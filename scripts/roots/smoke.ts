/** The package's binary on this Node, with a Ceph and a libvirtd of this machine: an image, a copy, encryption, a secret. */

import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { Cluster, copy, Image, poolInit, versions } from 'rbdkit'
import { LocalCluster, LocalHypervisor } from 'rbdkit/dev'
import { Connection, xml } from 'rbdkit/libvirt'

await using local = await LocalCluster.start({ objectstore: 'memstore' })
await using hypervisor = await LocalHypervisor.start()
await using cluster = await Cluster.connect({ confFile: local.confFile })
await cluster.pools.create('smoke')
await using ioctx = await cluster.openIoCtx('smoke')
await poolInit(ioctx)

await Image.create(ioctx, 'one', { size: 16 * 1024 * 1024 })
const data = randomBytes(65_536)
{
  await using image = await Image.open(ioctx, 'one')
  await image.write(data, { position: 1_000_000 })
}
await copy({ ioctx, image: 'one' }, { ioctx, image: 'two' })
await using copied = await Image.open(ioctx, 'two', { readOnly: true })
const { buffer } = await copied.read({ position: 1_000_000, length: data.length })
assert(data.equals(buffer))

// libcryptsetup and Node have an OpenSSL each.
{
  const passphrase = randomBytes(16)
  await Image.create(ioctx, 'luks', { size: 24 * 1024 * 1024 })
  {
    await using image = await Image.open(ioctx, 'luks')
    await image.encryption.format({ format: 'luks2', passphrase })
    await image.write(data, { position: 0 })
  }
  await using image = await Image.open(ioctx, 'luks')
  await image.encryption.load({ format: 'luks2', passphrase })
  assert(data.equals((await image.read({ position: 0, length: data.length })).buffer))
}

await using virt = await Connection.open(hypervisor.uri)
const usage = { type: 'ceph', name: 'client.smoke secret' } as const
const secret = await virt.defineSecret(xml.secret({ usage, private: true }))
const { key } = await cluster.auth.getOrCreate('client.smoke', { mon: 'profile rbd', osd: 'profile rbd' })
await secret.setValue(Buffer.from(key, 'base64'))
console.log(process.version, versions())
