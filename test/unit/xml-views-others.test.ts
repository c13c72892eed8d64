/** Views of documents that are no domain's: read, changed, and written as they were but for the change. */

import { xml } from 'rbdkit/libvirt'
import t from 'tap'

const uuid = '0611b35d-dead-beef-aaaa-c0ffeec0ffee'

t.test('pools, volumes, secrets', async (t) => {
  const pool = xml.StoragePoolXml.parse(
    xml.storagePool({
      type: 'rbd',
      name: 'images',
      pool: 'p',
      monitors: [{ host: '10.0.0.1' }, { host: 'fd00::1', port: 6789 }],
      auth: { username: 'libvirt', secret: { usage: 'u' } },
      configOptions: { client_mount_timeout: 45 },
    }),
  )
  t.strictSame(pool.configOptions, { client_mount_timeout: '45' })
  pool.configOptions = { rbd_cache: 'false', client_mount_timeout: '5' }
  pool.monitors = [{ host: 'mon-c' }]
  pool.auth = { username: 'x', secret: uuid }
  t.equal(
    String(pool),
    `<pool type="rbd" xmlns:rbd="http://libvirt.org/schemas/storagepool/rbd/1.0">
  <name>images</name>
  <source>
    <host name="mon-c"/>
    <name>p</name>
    <auth type="ceph" username="x">
      <secret uuid="${uuid}"/>
    </auth>
  </source>
  <rbd:config_opts>
    <rbd:option name="rbd_cache" value="false"/>
    <rbd:option name="client_mount_timeout" value="5"/>
  </rbd:config_opts>
</pool>
`,
  )
  const plain = xml.StoragePoolXml.parse("<pool type='rbd'><name>n</name></pool>")
  plain.configOptions = { rbd_cache: 'false' }
  t.equal(plain.element.attribute('xmlns:rbd'), 'http://libvirt.org/schemas/storagepool/rbd/1.0')
  plain.configOptions = {}
  t.equal(plain.element.find('rbd:config_opts'), undefined)
  for (const configOptions of [{}, { 'a b': 1 }, { a: 'x\ny' }, { 'a"/>': '1' }])
    t.throws(
      () => xml.storagePool({ type: 'rbd', name: 'n', pool: 'p', monitors: [{ host: 'a' }], configOptions }),
      { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' },
    )

  const volume = xml.StorageVolumeXml.parse(xml.storageVolume({ name: 'v', capacity: 7e9 }))
  t.equal(volume.capacity, 7e9)
  volume.capacity = 8e9
  volume.format = 'qcow2'
  t.match(String(volume), /<capacity unit="bytes">8000000000<\/capacity>/)
  const secret = xml.SecretXml.parse(xml.secret({ usage: { type: 'ceph', name: 'old' }, private: true }))
  t.equal(secret.private, true)
  secret.usageName = 'new'
  t.match(xml.parseSecret(String(secret)), { usage: { name: 'new' } })
})

t.test('snapshots, checkpoints, backups', async (t) => {
  const snapshot = xml.SnapshotXml.parse(
    `<domainsnapshot><name>s</name><state>running</state><creationTime>1000</creationTime><parent><name>r</name></parent>
     <memory snapshot='external' file='/m'/><disks><disk name='vda' snapshot='external'><source file='/o'/></disk></disks></domainsnapshot>`,
  )
  t.strictSame(snapshot.created, new Date(1_000_000))
  t.equal(snapshot.parent, 'r')
  t.equal(snapshot.disks[0]?.file, '/o')
  snapshot.add('<disk name="vdb" snapshot="no"/>')
  t.equal(snapshot.disks[1]?.snapshot, 'no')
  const checkpoint = xml.CheckpointXml.parse('<domaincheckpoint><name>c</name></domaincheckpoint>')
  checkpoint.add('<disk name="vda" checkpoint="bitmap"/>')
  t.equal(checkpoint.disks[0]?.checkpoint, 'bitmap')
  const backup = xml.BackupXml.parse('<domainbackup mode="pull"/>')
  backup.incremental = 'c'
  backup.serverTransport = 'unix'
  backup.serverSocket = '/run/b.sock'
  t.equal(
    String(backup),
    '<domainbackup mode="pull"><incremental>c</incremental><server transport="unix" socket="/run/b.sock"/></domainbackup>\n',
  )
})

t.test('what a host tells', async (t) => {
  const host = xml.CapabilitiesXml.parse(
    `<capabilities><host><uuid>${uuid}</uuid><cpu><arch>x86_64</arch><model>Haswell</model><topology sockets='1' cores='2' threads='2'/></cpu>
     <migration_features><live/><uri_transports><uri_transport>tcp</uri_transport></uri_transports></migration_features>
     <topology><cells num='1'><cell id='0'><memory unit='KiB'>1024</memory><cpus num='2'><cpu id='0'/><cpu id='1'/></cpus></cell></cells></topology></host>
     <guest><os_type>hvm</os_type><arch name='x86_64'><wordsize>64</wordsize><emulator>/q</emulator><machine>pc</machine><domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>`,
  )
  t.equal(host.cpuModel, 'Haswell')
  t.equal(host.cores, 2)
  t.equal(host.liveMigration, true)
  t.equal(host.cells[0]?.memory, 2 ** 20)
  t.same(host.cells[0]?.cpus, [0, 1])
  t.same(host.guests[0]?.domainTypes, ['qemu', 'kvm'])
  const domain = xml.DomainCapabilitiesXml.parse(
    "<domainCapabilities><path>/q</path><vcpu max='255'/><devices><disk supported='yes'><enum name='bus'><value>virtio</value><value>scsi</value></enum></disk></devices></domainCapabilities>",
  )
  t.equal(domain.maxVcpus, 255)
  t.equal(domain.disk?.supported, true)
  t.same(domain.disk?.values('bus'), ['virtio', 'scsi'])
  t.same(domain.disk?.values('nothing'), [])
  const network = xml.NetworkXml.parse(
    "<network><name>default</name><forward mode='nat'/><ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>",
  )
  t.equal(network.addresses[0]?.ranges[0]?.end, '192.168.122.254')
  network.addresses[0]?.add('<host mac="52:54:00:00:00:01" ip="192.168.122.9"/>')
  t.equal(network.addresses[0]?.hosts[0]?.address, '192.168.122.9')
  network.forward = 'route'
  network.bridge = 'virbr9'
  t.match(String(network), '<forward mode="route"/><bridge name="virbr9"/><ip')
  const device = xml.NodeDeviceXml.parse(
    "<device><name>pci_0000_00_1f_2</name><capability type='pci'><bus>0</bus><slot>31</slot><product id='0x2922'>SATA</product></capability></device>",
  )
  t.match(
    {
      capability: device.capability,
      slot: device.slot,
      productId: device.productId,
      product: device.product,
    },
    {
      capability: 'pci',
      slot: 31,
      productId: '0x2922',
      product: 'SATA',
    },
  )
})
