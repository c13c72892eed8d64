/** Disks: what the builders write, refuse and read back. */

import fc from 'fast-check'
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

t.test('an RBD disk in full', async (t) => {
  t.equal(
    xml.rbdDisk({
      pool: 'libvirt-pool',
      namespace: 'tenant',
      image: 'vm1 & co <1>',
      snapshot: 'base',
      monitors: [
        { host: '10.0.0.1', port: 6789, type: 'v1' },
        { host: '10.0.0.1', port: 3300, type: 'v2' },
        { host: '10.0.0.1', port: 3300, type: 'v2' },
        { host: '[fd00::1]', port: 6789 },
        { host: 'mon-a.example' },
      ],
      auth: { username: 'libvirt', secret: { usage: 'client.libvirt secret' } },
      configFile: '/etc/ceph/other.conf',
      target: 'sdb',
      cache: 'writeback',
      io: 'threads',
      discard: 'unmap',
      serial: 'A-1',
      bootOrder: 2,
      alias: 'ua-root',
      address: { type: 'drive', controller: 0, bus: 0, target: 0, unit: 3 },
    }),
    `<disk type="network" device="disk">
  <driver name="qemu" type="raw" cache="writeback" io="threads" discard="unmap"/>
  <auth username="libvirt">
    <secret type="ceph" usage="client.libvirt secret"/>
  </auth>
  <source protocol="rbd" name="libvirt-pool/tenant/vm1 &amp; co &lt;1&gt;">
    <host name="10.0.0.1" port="6789"/>
    <host name="10.0.0.1" port="3300"/>
    <host name="fd00::1" port="6789"/>
    <host name="mon-a.example"/>
    <snapshot name="base"/>
    <config file="/etc/ceph/other.conf"/>
  </source>
  <target dev="sdb" bus="scsi"/>
  <readonly/>
  <serial>A-1</serial>
  <boot order="2"/>
  <alias name="ua-root"/>
  <address type="drive" controller="0" bus="0" target="0" unit="3"/>
</disk>
`,
  )
})

t.test('the bus follows the target', async (t) => {
  for (const [target, bus] of Object.entries({
    vda: 'virtio',
    sda: 'scsi',
    hdc: 'ide',
    fda: 'fdc',
    xvda: 'xen',
    vdaa: 'virtio',
  })) {
    t.equal(xml.parse(disk({ target })).find('target')?.attribute('bus'), bus)
  }
  t.equal(
    xml
      .parse(disk({ target: 'sda', bus: 'sata' }))
      .find('target')
      ?.attribute('bus'),
    'sata',
  )
  for (const target of ['', 'vd', 'vda1', 'vdA', '/dev/vda', 'nvme0n1', 'vda"', 'vdabcde', 'vda\n']) {
    t.throws(() => disk({ target }), badValue, JSON.stringify(target))
  }
  t.throws(() => disk({ bus: wrong('floppy') }), badValue)
})

t.test('names that could open another image, or set an option of QEMU, are refused', async (t) => {
  const names = [
    '',
    'a/b',
    '../a',
    'a@b',
    'a:b',
    'x:conf=/tmp/evil',
    'a=b',
    'a,b',
    'a\\b',
    'a\0b',
    'a\nb',
    'a\tb',
    'a\x7fb',
    'a\x85b',
    '\ud800',
  ]
  for (const name of names) {
    for (const field of ['pool', 'namespace', 'image', 'snapshot'] as const) {
      t.throws(() => disk({ [field]: name }), badValue, `${field} ${JSON.stringify(name)}`)
    }
    t.throws(
      () => xml.storagePool({ type: 'rbd', name: 'n', pool: name, monitors: [{ host: 'a' }] }),
      badValue,
    )
    t.throws(() => xml.storageVolume({ name, capacity: 1 }), badValue)
  }
  for (const name of ['.', '..']) t.throws(() => xml.storageVolume({ name, capacity: 1 }), badValue)
  for (const value of [undefined, null, 7, {}, ['a']]) t.throws(() => disk({ image: wrong(value) }), badType)
  t.match(disk({ image: '映像 %2f ~#?*' }), 'name="p/映像 %2f ~#?*"')
})

