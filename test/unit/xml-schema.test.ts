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

const documents: Record<string, readonly string[]> = {
  secret: [
    xml.secret({ usage: { type: 'ceph', name: 'client.libvirt secret' } }),
    xml.secret({
      usage: { type: 'ceph', name: 'a & <b>' },
      uuid,
      description: 'd',
      ephemeral: true,
      private: true,
    }),
  ],
  storagepool: [
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
    xml.storageVolume({ name: 'v', capacity: 7e9, allocation: 0 }),
    xml.storageVolume({ name: 'v.qcow2', capacity: 2n ** 40n, format: 'qcow2' }),
  ],
  domain: [
    small,
    large,
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
