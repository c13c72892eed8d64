/** Documents that views have changed, and what a real libvirtd says of them; its own documents, read by views. */

import { Connection, xml } from 'rbdkit/libvirt'
import t from 'tap'
import { randomName } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'

t.test('a definition is read, changed, validated and defined again', async (t) => {
  const { uri } = await sharedHypervisor()
  const connection = await Connection.open(uri)
  t.teardown(() => connection.close())
  const name = randomName('words')
  const monitors = [{ host: '10.0.0.1', port: 6789 }, { host: 'fd00::1', port: 3300 }, { host: 'mon-c' }]
  const before = await connection.defineDomain(
    xml.domain({
      name,
      type: 'qemu',
      memoryMiB: 64,
      vcpus: 2,
      disks: [xml.fileDisk({ path: '/nowhere/disk.raw', target: 'vda' })],
      metadata: ['<app:owner xmlns:app="urn:example:app"><app:a b="&lt;1&gt;">x</app:a></app:owner>'],
    }),
    { validate: true },
  )
  t.teardown(() => before.undefine())
  const document = xml.DomainXml.parse(await before.xml({ inactive: true }))
  t.equal(document.name, name)
  t.equal(document.memory, 64 * 2 ** 20)
  document.memory = 96 * 2 ** 20
  document.title = 'changed & <defined>'
  document.currentVcpus = 1
  document.qemuArguments = ['-msg', 'timestamp=on']
  const [disk] = document.disks
  if (disk === undefined) return t.fail('no disk')
  disk.rbd = { pool: 'p', image: 'i' }
  disk.monitors = monitors
  disk.auth = { username: 'libvirt', secret: { usage: 'client.libvirt secret' } }
  disk.cache = 'none'
  disk.discard = 'unmap'
  document.add(xml.fileDisk({ path: '/nowhere/cd.iso', device: 'cdrom', target: 'sda', bus: 'sata' }))
  document.add('<controller type="sata" index="0"/>')
  await connection.defineDomain(String(document), { validate: true })

  const after = xml.DomainXml.parse(await (await connection.domainByName(name)).xml({ inactive: true }))
  t.match(
    { title: after.title, memory: after.memory, currentVcpus: after.currentVcpus, vcpus: after.vcpus },
    { title: 'changed & <defined>', memory: 96 * 2 ** 20, currentVcpus: 1, vcpus: 2 },
  )
  t.same(after.qemuArguments, ['-msg', 'timestamp=on'])
  const [image, cd] = after.disks
  t.strictSame(image?.rbd, { pool: 'p', image: 'i' })
  t.strictSame(image?.monitors, monitors)
  t.strictSame(image?.auth, { username: 'libvirt', secret: { usage: 'client.libvirt secret' } })
  t.equal(image?.cache, 'none')
  t.equal(cd?.file, '/nowhere/cd.iso')
  t.match(String(after), '<app:a b="&lt;1&gt;">x</app:a>')

  const bad = xml.DomainXml.parse(String(after))
  bad.element.attributes.set('bogus', '1')
  await t.rejects(connection.defineDomain(String(bad), { validate: true }), {
    code: 'VIR_ERR_XML_INVALID_SCHEMA',
  })
})

t.test('what the host tells', async (t) => {
  const { uri } = await sharedHypervisor()
  const connection = await Connection.open(uri)
  t.teardown(() => connection.close())
  const capabilities = xml.CapabilitiesXml.parse(await connection.host.capabilities())
  t.ok(capabilities.arch)
  const guest = capabilities.guests.find(({ arch }) => arch === 'x86_64')
  t.ok(guest?.domainTypes.includes('qemu'))
  const domain = xml.DomainCapabilitiesXml.parse(
    await connection.host.domainCapabilities({ arch: 'x86_64', virtType: 'qemu' }),
  )
  t.ok(domain.disk?.values('bus').includes('virtio'))
  t.ok((domain.maxVcpus ?? 0) > 1)
})
