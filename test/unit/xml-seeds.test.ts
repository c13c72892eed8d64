/** Every XML document of the seeds parses, survives a round trip, and is what a builder makes. */

import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { xml } from '../../lib/libvirt/xml/index.js'

const directory = new URL('../fixtures/seeds/', import.meta.url)
const fixture = (name: string) => readFileSync(new URL(`${name}.xml`, directory), 'utf8')

/** A document without indentation, comments and the order of attributes and of children with different names. */
function canonical(element: xml.XmlElement): unknown {
  const children = element.elements()
  const text = children.length > 0 && element.text.trim() === '' ? '' : element.text
  return {
    name: element.name,
    attributes: Object.fromEntries([...element.attributes].sort()),
    text,
    children: [...children].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)).map(canonical),
  }
}

/** Says what libvirt assumes where a seed says nothing, and drops what a seed says twice. */
function explicit(element: xml.XmlElement): xml.XmlElement {
  // A disk without a <driver> is QEMU's, and raw.
  if (element.name === 'disk' && element.find('driver') === undefined) {
    element.children.push(new xml.XmlElement('driver', { name: 'qemu', type: 'raw' }))
  }
  // A pool's <auth> has the type, so its <secret> needs none (the schema allows none there).
  if (element.name === 'auth' && element.attribute('type') === 'ceph')
    element.find('secret')?.attributes.delete('type')
  element.elements().forEach(explicit)
  return element
}

const form = (text: string) => canonical(explicit(xml.parse(text)))

const seedAuth = { username: 'libvirt', secret: '9ec59067-fdbc-a6c0-03ff-df165c0587b8' }
const seedDisk: xml.RbdDiskOptions = {
  pool: 'libvirt-pool',
  image: 'new-libvirt-image',
  monitors: [{ host: 'monitor-host', port: 6789 }],
  target: 'vda',
}
const fileDisk = xml.fileDisk({
  path: '/path/to/image/recent-linux.img',
  target: 'vda',
  address: { type: 'drive', controller: 0, bus: 0, unit: 0 },
})
const guest = { name: 'libvirt-virtual-machine', memoryMiB: 512, vcpus: 1 }

/** The emulator and the disks of a domain, which is what the seeds show of one. */
function devices(options: xml.DomainOptions): string {
  const found = xml.parse(xml.domain(options)).find('devices')
  const shown = found?.elements().filter(({ name }) => name === 'emulator' || name === 'disk')
  return xml.serialize(new xml.XmlElement('devices', {}, shown ?? []))
}

/** `<auth>` as it stands in a disk. */
function auth(options: xml.RbdDiskOptions): string {
  const found = xml.parse(xml.rbdDisk(options)).find('auth')
  return found === undefined ? '' : xml.serialize(found)
}

const usage = { type: 'ceph', name: 'client.libvirt secret' } as const

