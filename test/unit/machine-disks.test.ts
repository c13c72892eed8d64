/** Which images of a machine are on RBD, read from its document. */

import { xml } from 'rbdkit/libvirt'
import t from 'tap'
import { rbdDisksOf } from '../../lib/provision/machine/rbd-disks.js'

const uuid = '8d2e2f1e-6c1a-4c0e-9a54-0f6d1f1c2b3a'
const monitors = [
  { host: '192.0.2.1', port: 3300 },
  { host: '2001:db8::1', port: 6789 },
]

function documentWith(...disks: string[]): string {
  return xml.domain({ name: 'one', memoryMiB: 64, vcpus: 1, disks })
}

t.test('names, monitors and user of each image on RBD, in order', async (t) => {
  const auth = { username: 'libvirt', secret: { uuid } }
  const document = documentWith(
    xml.rbdDisk({ pool: 'vms', image: 'root', target: 'vda', monitors, auth }),
    xml.fileDisk({ path: '/var/lib/other.raw', target: 'vdb' }),
    xml.rbdDisk({ pool: 'vms', namespace: 'tenant', image: 'data', target: 'sda' }),
    xml.rbdDisk({ pool: 'vms', image: 'shared', target: 'vdc', readonly: true }),
  )
  t.strictSame(rbdDisksOf(document), [
    { target: 'vda', pool: 'vms', image: 'root', device: 'disk', readOnly: false, monitors, auth },
    {
      target: 'sda',
      pool: 'vms',
      namespace: 'tenant',
      image: 'data',
      device: 'disk',
      readOnly: false,
      monitors: [],
    },
    { target: 'vdc', pool: 'vms', image: 'shared', device: 'disk', readOnly: true, monitors: [] },
  ])
})

t.test('what libvirt itself writes', async (t) => {
  // The user within the source, where libvirt takes it, too; a CD-ROM without <readonly>; a drive with nothing in it.
  const document = `
    <domain type='kvm' id='3'>
      <name>one</name>
      <devices>
        <disk type='network' device='disk'>
          <driver name='qemu' type='raw'/>
          <source protocol='rbd' name='vms/root' index='2'>
            <host name='192.0.2.1' port='3300'/>
            <snapshot name='base'/>
            <auth username='libvirt'><secret type='ceph' usage='client.libvirt secret'/></auth>
          </source>
          <backingStore/>
          <target dev='vda' bus='virtio'/>
          <alias name='virtio-disk0'/>
        </disk>
        <disk type='network' device='cdrom'>
          <source protocol='rbd' name='isos/installer.iso'/>
          <target dev='sda' bus='sata'/>
        </disk>
        <disk type='file' device='cdrom'><target dev='sdb' bus='sata'/></disk>
        <disk type='network' device='disk'>
          <source protocol='nbd' name='vms/root'><host name='192.0.2.1'/></source>
          <target dev='vdb' bus='virtio'/>
        </disk>
      </devices>
    </domain>`
  t.strictSame(rbdDisksOf(document), [
    {
      target: 'vda',
      pool: 'vms',
      image: 'root',
      snapshot: 'base',
      device: 'disk',
      readOnly: true,
      monitors: [{ host: '192.0.2.1', port: 3300 }],
      auth: { username: 'libvirt', secret: { usage: 'client.libvirt secret' } },
    },
    { target: 'sda', pool: 'isos', image: 'installer.iso', device: 'cdrom', readOnly: true, monitors: [] },
  ])
  t.strictSame(rbdDisksOf('<domain><name>none</name></domain>'), [])
})

t.test('what is no document of a domain', async (t) => {
  t.throws(() => rbdDisksOf('<network/>'), { code: 'ERR_INVALID_XML' })
})