t.test('property: any names give one disk of that image, or are refused', async (t) => {
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...`a<>&"'/@:=,\\ \n`, '\ud800') }),
  )
  let accepted = 0
  fc.assert(
    fc.property(name, name, name, name, (pool, namespace, image, username) => {
      let text: string
      try {
        const auth = { username, secret: uuid }
        text = xml.domain({ ...vm, disks: [xml.rbdDisk({ pool, namespace, image, auth, target: 'vda' })] })
      } catch (error) {
        if ((error as { code?: string }).code === 'ERR_INVALID_ARG_VALUE') return
        throw error
      }
      accepted += 1
      const devices = xml.parse(text).find('devices')
      t.same(
        devices?.elements().map((element) => element.name),
        ['disk', 'serial'],
      )
      t.match(xml.parseDomainDisks(text), [
        { pool, namespace, image, auth: { username, secret: { uuid } }, target: 'vda' },
      ])
    }),
    { numRuns: 3000 },
  )
  t.ok(accepted > 100, `${accepted} were accepted`)
})

t.test('property: what a disk was built from is what the reader gives', async (t) => {
  const word = fc.stringMatching(/^[a-z][a-z0-9 ._-]{0,9}$/)
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
  const port = fc.integer({ min: 1, max: 65535 })
  const options = fc.record({
    pool: word,
    namespace: optional(word),
    image: word,
    snapshot: optional(word),
    monitors: fc.uniqueArray(fc.record({ host: fc.oneof(fc.ipV4(), fc.ipV6()), port }), {
      selector: ({ host, port }) => `${host} ${port}`,
    }),
    auth: optional(
      fc.record({
        username: word,
        secret: fc.oneof(fc.record({ uuid: fc.uuid() }), fc.record({ usage: word })),
      }),
    ),
    configFile: optional(word.map((name) => `/etc/${name}`)),
    target: fc.constantFrom('vda', 'sdb'),
    bus: fc.constantFrom('virtio', 'scsi', 'sata'),
    cache: optional(fc.constantFrom('none', 'writeback')),
    io: optional(fc.constantFrom('threads', 'io_uring')),
    discard: optional(fc.constantFrom('unmap', 'ignore')),
    readonly: fc.constant(true),
    serial: optional(word),
    bootOrder: optional(fc.integer({ min: 1, max: 9 })),
    alias: optional(fc.constant('ua-x')),
    address: optional(
      fc.constantFrom<xml.DiskAddress>(
        { type: 'pci', domain: 0, bus: 255, slot: 31, function: 7 },
        { type: 'drive', controller: 1, bus: 0, unit: 2 },
      ),
    ),
  })
  fc.assert(
    fc.property(options, (expected) => {
      const present = Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined))
      // fast-check makes objects without a prototype.
      t.strictSame(xml.parseDomainDisks(xml.rbdDisk(expected)), structuredClone([present]))
    }),
    { numRuns: 300 },
  )
})

t.test('bad disks', async (t) => {
  for (const host of [
    '',
    'a b',
    'a,b',
    'a;b',
    '[10.0.0.1]',
    '[fd00::1',
    'fe80::1%eth0',
    '[fe80::1%eth0]',
    'a/b',
    '-a',
    '{mon}',
    'a:6789',
    'v2:10.0.0.1',
    '10.0.0.1:6789',
  ]) {
    t.throws(() => disk({ monitors: [{ host }] }), badValue, host)
  }
  for (const port of [0, -1, 65536, 1.5, Number.NaN])
    t.throws(() => disk({ monitors: [{ host: 'a', port }] }), badRange)
  t.throws(() => disk({ monitors: [{ host: 'a', port: wrong('6789') }] }), badType)
  t.throws(() => disk({ monitors: wrong('10.0.0.1') }), badType)
  t.throws(() => disk({ monitors: wrong(['10.0.0.1']) }), badType)
  t.throws(() => disk({ auth: { username: 'client.libvirt', secret: uuid } }), {
    ...badValue,
    message: /without 'client\.'/,
  })
  for (const secret of ['', 'x', `${uuid}0`, `{${uuid}}`, `${uuid}\n`])
    t.throws(() => disk({ auth: { username: 'a', secret } }), badValue)
  t.throws(() => disk({ auth: { username: 'a', secret: { usage: 'a/b' } } }), badValue)
  for (const secret of [undefined, null, 7, []])
    t.throws(() => disk({ auth: { username: 'a', secret: wrong(secret) } }), badType)
  t.throws(() => disk({ auth: { username: 'a', secret: wrong({}) } }), badType)
  for (const configFile of ['ceph.conf', './a', '/', '/a\n', ''])
    t.throws(() => disk({ configFile }), badValue)
  t.throws(() => disk({ snapshot: 's', readonly: false }), badValue)
  t.throws(() => disk({ readonly: wrong('no') }), badType)
  t.throws(() => disk({ serial: '"/>' }), badValue)
  t.throws(() => disk({ cache: wrong('on') }), badValue)
  for (const bootOrder of [0, 1.5]) t.throws(() => disk({ bootOrder }), badRange)
  t.throws(() => disk({ address: { type: 'pci', domain: 0, bus: 0, slot: 32, function: 0 } }), badRange)
  t.throws(() => disk({ address: wrong({ type: 'usb' }) }), badValue)
  for (const options of [undefined, null, 'vda', []]) t.throws(() => xml.rbdDisk(wrong(options)), badType)
  for (const path of ['disk.img', 'json:{}', 'nbd://h/x', '/a\0b'])
    t.throws(() => xml.fileDisk({ path, target: 'vda' }), badValue)
  t.throws(() => xml.fileDisk({ path: '/a', target: 'vda', format: wrong('auto') }), badValue)
})