const built: Record<string, string> = {
  '000-auth': auth({ ...seedDisk, auth: seedAuth }),
  '000-devices': devices({ ...guest, emulator: '/usr/bin/kvm', disks: [fileDisk] }),
  '000-disk': xml.rbdDisk(seedDisk),
  '000-secret': xml.secret({ usage }),
  '001-pool': xml.storagePool({
    type: 'rbd',
    name: 'images_rbd',
    pool: 'libvirt-pool',
    monitors: [{ host: '192.168.6.204' }, { host: '192.168.6.205' }, { host: '192.168.6.206' }],
    auth: { username: 'libvirt', secret: { uuid: '5fd9c9a6-3c1d-4c9e-9d0e-3f6a2b7c8d10' } },
  }),
  '001-secret': xml.secret({ usage, uuid: '5fd9c9a6-3c1d-4c9e-9d0e-3f6a2b7c8d10' }),
  '002-secret': xml.secret({
    usage: { type: 'ceph', name: 'client.cinder secret' },
    uuid: '457eb676-33da-42ec-9a8c-9293d545c337',
  }),
  '003-auth': auth({ ...seedDisk, auth: seedAuth }),
  '003-devices': devices({ ...guest, emulator: '/usr/bin/kvm', disks: [fileDisk] }),
  '003-disk': xml.rbdDisk(seedDisk),
  '003-disk-dumpxml': xml.rbdDisk({
    pool: 'libvirt-pool',
    image: 'test1',
    monitors: [{ host: 'odroid-hc2-00' }, { host: 'odroid-hc2-01' }, { host: 'odroid-hc2-02' }],
    auth: { username: 'libvirt', secret: '0611b35d-dead-beef-aaaa-c0ffeec0ffee' },
    target: 'vda',
    alias: 'virtio-disk0',
    address: { type: 'pci', domain: 0, bus: 0, slot: 7, function: 0 },
  }),
  '003-pool': xml.storagePool({
    type: 'rbd',
    name: 'Ceph-HouseNet-libvirt-pool',
    pool: 'libvirt-pool',
    monitors: [{ host: 'mon-00' }, { host: 'mon-01' }, { host: 'mon-02' }],
    auth: { username: 'libvirt', secret: '0611b35d-dead-beef-aaaa-c0ffeec0ffee' },
  }),
  '003-secret': xml.secret({ usage }),
  '003-secret-2': xml.secret({ usage, ephemeral: false, private: false }),
  '004-devices-file': devices({
    ...guest,
    emulator: '/usr/libexec/qemu-kvm',
    disks: [
      xml.fileDisk({
        path: '/var/lib/libvirt/images/centos7_2.qcow2',
        format: 'qcow2',
        target: 'vda',
        bootOrder: 1,
        address: { type: 'pci', domain: 0, bus: 0, slot: 6, function: 0 },
      }),
    ],
  }),
  '004-devices-rbd': devices({
    ...guest,
    emulator: '/usr/libexec/qemu-kvm',
    disks: [
      xml.rbdDisk({ ...seedDisk, image: 'os-data', monitors: [{ host: '192.168.30.145', port: 6789 }] }),
    ],
  }),
  '004-pool': xml.storagePool({
    type: 'rbd',
    name: 'ceph-libvirt-pool',
    pool: 'libvirt-pool',
    monitors: [{ host: '192.168.30.143', port: 6789 }],
    auth: { username: 'libvirt', secret: '7a91dc24-b072-43c4-98fb-4b2415322b0f' },
  }),
  '004-secret': xml.secret({ usage, uuid: '7a91dc24-b072-43c4-98fb-4b2415322b0f' }),
}

const names = readdirSync(directory)
  .filter((name) => name.endsWith('.xml'))
  .map((name) => name.slice(0, -4))
  .sort()

t.test('each document of the seeds has a builder here', async (t) => t.same(names, Object.keys(built).sort()))

for (const name of names) {
  t.test(name, async (t) => {
    const root = xml.parse(fixture(name))
    t.same(xml.parse(xml.serialize(root)), root, 'survives a round trip')
    t.same(form(built[name] ?? ''), form(fixture(name)), 'is what the builder makes')
  })
}

t.test('the readers see what the builders were told', async (t) => {
  t.same(xml.parseSecret(fixture('004-secret')), {
    uuid: '7a91dc24-b072-43c4-98fb-4b2415322b0f',
    ephemeral: false,
    private: false,
    usage,
  })
  t.same(xml.parseStoragePool(fixture('004-pool')), {
    type: 'rbd',
    name: 'ceph-libvirt-pool',
    pool: 'libvirt-pool',
    monitors: [{ host: '192.168.30.143', port: 6789 }],
    auth: { username: 'libvirt', secret: { uuid: '7a91dc24-b072-43c4-98fb-4b2415322b0f' } },
  })
  t.same(xml.parseDomainDisks(fixture('000-devices')), [], 'a file is no RBD disk')
  t.same(xml.parseDomainDisks(fixture('004-devices-rbd')), [
    {
      pool: 'libvirt-pool',
      image: 'os-data',
      monitors: [{ host: '192.168.30.145', port: 6789 }],
      target: 'vda',
      bus: 'virtio',
    },
  ])
  const [disk] = xml.parseDomainDisks(fixture('003-disk-dumpxml'))
  t.ok(disk)
  if (disk !== undefined) t.same(form(xml.rbdDisk(disk)), form(fixture('003-disk-dumpxml')))
})

