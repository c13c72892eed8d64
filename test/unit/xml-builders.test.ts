/** Secrets, storage pools, volumes and domains: what the builders write and refuse, and clones. */

import t from 'tap'
import { xml } from '../../lib/libvirt/xml/index.js'

const uuid = '0611b35d-dead-beef-aaaa-c0ffeec0ffee'
const rbd: xml.RbdDiskOptions = {
  pool: 'p',
  image: 'i',
  monitors: [{ host: '10.0.0.1', port: 6789 }],
  target: 'vda',
}
const vm: xml.DomainOptions = { name: 'vm', memoryMiB: 256, vcpus: 1 }

const badValue = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
const badType = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const badRange = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }

/** A value that the types forbid. */
const wrong = <T>(value: unknown) => value as T

const disk = (options: Partial<xml.RbdDiskOptions>) => xml.rbdDisk({ ...rbd, ...options })

t.test('secrets', async (t) => {
  const text = xml.secret({
    usage: { type: 'ceph', name: 'client.a "secret" <1>' },
    uuid,
    description: 'a & b',
    ephemeral: true,
    private: true,
  })
  t.strictSame(xml.parseSecret(text), {
    uuid,
    description: 'a & b',
    ephemeral: true,
    private: true,
    usage: { type: 'ceph', name: 'client.a "secret" <1>' },
  })
  t.strictSame(xml.parseSecret('<secret/>'), { ephemeral: false, private: false })
  t.strictSame(xml.parseSecret("<secret><usage type='volume'><volume>/a</volume></usage></secret>").usage, {
    type: 'volume',
    name: '/a',
  })
  t.throws(() => xml.parseSecret('<pool/>'), { code: 'ERR_INVALID_XML' })
  t.throws(() => xml.parseSecret('<secret><usage/></secret>'), { code: 'ERR_INVALID_XML' })
  const usage = { type: 'ceph', name: 'n' } as const
  t.throws(() => xml.secret({ usage: wrong(undefined) }), badType)
  t.throws(() => xml.secret({ usage: { ...usage, type: wrong('volume') } }), badValue)
  for (const name of ['', 'a/b', 'a\nb'])
    t.throws(() => xml.secret({ usage: { type: 'ceph', name } }), badValue)
  t.throws(() => xml.secret({ usage, uuid: 'x' }), badValue)
  t.throws(() => xml.secret({ usage, private: wrong(1) }), badType)
})

t.test('storage pools and volumes', async (t) => {
  const directory = xml.storagePool({ type: 'dir', name: 'files', uuid, path: '/srv/a & b' })
  t.strictSame(xml.parseStoragePool(directory), {
    type: 'dir',
    name: 'files',
    uuid,
    monitors: [],
    path: '/srv/a & b',
  })
  t.throws(() => xml.storagePool({ type: 'rbd', name: 'n', pool: 'p', monitors: [] }), badValue)
  t.throws(() => xml.storagePool(wrong({ type: 'rbd', name: 'n', pool: 'p' })), badValue)
  t.throws(() => xml.storagePool(wrong({ type: 'nfs', name: 'n' })), badValue)
  t.throws(() => xml.storagePool({ type: 'dir', name: 'a/b', path: '/a' }), badValue)
  t.throws(() => xml.storagePool({ type: 'dir', name: 'a', path: 'a' }), badValue)
  t.throws(() => xml.parseStoragePool('<pool/>'), { code: 'ERR_INVALID_XML' })
  const volume = xml.parse(
    xml.storageVolume({ name: 'v', capacity: 2n ** 40n, allocation: 0, format: 'qcow2' }),
  )
  t.equal(volume.find('capacity')?.text, '1099511627776')
  t.equal(volume.find('capacity')?.attribute('unit'), 'bytes')
  t.equal(volume.find('allocation')?.text, '0')
  t.equal(volume.find('target', 'format')?.attribute('type'), 'qcow2')
  for (const capacity of [-1, 1.5, 2n ** 64n, Number.POSITIVE_INFINITY])
    t.throws(() => xml.storageVolume({ name: 'v', capacity }), badRange)
  t.throws(() => xml.storageVolume({ name: 'v', capacity: wrong('7GB') }), badType)
})

