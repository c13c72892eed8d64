/** Every builder of libvirt's documents with an object that it must refuse. */

import { xml } from 'rbdkit/libvirt'

const disk = { pool: 'p', image: 'i', target: 'vda' }
const machine = { name: 'vm', memoryMiB: 1, vcpus: 1 }
const usage = { type: 'ceph', name: 'x' } as const
const rbdPool = { type: 'rbd', name: 'p', pool: 'p', monitors: [{ host: '::1' }] } as const

/** By place, as test/helpers/public-options.ts names them. */
export function xmlOptions(bad: Record<string, never>): Record<string, () => unknown> {
  const monitors = [{ host: '::1', ...bad }]
  const auth = { username: 'u', secret: { usage: 'x' }, ...bad }
  const pci = { type: 'pci', domain: 0, bus: 0, slot: 0, function: 0, ...bad } as const
  return {
    'xml.backup: options': () => xml.backup({ disks: [], ...bad }),
    'xml.backup: options.disks': () => xml.backup({ disks: [{ target: 'vda', ...bad }] }),
    'xml.backup: options.server': () => xml.backup({ disks: [], server: { host: 'h', port: 1, ...bad } }),
    'xml.checkpoint: options': () => xml.checkpoint({ name: 'c', ...bad }),
    'xml.cloneDomain: options': () => xml.cloneDomain(xml.domain(machine), { name: 'b', ...bad }),
    'xml.domain: options': () => xml.domain({ ...machine, ...bad }),
    'xml.domain: options.cpu': () => xml.domain({ ...machine, cpu: { model: 'qemu64', ...bad } }),
    'xml.domain: options.graphics': () => xml.domain({ ...machine, graphics: { type: 'vnc', ...bad } }),
    'xml.domain: options.interfaces': () =>
      xml.domain({ ...machine, interfaces: [{ type: 'user', ...bad }] }),
    'xml.domain: options.serial': () => xml.domain({ ...machine, serial: { type: 'pty', ...bad } }),
    'xml.fileDisk: options': () => xml.fileDisk({ path: '/x', target: 'vda', ...bad }),
    'xml.fileDisk: options.address': () => xml.fileDisk({ path: '/x', target: 'vda', address: pci }),
    'xml.rbdDisk: options': () => xml.rbdDisk({ ...disk, ...bad }),
    'xml.rbdDisk: options.address': () => xml.rbdDisk({ ...disk, address: pci }),
    'xml.rbdDisk: options.auth': () => xml.rbdDisk({ ...disk, auth }),
    'xml.rbdDisk: options.encryption': () =>
      xml.rbdDisk({ ...disk, encryption: { format: 'luks', secrets: [{ usage: 'u' }], ...bad } }),
    'xml.rbdDisk: options.monitors': () => xml.rbdDisk({ ...disk, monitors }),
    'xml.secret: options': () => xml.secret({ usage, ...bad }),
    'xml.secret: options.usage': () => xml.secret({ usage: { ...usage, ...bad } }),
    'xml.storagePool: options': () => xml.storagePool({ ...rbdPool, ...bad }),
    'xml.storagePool: options.auth': () => xml.storagePool({ ...rbdPool, auth }),
    'xml.storagePool: options.monitors': () => xml.storagePool({ ...rbdPool, monitors }),
    'xml.storageVolume: options': () => xml.storageVolume({ name: 'v', capacity: 1, ...bad }),
  }
}
