/** What cannot be had on one machine: monitors with IPv6 addresses and names, a libvirtd beside Ceph 20. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { xml } from 'rbdkit/libvirt'
import t from 'tap'
import { LibvirtError } from '../../lib/libvirt/errors.js'
import { CephConfPart } from '../../lib/provision/libvirt/files.js'
import { StoragePoolPart } from '../../lib/provision/libvirt/storage-pool.js'
import { type Target, uuidOf } from '../../lib/provision/libvirt/target.js'

const uuid = '0611b35d-dead-4eef-aaaa-c0ffeec0ffee'
const monitors = [
  { name: 'a', host: '2001:db8::1', port: 3300, type: 'v2' },
  { name: 'b', host: '127.0.0.1', port: 3300, type: 'v2' },
] as const
const map = {
  mons: [
    {
      name: 'a',
      public_addrs: { addrvec: [{ addr: '[2001:db8::1]:3300' }, { addr: '[2001:db8::1]:6789' }] },
    },
    { name: 'b', public_addrs: { addrvec: [{ addr: '127.0.0.1:3300' }, { addr: '127.0.0.1:6789' }] } },
  ],
}

/** A target whose libvirtd has this storage pool, or answers so when one is started. */
function target(document: string | undefined, answer?: LibvirtError): Target {
  const none = new LibvirtError({
    code: 'VIR_ERR_NO_STORAGE_POOL',
    errno: 49,
    domain: 'VIR_FROM_STORAGE',
    level: 'error',
    syscall: 'virStoragePoolLookupByName',
    text: 'none',
  })
  const pool = { xml: async () => document, isActive: async () => true, autostart: async () => true }
  const connection = {
    storagePoolByName: () => (document === undefined ? Promise.reject(none) : Promise.resolve(pool)),
    storage: { createPool: () => Promise.reject(answer) },
  }
  const cluster = { monitorCommand: async () => map }
  return {
    cluster,
    connection,
    pool: 'vms',
    id: 'libvirt',
    entity: 'client.libvirt',
    usage: 'u',
    uuid,
    monitors,
    fsid: 'f',
  } as unknown as Target
}

const documentOf = (hosts: { host: string; port?: number }[]): string =>
  xml.storagePool({
    type: 'rbd',
    name: 'vms',
    pool: 'vms',
    monitors: hosts,
    auth: { username: 'libvirt', secret: uuid },
  })

t.test('monitors by their addresses and names', async (t) => {
  const look = (hosts: { host: string; port?: number }[]) =>
    new StoragePoolPart(target(documentOf(hosts)), 'vms').look()
  const right = { is: 'right', differences: [] }
  t.match(documentOf([...monitors]), /<host name=['"]2001:db8::1['"] port=['"]3300['"]\/>/)
  t.same(await look([...monitors]), right)
  t.same(
    await look([{ host: '2001:db8::1', port: 6789 }, { host: '127.0.0.1' }]),
    right,
    'any address of them',
  )
  t.same(await look([{ host: '2001:db8::1' }, { host: 'localhost' }]), right, 'or a name')
  t.same(await look([{ host: '2001:db8::1' }]), { is: 'near', differences: [] }, 'one is missing')
  t.same(await look([...monitors, { host: '2001:db8::9' }]), { is: 'near', differences: [] }, 'one is gone')
  t.match(await look([{ host: 'no-such-host.invalid' }]), {
    is: 'near',
    differences: [{ replaceable: true }],
  })
})

t.test("a host on which libvirt's RBD pools do not work", async (t) => {
  const failed = (text: string) =>
    new LibvirtError({
      code: 'VIR_ERR_INTERNAL_ERROR',
      errno: 1,
      domain: 'VIR_FROM_STORAGE',
      level: 'error',
      syscall: 'virStoragePoolCreateXML',
      text,
    })
  const look = (text: string) => new StoragePoolPart(target(undefined, failed(text)), 'vms').look()
  t.same(await look('failed to set RADOS option: rbdkit_probe'), { is: 'absent', differences: [] })
  for (const text of ['failed to set RADOS option: auth_supported', 'missing backend for pool type 9 (rbd)'])
    await t.rejects(look(text), {
      code: 'ERR_RBDKIT_STORAGE_POOL',
      step: 'storagePool',
      message: /'storagePool: false'/,
    })
})

t.test('ceph.conf has the addresses with brackets', async (t) => {
  const directory = t.testdir({})
  await new CephConfPart(target(undefined), { directory }).make()
  t.match(
    await readFile(join(directory, 'ceph.conf'), 'utf8'),
    'mon host = v2:[2001:db8::1]:3300,v2:127.0.0.1:3300\n',
  )
})

t.test("a secret's UUID is the cluster's and the usage's", async (t) => {
  const fsid = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
  // Python's uuid.uuid5(uuid.UUID(fsid), 'python.org')
  t.equal(uuidOf(fsid, 'python.org'), '886313e1-3b8a-5372-9b90-0c9aee199e5d')
  t.not(uuidOf(fsid, 'a'), uuidOf(fsid, 'b'))
})