t.test('the smallest domain', async (t) => {
  t.equal(
    xml.domain({ ...vm, type: 'qemu', disks: [xml.rbdDisk({ pool: 'p', image: 'i', target: 'vda' })] }),
    `<domain type="qemu">
  <name>vm</name>
  <memory unit="MiB">256</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch="x86_64">hvm</type>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <clock offset="utc"/>
  <devices>
    <disk type="network" device="disk">
      <driver name="qemu" type="raw"/>
      <source protocol="rbd" name="p/i"/>
      <target dev="vda" bus="virtio"/>
    </disk>
    <serial type="pty">
      <target port="0"/>
    </serial>
  </devices>
</domain>
`,
  )
  t.equal(xml.parse(xml.domain(vm)).attribute('type'), 'kvm')
})

t.test('bad domains', async (t) => {
  const domain = (options: Partial<xml.DomainOptions>) => () => xml.domain({ ...vm, ...options })
  for (const name of ['', 'a/b', 'a\nb']) t.throws(domain({ name }), badValue)
  for (const memoryMiB of [0, -1, 1.5]) t.throws(domain({ memoryMiB }), badRange)
  for (const vcpus of [0, 1.5, 65536]) t.throws(domain({ vcpus }), badRange)
  t.throws(domain({ type: wrong('xen') }), badValue)
  t.throws(domain({ initrd: '/i' }), badValue)
  t.throws(domain({ cmdline: 'quiet' }), badValue)
  t.throws(domain({ kernel: 'vmlinuz' }), badValue)
  t.throws(domain({ kernel: '/k', cmdline: 'a\nb' }), badValue)
  t.throws(domain({ boot: [wrong('usb')] }), badValue)
  t.throws(domain({ boot: ['hd'], disks: [disk({ bootOrder: 1 })] }), badValue)
  t.throws(domain({ disks: [disk({}), disk({ image: 'j' })] }), {
    ...badValue,
    message: /'vda' is there twice/,
  })
  t.throws(domain({ disks: ['<interface/>'] }), badValue)
  t.throws(domain({ disks: ['<disk/>'] }), badValue)
  t.throws(domain({ disks: [`${disk({})}<disk/>`] }), { code: 'ERR_INVALID_XML' })
  t.throws(domain({ disks: [disk({ target: 'vda' }), wrong(7)] }), badType)
  t.throws(domain({ disks: wrong('<disk/>') }), badType)
  t.throws(domain({ interfaces: [{ type: 'bridge', bridge: 'br0/x' }] }), badValue)
  t.throws(domain({ interfaces: [{ type: 'bridge', bridge: 'a234567890123456' }] }), badValue)
  for (const mac of ['52:54:00:12:34', '53:54:00:12:34:56', 'zz:54:00:12:34:56'])
    t.throws(domain({ interfaces: [{ type: 'user', mac }] }), badValue)
  t.throws(domain({ interfaces: [wrong({ type: 'direct' })] }), badValue)
  t.throws(domain({ serial: { type: 'file', path: 'console.log' } }), badValue)
  t.throws(domain({ graphics: { type: 'vnc', port: 5899 } }), badRange)
  t.throws(domain({ graphics: { type: 'vnc', listen: '0.0.0.0,password=off' } }), badValue)
  t.throws(domain({ machine: 'q35,accel=tcg' }), badValue)
  t.throws(domain({ cpu: { model: 'a,b' } }), badValue)
  t.throws(domain({ cpu: wrong('fast') }), badValue)
  t.throws(domain({ onCrash: wrong('explode') }), badValue)
  t.throws(domain({ metadata: ['<a/>'] }), badValue)
  t.throws(domain({ metadata: ['<x:a xmlns:y="urn:y"/>'] }), { code: 'ERR_INVALID_XML' })
  t.throws(() => xml.domain(wrong(undefined)), badType)
})