t.test('a reader gives no number that is none, or that cannot be', async (t) => {
  const document = (source: string, rest = '') =>
    `<disk type='network'><source protocol='rbd' name='p/i'>${source}</source><target dev='vda'/>${rest}</disk>`
  const pci = (attributes: string) => `<address type='pci' ${attributes}/>`
  for (const port of ['', 'x', '0', '65536', '-1', '1e3', '6789 ', '99999999999999999999', 'NaN']) {
    const host = `<host name='mon' port='${port}'/>`
    t.throws(
      () => xml.parseDomainDisks(document(host)),
      { code: 'ERR_INVALID_XML', message: /from 1 to 65535/ },
      port,
    )
    const pool = `<pool type='rbd'><name>p</name><source>${host}<name>p</name></source></pool>`
    t.throws(() => xml.parseStoragePool(pool), { code: 'ERR_INVALID_XML' }, port)
  }
  for (const rest of [
    "<boot order='first'/>",
    "<boot order='0'/>",
    pci("slot='0x20'"),
    pci("bus='x'"),
    pci("function='8'"),
    pci("domain='0x10000'"),
    "<address type='drive' unit='-1'/>",
    "<address type='drive' target=''/>",
  ]) {
    t.throws(() => xml.parseDomainDisks(document('', rest)), { code: 'ERR_INVALID_XML' }, rest)
  }
  const [disk] = xml.parseDomainDisks(
    document(
      "<host name='mon' port='65535'/>",
      `<boot order='2'/>${pci("domain='0' bus='0xff' slot='31' function='0x7'")}`,
    ),
  )
  t.match(disk, {
    monitors: [{ port: 65_535 }],
    bootOrder: 2,
    address: { domain: 0, bus: 255, slot: 31, function: 7 },
  })
})

t.test('a file or CD always names its format', async (t) => {
  const cd = xml.parse(xml.fileDisk({ path: '/iso/debian 12.iso', device: 'cdrom', target: 'hdc' }))
  t.equal(cd.attribute('device'), 'cdrom')
  t.equal(cd.find('driver')?.attribute('type'), 'raw')
  t.ok(cd.find('readonly'))
  t.equal(cd.find('source')?.attribute('file'), '/iso/debian 12.iso')
})

t.test('readers: forms that libvirt or older documents use', async (t) => {
  const inner =
    "<disk type='network'><source protocol='rbd' name='p/n/i'><auth username='u'><secret type='ceph' usage='x'/></auth></source><target dev='vda'/></disk>"
  t.strictSame(xml.parseDomainDisks(inner), [
    {
      pool: 'p',
      namespace: 'n',
      image: 'i',
      monitors: [],
      auth: { username: 'u', secret: { usage: 'x' } },
      target: 'vda',
    },
  ])
  t.strictSame(xml.parseDomainDisks('<domain/>'), [])
  t.strictSame(
    xml.parseDomainDisks("<disk type='network'><source protocol='nbd' name='p'/><target dev='vda'/></disk>"),
    [],
  )
  for (const name of ['p', 'p/a/b/c']) {
    const text = `<disk type='network'><source protocol='rbd' name='${name}'/><target dev='vda'/></disk>`
    t.throws(() => xml.parseDomainDisks(text), { code: 'ERR_INVALID_XML' })
  }
})
