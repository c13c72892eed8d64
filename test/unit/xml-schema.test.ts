/**
 * Every kind of document the builders make is valid by libvirt's own schemas. Needs `virt-xml-validate` (package
 * libvirt-clients), `xmllint` (libxml2-utils) and the schemas (libvirt0); without them this test fails.
 */

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { xml } from '../../lib/libvirt/xml/index.js'

const run = promisify(execFile)
const uuid = '0611b35d-dead-beef-aaaa-c0ffeec0ffee'
const monitors = [{ host: '10.0.0.1', port: 6789 }, { host: '[fd00::1]', port: 3300 }, { host: 'mon-c' }]
const auth = { username: 'libvirt', secret: uuid }
const rbd: xml.RbdDiskOptions = { pool: 'libvirt-pool', image: 'vm1', monitors, auth, target: 'vda' }

const small = xml.domain({ name: 'vm1', memoryMiB: 1024, vcpus: 1, disks: [xml.rbdDisk(rbd)] })
const large = xml.domain({
  name: 'vm & <2>',
  uuid,
  memoryMiB: 4096,
  vcpus: 4,
  type: 'qemu',
  machine: 'q35',
  cpu: { model: 'Haswell-noTSX' },
  firmware: 'efi',
  kernel: '/boot/vmlinuz',
  initrd: '/boot/initrd',
  cmdline: 'console=ttyS0 root="/dev/vda1"',
  disks: [
    xml.rbdDisk({
      ...rbd,
      namespace: 'tenant',
      snapshot: 'base',
      configFile: '/etc/ceph/b.conf',
      cache: 'none',
      io: 'native',
      discard: 'unmap',
      serial: 'A 1',
      bootOrder: 1,
      alias: 'ua-root',
      address: { type: 'pci', domain: 0, bus: 0, slot: 0x1f, function: 7 },
    }),
    xml.rbdDisk({
      ...rbd,
      auth: { username: 'libvirt', secret: { usage: 'client.libvirt secret' } },
      target: 'sda',
    }),
    xml.fileDisk({ path: '/srv/a.qcow2', format: 'qcow2', target: 'vdb', io: 'io_uring', bootOrder: 2 }),
    xml.fileDisk({
      path: '/srv/a.iso',
      device: 'cdrom',
      target: 'sdb',
      bus: 'sata',
      address: { type: 'drive', controller: 0, bus: 0, target: 0, unit: 1 },
    }),
  ],
  interfaces: [
    { type: 'bridge', bridge: 'br0', mac: '52:54:00:12:34:56' },
    { type: 'network', network: 'default', model: 'e1000' },
    { type: 'user' },
  ],
  serial: { type: 'unix', path: '/run/vm.sock' },
  graphics: { type: 'vnc' },
  guestAgent: true,
  rng: true,
  onPoweroff: 'destroy',
  onReboot: 'restart',
  onCrash: 'coredump-destroy',
  emulator: '/usr/bin/qemu-system-x86_64',
  metadata: ['<app:owner xmlns:app="urn:example:app">x</app:owner>'],
})

