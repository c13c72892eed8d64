/** Calls of machines on RBD with an option that there is not. */

import type { Cluster } from 'rbdkit'
import type { Connection } from 'rbdkit/libvirt'
import {
  type CreateMachineOptions,
  cloneMachine,
  createMachine,
  listMachines,
  removeMachine,
  startMachine,
  stopMachine,
  verifyMachine,
} from 'rbdkit/provision'

/** By the place of the option, as `publicOptions()` has it. */
export function machineOptions(
  cluster: Cluster,
  virt: Connection,
  bad: Record<string, never>,
): Record<string, () => unknown> {
  const disk = { pool: 'vms', image: 'root', size: 4096 }
  const create = (options: Partial<CreateMachineOptions>) => () =>
    createMachine(cluster, virt, {
      name: 'vm1',
      memoryMiB: 64,
      vcpus: 1,
      user: 'libvirt',
      networks: [],
      disks: [disk],
      ...options,
    })
  const from = { image: 'template', snapshot: 'base', ...bad }
  return {
    'cloneMachine: options': () => cloneMachine(cluster, virt, 'vm1', { name: 'vm2', ...bad }),
    'createMachine: options': create(bad),
    'createMachine: options.cloudInit': create({ cloudInit: bad }),
    'createMachine: options.cloudInit.users': create({
      cloudInit: { users: [{ name: 'ann', ...bad }] },
    }),
    'createMachine: options.cpu': create({ cpu: { model: 'qemu64', ...bad } }),
    'createMachine: options.disks': create({ disks: [{ ...disk, ...bad }] }),
    'createMachine: options.disks.from': create({ disks: [{ pool: 'vms', image: 'root', from }] }),
    'createMachine: options.graphics': create({ graphics: { type: 'vnc', ...bad } }),
    'createMachine: options.networks': create({ networks: [{ type: 'user', ...bad }] }),
    'listMachines: options': () => listMachines(cluster, virt, bad),
    'removeMachine: options': () => removeMachine(cluster, virt, 'vm1', bad),
    'startMachine: options': () => startMachine(virt, 'vm1', bad),
    'stopMachine: options': () => stopMachine(virt, 'vm1', bad),
    'verifyMachine: options': () => verifyMachine(cluster, virt, 'vm1', bad),
  }
}
