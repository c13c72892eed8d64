/** Views and texts that try to be more than a value: refused, or read back equal. */

import fc from 'fast-check'
import { xml } from 'rbdkit/libvirt'
import t from 'tap'

const uuid = '0611b35d-dead-beef-aaaa-c0ffeec0ffee'
const machine = `<domain type="kvm" xmlns:q="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>web</name>
  <memory unit="GiB">2</memory>
  <vcpu current="2">4</vcpu>
  <os>
    <boot dev="hd"/>
  </os>
  <devices>
    <unknown kept="yes"/>
  </devices>
  <q:commandline>
    <q:arg value="-x"/>
  </q:commandline>
</domain>
`

/** Texts that try to end what they stand in, and others that no document can hold. */
const hostile = [
  `"/><evil a="`,
  `'/><evil a='`,
  '</name><evil/>',
  ']]><evil/>',
  '--><evil/>',
  '<!--',
  '<![CDATA[',
  '?><evil/>',
  '&evil;',
  '&#0;',
  '&amp;lt;',
  '\0',
  '\u001b[2J',
  '\ud800',
  '\uffff',
  'a\nb',
  'a\r\nb',
  '\t',
  ' ',
  '',
  '../../etc',
  '/etc/passwd',
  'a,b=c',
  'a:b',
  'a@b',
  'xmlns:evil="urn:x"',
  '__proto__',
  'constructor',
  '%s%n',
  '$(id)',
  '`id`',
  ';id',
  '{{7*7}}',
  '\u202eabc',
  'é'.normalize('NFD'),
  '\u{1F600}',
]

t.test(
  'hostile texts in every property that takes one: refused, or read back equal, and nothing beside',
  async (t) => {
    const documents: Record<string, () => xml.XmlView> = {
      domain: () => xml.DomainXml.parse('<domain><devices><disk/></devices></domain>'),
      disk: () => xml.DiskXml.parse("<disk type='network'><source protocol='rbd' name='p/i'/></disk>"),
      interface: () => xml.InterfaceXml.parse('<interface type="bridge"/>'),
      graphics: () => new xml.GraphicsXml(new xml.XmlElement('graphics')),
      serial: () => new xml.CharacterDeviceXml(new xml.XmlElement('serial')),
      pool: () => xml.StoragePoolXml.parse('<pool type="rbd"/>'),
      volume: () => xml.StorageVolumeXml.parse('<volume/>'),
      secret: () => xml.SecretXml.parse('<secret/>'),
      snapshot: () => xml.SnapshotXml.parse('<domainsnapshot/>'),
      checkpoint: () => xml.CheckpointXml.parse('<domaincheckpoint/>'),
      backup: () => xml.BackupXml.parse('<domainbackup/>'),
      network: () => xml.NetworkXml.parse('<network/>'),
      device: () => xml.NodeDeviceXml.parse('<device/>'),
    }
    const shapes = (text: string): unknown[] => [
      text,
      [text],
      { [text]: 'x' },
      { x: text },
      { pool: text, image: 'i' },
      { pool: 'p', image: text },
      { username: text, secret: uuid },
      { username: 'u', secret: { usage: text } },
      [{ host: text }],
    ]
    let [kept, refused] = [0, 0]
    for (const [what, make] of Object.entries(documents)) {
      const first = make()
      const keys: string[] = []
      for (
        let prototype = Object.getPrototypeOf(first);
        prototype !== xml.XmlView.prototype;
        prototype = Object.getPrototypeOf(prototype)
      )
        keys.push(...Object.keys(prototype))
      t.ok(keys.length > 4, `${what}: ${keys.length} properties`)
      for (const key of keys) {
        for (const value of hostile.flatMap(shapes)) {
          const view = make()
          const before = String(view)
          try {
            Object.assign(view, { [key]: value })
          } catch (error) {
            refused++
            if (!/^ERR_/.test((error as { code?: string }).code ?? ''))
              t.fail(`${what}.${key}: ${(error as Error).stack}`)
            continue
          }
          let text: string
          try {
            text = String(view)
          } catch (error) {
            // A character that no document can hold.
            refused++
            if ((error as { code?: string }).code !== 'ERR_INVALID_ARG_VALUE')
              t.fail(`${what}.${key}: ${error}`)
            continue
          }
          kept++
          if (text.includes('<evil') || text.includes(' evil='))
            t.fail(`${what}.${key}: ${JSON.stringify(value)}`)
          const back = xml.parse(text)
          if (xml.serialize(back) !== text.trim() && xml.serialize(xml.parseDocument(text)) !== text)
            t.fail(`${what}.${key} changes`)
          if (
            text === before &&
            !['qemuArguments', 'qemuEnvironment', 'description'].includes(key) &&
            value !== undefined
          )
            t.pass(`${what}.${key} had that value`)
        }
      }
    }
    t.ok(kept > 500 && refused > 5000, `${kept} were kept, ${refused} refused`)
  },
)

t.test('property: a value that was set is read, alone and after others', async () => {
  const domainValues = fc.record(
    {
      name: fc.stringMatching(/^[a-z<>&"' ]{1,9}$/),
      title: fc.stringMatching(/^[a-z<>&"'é]{1,9}$/),
      memory: fc.integer({ min: 1, max: 2 ** 40 }),
      currentMemory: fc.integer({ min: 1, max: 2 ** 40 }),
      vcpus: fc.integer({ min: 1, max: 999 }),
      acpi: fc.boolean(),
      hugepages: fc.boolean(),
      boot: fc.subarray(['hd', 'cdrom', 'network', 'fd'] as const),
      qemuArguments: fc.array(fc.stringMatching(/^[a-z<>&"'\n-]{0,9}$/)),
      clock: fc.constantFrom('utc', 'localtime', undefined),
      emulator: fc.constantFrom('/usr/bin/kvm', undefined),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(
      fc.constantFrom(machine, '<domain/>'),
      fc.array(domainValues, { maxLength: 3 }),
      (text, steps) => {
        const domain = xml.DomainXml.parse(text)
        const unknown = domain.element.find('devices', 'unknown')
        for (const step of steps) Object.assign(domain, step)
        const read = xml.DomainXml.parse(String(domain))
        const expected = Object.assign({}, ...steps)
        for (const [key, value] of Object.entries(expected)) {
          if (JSON.stringify(read[key as 'name']) !== JSON.stringify(value)) return false
        }
        return (unknown === undefined) === (read.element.find('devices', 'unknown') === undefined)
      },
    ),
    { numRuns: 300 },
  )
})