/** What a person's `virsh edit` would do, by views. */
function edited(text: string): string {
  const domain = xml.DomainXml.parse(text)
  domain.title = 'edited'
  domain.memory = 2 ** 31
  domain.currentMemory = 2 ** 30
  domain.currentVcpus = 1
  domain.ioThreads = 2
  domain.hugepages = true
  domain.memorySource = 'memfd'
  domain.memoryAccess = 'shared'
  domain.cpuShares = 512
  domain.cpuQuota = -1
  domain.memoryHardLimit = Number.POSITIVE_INFINITY
  domain.clock = 'localtime'
  domain.suspendToDisk = false
  domain.qemuArguments = ['-name', 'x']
  domain.qemuEnvironment = { A: 'b' }
  domain.bootMenu = true
  domain.smm = true
  domain.numaMode = 'strict'
  domain.numaNodes = '0'
  const [disk] = domain.disks
  if (disk === undefined) throw new Error('no disk')
  disk.rbd = { pool: 'p', namespace: 'n', image: 'i' }
  disk.monitors = monitors
  disk.auth = { username: 'libvirt', secret: { usage: 'u' } }
  disk.cache = 'writeback'
  disk.discard = 'unmap'
  disk.detectZeroes = 'unmap'
  disk.ioThread = 1
  disk.rbdSnapshot = 's'
  disk.serial = 'S-1'
  disk.wwn = '5000c50015ea71aa'
  disk.iotune = new xml.IoTuneXml(new xml.XmlElement('iotune'))
  if (disk.iotune) disk.iotune.totalIopsSec = 100
  disk.encryption = new xml.EncryptionXml(
    new xml.XmlElement('encryption', { format: 'luks2', engine: 'librbd' }),
  )
  disk.encryption?.add(`<secret type="passphrase" uuid="${uuid}"/>`)
  domain.add(xml.rbdDisk({ ...rbd, target: 'vdz' }))
  domain.add('<interface type="user"/>')
  const nic = domain.interfaces.at(-1)
  if (nic === undefined) throw new Error('no interface')
  nic.mac = '52:54:00:00:00:09'
  nic.model = 'virtio'
  nic.link = 'down'
  nic.mtu = 9000
  domain.add('<graphics type="vnc"/>')
  const screen = domain.graphics.at(-1)
  if (screen) {
    screen.port = 5999
    screen.listen = '::1'
  }
  return String(domain)
}

function editedPool(): string {
  const pool = xml.StoragePoolXml.parse(
    xml.storagePool({ type: 'rbd', name: 'images', pool: 'p', monitors: [{ host: 'a' }] }),
  )
  pool.monitors = monitors
  pool.auth = { username: 'x', secret: { usage: 'u' } }
  pool.configOptions = { client_mount_timeout: '45', rbd_default_features: '1' }
  pool.uuid = uuid
  return String(pool)
}

function editedVolume(): string {
  const volume = xml.StorageVolumeXml.parse(xml.storageVolume({ name: 'v', capacity: 7e9 }))
  volume.capacity = 8e9
  volume.allocation = 0
  volume.format = 'qcow2'
  volume.compat = '1.1'
  volume.mode = '0600'
  volume.owner = 0
  volume.group = 0
  return String(volume)
}

function editedSnapshot(): string {
  const snapshot = xml.SnapshotXml.parse('<domainsnapshot/>')
  snapshot.name = 's'
  snapshot.description = 'd'
  snapshot.memory = 'no'
  snapshot.add('<disk name="vda"/>')
  const [disk] = snapshot.disks
  if (disk) {
    disk.snapshot = 'external'
    disk.file = '/srv/o.qcow2'
    disk.format = 'qcow2'
  }
  return String(snapshot)
}

function editedBackup(): string {
  const backup = xml.BackupXml.parse('<domainbackup/>')
  backup.mode = 'pull'
  backup.incremental = 'c'
  backup.serverTransport = 'tcp'
  backup.serverHost = 'localhost'
  backup.serverPort = 10_809
  backup.add('<disk name="vda"/>')
  const [disk] = backup.disks
  if (disk) {
    disk.backup = true
    disk.type = 'file'
    disk.exportName = 'vda'
    disk.scratchFile = '/srv/scratch'
  }
  return String(backup)
}

function editedNetwork(): string {
  const network = xml.NetworkXml.parse('<network/>')
  network.name = 'n'
  network.uuid = uuid
  network.forward = 'nat'
  network.bridge = 'virbr9'
  network.stp = 'on'
  network.mtu = 1450
  network.domain = 'example.org'
  network.add('<ip/>')
  const [ip] = network.addresses
  if (ip) {
    ip.address = '192.168.150.1'
    ip.prefix = 24
    ip.add('<range start="192.168.150.2" end="192.168.150.99"/>')
    ip.add('<host mac="52:54:00:00:00:01" ip="192.168.150.100"/>')
  }
  network.dnsmasqOptions = ['bogus-priv']
  return String(network)
}

const checkpoint = xml.CheckpointXml.parse('<domaincheckpoint/>')
checkpoint.name = 'c'
checkpoint.description = 'd'
checkpoint.add('<disk name="vda" checkpoint="bitmap"/>')

