/** Typed views: what they read, that a change is where libvirt expects it, and that all else stays as it was. */

import { xml } from 'rbdkit/libvirt'
import t from 'tap'

const uuid = '0611b35d-dead-beef-aaaa-c0ffeec0ffee'
const badValue = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
const badType = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }

/** A value that the types forbid. */
const wrong = <T>(value: unknown) => value as T

const machine = `<!--
WARNING: by hand
-->
<domain type="kvm" id="7" xmlns:q="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>web</name>
  <uuid>${uuid}</uuid>
  <metadata>
    <app:owner xmlns:app="urn:app">a <b/> c</app:owner>
  </metadata>
  <memory unit="GiB">2</memory>
  <currentMemory>1048576</currentMemory>
  <vcpu placement="static" current="2">4</vcpu>
  <os firmware="efi">
    <type arch="x86_64" machine="pc-q35-7.2">hvm</type>
    <boot dev="hd"/>
    <boot dev="network"/>
  </os>
  <features>
    <acpi/>
    <future state="on"/>
  </features>
  <!-- the clock -->
  <clock offset="utc"/>
  <on_reboot>restart</on_reboot>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type="file" device="disk">
      <driver name="qemu" type="qcow2" cache="none" newattr="1"/>
      <source file="/srv/web.qcow2" index="1">
        <reservations managed="yes"/>
      </source>
      <backingStore type="file">
        <format type="raw"/>
        <source file="/srv/base.raw"/>
        <backingStore/>
      </backingStore>
      <target dev="vda" bus="virtio"/>
      <address type="pci" domain="0x0000" bus="0x04" slot="0x00" function="0x0"/>
    </disk>
    <disk type="network" device="disk">
      <driver name="qemu" type="raw"/>
      <source protocol="rbd" name="p/ns/data">
        <host name="fd00::1" port="6789"/>
        <host name="mon-b"/>
        <auth username="libvirt">
          <secret type="ceph" usage="client.libvirt secret"/>
        </auth>
        <encryption format="luks2" engine="librbd">
          <secret type="passphrase" uuid="${uuid}"/>
        </encryption>
      </source>
      <target dev="vdb" bus="virtio"/>
      <readonly/>
    </disk>
    <unknown kept="yes"/>
    <interface type="bridge">
      <mac address="52:54:00:12:34:56"/>
      <source bridge="br0"/>
      <model type="virtio"/>
    </interface>
    <serial type="pty"/>
    <graphics type="vnc" port="-1" autoport="yes"/>
  </devices>
  <q:commandline>
    <q:arg value="-x"/>
    <q:env name="A" value="1"/>
  </q:commandline>
</domain>
`

/** Which lines of a text are not in another. */
function changed(before: string, after: string): { gone: string[]; come: string[] } {
  const [old, now] = [before.split('\n'), after.split('\n')]
  return { gone: old.filter((line) => !now.includes(line)), come: now.filter((line) => !old.includes(line)) }
}

t.test('a domain is read, and written as it was', async (t) => {
  const domain = xml.DomainXml.parse(machine)
  t.equal(String(domain), machine)
  t.match(
    {
      ...Object.fromEntries(
        ['name', 'uuid', 'memory', 'currentMemory', 'vcpus'].map((key) => [key, domain[key as 'name']]),
      ),
    },
    { name: 'web', uuid, memory: 2 ** 31, currentMemory: 2 ** 30, vcpus: 4 },
  )
  t.equal(domain.id, 7)
  t.equal(domain.currentVcpus, 2)
  t.equal(domain.firmware, 'efi')
  t.same(domain.boot, ['hd', 'network'])
  t.equal(domain.acpi, true)
  t.equal(domain.pae, false)
  t.equal(domain.title, undefined)
  t.same(domain.qemuArguments, ['-x'])
  t.same(domain.qemuEnvironment, { A: '1' })
  const [file, rbd] = domain.disks
  t.equal(file?.file, '/srv/web.qcow2')
  t.equal(file?.backingStore?.file, '/srv/base.raw')
  t.equal(file?.backingStore?.backingStore?.file, undefined)
  t.equal(file?.address?.bus, 4)
  t.equal(file?.rbd, undefined)
  t.strictSame(rbd?.rbd, { pool: 'p', namespace: 'ns', image: 'data' })
  t.strictSame(rbd?.monitors, [{ host: 'fd00::1', port: 6789 }, { host: 'mon-b' }])
  t.strictSame(rbd?.auth, { username: 'libvirt', secret: { usage: 'client.libvirt secret' } })
  t.equal(rbd?.encryption?.engine, 'librbd')
  t.equal(rbd?.encryption?.secrets[0]?.uuid, uuid)
  t.equal(rbd?.readonly, true)
  t.equal(domain.interfaces[0]?.mac, '52:54:00:12:34:56')
  t.equal(domain.graphics[0]?.port, -1)
  t.equal(domain.element.find('devices', 'unknown')?.attribute('kept'), 'yes')
})