t.test('disks and metadata may be elements, and are not changed', async (t) => {
  const element = xml.parse(disk({}))
  const before = xml.serialize(element)
  const metadata = '<app:owner xmlns:app="urn:app" id="1">  <app:b/> text </app:owner>'
  const text = xml.domain({ ...vm, disks: [element], metadata: [metadata] })
  t.equal(xml.serialize(element), before)
  t.equal(text, xml.domain({ ...vm, disks: [disk({})], metadata: [xml.parse(metadata)] }))
  t.match(text, metadata)
})

t.test('a scsi disk gets the controller that guests have a driver for', async (t) => {
  const controller = xml
    .parse(xml.domain({ ...vm, disks: [disk({ target: 'sda' })] }))
    .find('devices', 'controller')
  t.equal(controller?.attribute('model'), 'virtio-scsi')
  t.equal(xml.parse(xml.domain({ ...vm, disks: [disk({})] })).find('devices', 'controller'), undefined)
})

t.test('a clone shares nothing with its original, and keeps the rest', async (t) => {
  const original = `<domain type='kvm' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
    <name>old</name><uuid>${uuid}</uuid><genid>${uuid}</genid><metadata><a xmlns='urn:a'> <b/> </a></metadata>
    <memory unit='KiB'>1048576</memory><sysinfo type='smbios'><system><entry name='serial'>1</entry><entry name='uuid'>${uuid}</entry></system></sysinfo>
    <os firmware='efi'><type>hvm</type><nvram template='/t'>/var/lib/libvirt/qemu/nvram/old_VARS.fd</nvram></os>
    <devices><emulator>/usr/bin/qemu</emulator>
      <disk type='network' device='disk'><source protocol='rbd' name='p/old'/><target dev='vda'/></disk>
      <disk type='block' device='lun'><source dev='/dev/sdx'/><target dev='sda'/></disk>
      <disk type='file'><source file='/old.img'/><target dev='vdb'/></disk>
      <disk type='file' device='cdrom'><source file='/d.iso'/><target dev='hdc'/></disk>
      <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><target dev='vnet7'/></interface>
      <future kept='yes'/>
    </devices><qemu:commandline><qemu:arg value='-x'/></qemu:commandline></domain>`
  const clone = xml.cloneDomain(original, { name: 'new <1>', disks: [disk({ image: 'new' })] })
  t.notMatch(clone, /old|0611b35d|52:54|vnet7|vdb|sdx|id="3"/)
  const root = xml.parse(clone)
  t.equal(root.find('name')?.text, 'new <1>')
  t.equal(root.find('uuid'), undefined)
  t.equal(root.find('genid')?.text, '')
  t.same(
    root
      .find('devices')
      ?.elements()
      .map(({ name }) => name),
    ['emulator', 'disk', 'disk', 'interface', 'future'],
  )
  t.match(xml.parseDomainDisks(clone), [{ image: 'new' }])
  t.equal(root.find('qemu:commandline', 'qemu:arg')?.attribute('value'), '-x')
  t.equal(root.find('sysinfo', 'system')?.elements().length, 1)
  t.match(clone, '<a xmlns="urn:a"> <b/> </a>')
  t.equal(
    xml.parse(xml.cloneDomain(original, { name: 'n', uuid: uuid.replace('0', '1') })).find('uuid')?.text,
    uuid.replace('0', '1'),
  )
  t.throws(() => xml.cloneDomain(original, { name: 'a/b' }), badValue)
  t.throws(() => xml.cloneDomain('<domain/>', { name: 'n' }), { code: 'ERR_INVALID_XML' })
  t.throws(() => xml.cloneDomain('<pool/>', { name: 'n' }), { code: 'ERR_INVALID_XML' })
})