t.test(
  '001: the machine that virt-install makes there, and its clone with the RBD disk exchanged',
  async (t) => {
    const image = 'z-ubuntu20-rbd'
    const volume = xml.parse(xml.storageVolume({ name: image, capacity: 7e9, allocation: 7e9 }))
    t.equal(volume.find('capacity')?.text, '7000000000')
    const machine = xml.domain({
      name: image,
      memoryMiB: 2048,
      vcpus: 1,
      cpu: 'host-passthrough',
      firmware: 'efi',
      disks: [xml.rbdDisk({ ...seedDisk, image, auth: seedAuth, cache: 'none', io: 'native' })],
      interfaces: [{ type: 'bridge', bridge: 'br0', mac: '52:54:00:12:34:56' }],
    })
    const disks = xml.parseDomainDisks(machine).map((disk) => xml.rbdDisk({ ...disk, image: 'z-k8s-m-3' }))
    const template = xml.parse(xml.cloneDomain(machine, { name: 'z-k8s-m-3' }))
    t.same(template.find('devices')?.elements('disk'), [], 'no disk is shared')
    t.equal(template.find('devices', 'interface', 'mac'), undefined)

    const clone = xml.cloneDomain(machine, { name: 'z-k8s-m-3', disks })
    const expected = machine.replaceAll(image, 'z-k8s-m-3').replace(/ *<mac .*\n/, '')
    t.equal(clone, expected, 'all else is as it was')
  },
)

t.test('shell comments in a document: where they stand, and how they are written in XML', async (t) => {
  const hosts = (comment: (text: string) => string) => `<pool type="rbd">
  <name>images_rbd</name>
  <source>
    <name>libvirt-pool</name>
    <host name='192.168.6.204'/> ${comment('ceph monitor 1')}
    <host name='192.168.6.205'/> ${comment('ceph monitor 2')}
    <auth username='libvirt' type='ceph'>
      <secret uuid='0611b35d-dead-beef-aaaa-c0ffeec0ffee'/>
    </auth>
  </source>
</pool>
`
  t.throws(() => xml.parseStoragePool(hosts((text) => `# ${text}`)), {
    name: 'XmlError',
    code: 'ERR_INVALID_XML',
    line: 5,
    column: 34,
    message: /text beside elements; XML has no '#' comments, only <!-- --> \(line 5, column 34\)/,
  })
  const corrected = hosts((text) => `<!-- ${text} -->`)
  t.same(xml.parseStoragePool(corrected).monitors, [{ host: '192.168.6.204' }, { host: '192.168.6.205' }])
  t.match(xml.serialize(xml.parse(corrected)), '<host name="192.168.6.205"/> <!-- ceph monitor 2 -->')
  const disk = (comment: string) => `<devices>
  <emulator>/usr/libexec/qemu-kvm</emulator>
  <disk type='network' device='disk'>
    <source protocol='rbd' name='libvirt-pool/os-data'>
      <host name='192.168.30.145' port='6789'/> ${comment}
    </source>
    <target dev='vda' bus='virtio'/>
  </disk>
</devices>`
  t.throws(() => xml.parseDomainDisks(disk('## change IP monitor of Ceph cluster')), {
    name: 'XmlError',
    line: 5,
    column: 49,
  })
  t.match(xml.parseDomainDisks(disk('<!-- the monitor -->')), [{ image: 'os-data' }])
  t.throws(() => xml.parseSecret('<secret>x<usage/></secret>'), { name: 'XmlError', line: 1, column: 9 })
  t.throws(() => xml.parseSecret('<secret><usage/><![CDATA[x]]></secret>'), {
    name: 'XmlError',
    line: 1,
    column: 17,
  })
  // What is inside <metadata> is others'.
  t.same(xml.parseDomainDisks('<domain><metadata><a xmlns="urn:a">x<b/>y</a></metadata></domain>'), [])
})