t.test('a change is that change, in its place', async (t) => {
  const domain = xml.DomainXml.parse(machine)
  domain.name = 'web <2>'
  domain.memory = 3 * 2 ** 30
  domain.title = 'a & b'
  domain.boot = ['cdrom']
  domain.acpi = false
  domain.onReboot = 'destroy'
  domain.qemuArguments = ['-x', '-name "y"']
  domain.hugepages = true
  const text = String(domain)
  t.strictSame(changed(machine, text), {
    gone: [
      '  <name>web</name>',
      '  <memory unit="GiB">2</memory>',
      '    <boot dev="hd"/>',
      '    <boot dev="network"/>',
      '    <acpi/>',
      '  <on_reboot>restart</on_reboot>',
    ],
    come: [
      '  <name>web &lt;2&gt;</name>',
      '  <title>a &amp; b</title>',
      '  <memory unit="KiB">3145728</memory>',
      '  <memoryBacking>',
      '    <hugepages/>',
      '  </memoryBacking>',
      '    <boot dev="cdrom"/>',
      '  <on_reboot>destroy</on_reboot>',
      '    <q:arg value="-name &quot;y&quot;"/>',
    ],
  })
  t.match(text, /<\/uuid>\n {2}<title>.*<\/title>\n {2}<metadata>/)
  t.match(text, /<currentMemory>1048576<\/currentMemory>\n {2}<memoryBacking>/)
  domain.hugepages = false
  t.notMatch(String(domain), 'memoryBacking', 'what holds nothing is gone, too')
  domain.title = undefined
  t.equal(domain.title, undefined)
  const again = xml.DomainXml.parse(String(domain))
  t.equal(again.memory, 3 * 2 ** 30)
  t.same(again.qemuArguments, ['-x', '-name "y"'])
})

t.test('a disk on a file becomes one on RBD', async (t) => {
  const domain = xml.DomainXml.parse(machine)
  const [disk] = domain.disks
  if (disk === undefined) return t.fail('no disk')
  disk.rbd = { pool: 'libvirt-pool', image: 'web' }
  disk.format = 'raw'
  disk.monitors = [{ host: '[fd00::2]', port: 3300 }, { host: '10.0.0.1' }]
  disk.auth = { username: 'libvirt', secret: uuid }
  disk.backingStore = undefined
  disk.address = undefined
  disk.iotune = undefined
  t.equal(
    String(disk),
    `<disk type="network" device="disk">
      <driver name="qemu" type="raw" cache="none" newattr="1"/>
      <auth username="libvirt">
        <secret type="ceph" uuid="${uuid}"/>
      </auth>
      <source protocol="rbd" name="libvirt-pool/web">
        <host name="fd00::2" port="3300"/>
        <host name="10.0.0.1"/>
      </source>
      <target dev="vda" bus="virtio"/>
    </disk>`,
  )
  t.match(xml.parseDomainDisks(String(domain)), [
    { image: 'web', auth: { secret: { uuid } } },
    { image: 'data' },
  ])
  const [, rbd] = domain.disks
  if (rbd === undefined) return t.fail('no disk')
  rbd.rbd = { pool: 'p', image: 'other' }
  t.equal(rbd.monitors.length, 2, 'an image in the same cluster keeps its monitors')
  rbd.auth = { username: 'other', secret: { usage: 'u' } }
  t.equal(rbd.element.find('source', 'auth')?.attribute('username'), 'other', 'where it was')
  t.equal(rbd.element.find('auth'), undefined)
  rbd.auth = undefined
  t.equal(rbd.element.find('source', 'auth'), undefined)
})