const secretView = xml.SecretXml.parse(xml.secret({ usage: { type: 'ceph', name: 'n' } }))
secretView.private = true
secretView.uuid = uuid
secretView.description = 'd'

const documents: Record<string, readonly string[]> = {
  secret: [
    String(secretView),
    xml.secret({ usage: { type: 'ceph', name: 'client.libvirt secret' } }),
    xml.secret({
      usage: { type: 'ceph', name: 'a & <b>' },
      uuid,
      description: 'd',
      ephemeral: true,
      private: true,
    }),
  ],
  domainsnapshot: [editedSnapshot()],
  network: [editedNetwork()],
  storagepool: [
    editedPool(),
    xml.storagePool({
      type: 'rbd',
      name: 'images',
      pool: 'p',
      monitors,
      auth,
      configOptions: { client_mount_timeout: 45, rbd_cache: 'false' },
    }),
    xml.storagePool({ type: 'rbd', name: 'images', uuid, pool: 'libvirt-pool', monitors, auth }),
    xml.storagePool({
      type: 'rbd',
      name: 'images',
      pool: 'p',
      monitors,
      auth: { username: 'a', secret: { usage: 'u' } },
    }),
    xml.storagePool({ type: 'rbd', name: 'images', pool: 'p', monitors: [{ host: 'a' }] }),
    xml.storagePool({ type: 'dir', name: 'files', path: '/srv/images' }),
  ],
  storagevol: [
    editedVolume(),
    xml.storageVolume({ name: 'v', capacity: 7e9, allocation: 0 }),
    xml.storageVolume({ name: 'v.qcow2', capacity: 2n ** 40n, format: 'qcow2' }),
  ],
  domainbackup: [
    editedBackup(),
    xml.backup({
      incremental: 'one',
      disks: [{ target: 'vda', path: '/b/a.raw', format: 'raw' }, { target: 'vdb' }],
    }),
    xml.backup({
      mode: 'pull',
      server: { socket: '/run/b' },
      disks: [{ target: 'vda', path: '/s', exportName: 'e' }],
    }),
    xml.backup({ mode: 'pull', server: { host: '::1', port: 1 }, disks: [{ target: 'vda' }] }),
  ],
  domaincheckpoint: [
    String(checkpoint),
    xml.checkpoint({ name: 'one' }),
    xml.checkpoint({ name: 'two', disks: ['vda'] }),
  ],
  domain: [
    small,
    large,
    edited(small),
    edited(large),
    edited(xml.cloneDomain(large, { name: 'vm4', disks: [xml.fileDisk({ path: '/srv/a', target: 'vda' })] })),
    ...(['luks', 'luks2'] as const).flatMap((format) =>
      (['librbd', 'qemu'] as const).map((engine) =>
        xml.domain({
          name: 'a',
          memoryMiB: 1,
          vcpus: 1,
          disks: [
            xml.rbdDisk({
              ...rbd,
              namespace: 'n',
              encryption: { format, engine, secrets: [{ usage: 'k' }] },
            }),
          ],
        }),
      ),
    ),
    xml.domain({
      name: 'a',
      memoryMiB: 1,
      vcpus: 1,
      arch: 'aarch64',
      machine: 'virt',
      cpu: 'host-model',
      boot: ['hd', 'cdrom', 'network', 'fd'],
    }),
    xml.domain({
      name: 'a',
      memoryMiB: 1,
      vcpus: 1,
      serial: { type: 'file', path: '/tmp/a' },
      graphics: { type: 'vnc', listen: '::1', port: 5901 },
    }),
    xml.cloneDomain(large, { name: 'vm3', disks: [xml.rbdDisk({ ...rbd, image: 'vm3' })] }),
  ],
}

t.test('the builders’ documents', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rbdkit-xml-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const file = join(directory, 'document.xml')
  const validate = async (schema: string, text: string) => {
    await writeFile(file, text)
    return run('virt-xml-validate', [file, schema])
  }
  for (const [schema, texts] of Object.entries(documents)) {
    for (const [index, text] of texts.entries())
      await t.resolves(validate(schema, text), `${schema} ${index}`)
  }
  await t.rejects(validate('domain', small.replace('<vcpu>', '<vcpu bogus="1">')), {
    message: /fails to validate/,
  })
})