t.test('devices come and go', async (t) => {
  const domain = xml.DomainXml.parse(machine)
  const disk = xml.rbdDisk({ pool: 'p', image: 'third', target: 'vdc' })
  domain.add(disk)
  domain.add(xml.parse('<interface type="user"/>'))
  domain.disks[0]?.remove()
  const text = String(domain)
  t.match(text, /<\/disk>\n {4}<disk type="network" device="disk">\n {6}<driver name="qemu" type="raw"\/>\n/)
  t.match(text, /<\/interface>\n {4}<interface type="user"\/>\n {4}<serial/)
  t.strictSame(
    domain.disks.map(({ target }) => target),
    ['vdb', 'vdc'],
  )
  t.throws(() => domain.add(disk), { ...badValue, message: /'vdc' is taken/ })
  t.throws(() => domain.add('<unknown/>'), badValue)
  t.throws(() => domain.add('<disk>'), { code: 'ERR_INVALID_XML' })
  t.throws(() => domain.remove(), badValue)
  t.throws(() => Object.assign(domain, { disks: [] }), { ...badValue, message: /add\(\)/ })
  t.throws(() => Object.assign(domain, { id: 8 }), badValue)
  const empty = xml.DomainXml.parse('<domain/>')
  empty.add(disk)
  empty.name = 'a'
  t.equal(empty.element.elements()[0]?.name, 'name')
  t.equal(empty.disks.length, 1)
})

t.test('what is set is checked', async (t) => {
  const domain = xml.DomainXml.parse(machine)
  const [disk] = domain.disks
  if (disk === undefined) return t.fail('no disk')
  const before = String(domain)
  t.throws(() => {
    disk.cache = wrong('writebak')
  }, badValue)
  t.throws(() => {
    domain.uuid = 'x'
  }, badValue)
  t.throws(() => {
    domain.name = 'a/b'
  }, badValue)
  t.throws(
    () => {
      domain.vcpus = 0
    },
    { code: 'ERR_OUT_OF_RANGE' },
  )
  t.throws(
    () => {
      domain.memory = 1.5
    },
    { code: 'ERR_OUT_OF_RANGE' },
  )
  t.throws(() => {
    domain.acpi = wrong('yes')
  }, badType)
  t.throws(() => {
    disk.rbd = { pool: 'p', image: 'a:conf=/x' }
  }, badValue)
  t.throws(() => {
    disk.monitors = [{ host: 'a,b' }]
  }, badValue)
  t.throws(() => {
    domain.boot = wrong(['usb'])
  }, badValue)
  t.throws(() => {
    disk.encryption = wrong({ format: 'luks' })
  }, badType)
  t.equal(String(domain), before, 'and what is refused changes nothing')
  t.throws(() => xml.DomainXml.parse('<pool/>'), { code: 'ERR_INVALID_XML' })
  t.throws(() => new xml.DiskXml(new xml.XmlElement('interface')), { code: 'ERR_INVALID_XML' })
  t.throws(() => xml.DomainXml.parse('<domain><vcpu>many</vcpu></domain>').vcpus, { code: 'ERR_INVALID_XML' })
  t.throws(() => xml.DomainXml.parse('<domain><memory unit="furlong">1</memory></domain>').memory, {
    code: 'ERR_INVALID_XML',
  })
  t.equal(xml.DomainXml.parse('<domain type="newer"/>').type, 'newer', 'a newer word is read')
})
