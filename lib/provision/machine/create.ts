/** This file makes a machine on RBD. */

import { type Cluster, Image } from '../../index.js'
import type { Connection } from '../../libvirt/index.js'
import { checkEnds } from '../libvirt/options.js'
import { runSteps, type StepResult } from '../steps.js'
import { documentOf } from './document.js'
import { domainSteps } from './domain-steps.js'
import { imageStep, spec } from './images.js'
import { Look } from './look.js'
import { type CreateMachineOptions, checkCreateMachine, type PlannedDisk } from './options.js'
import { OpenPools } from './pools.js'

/**
 * A machine that was made.
 *
 * @since 0.1.0
 */
export interface CreatedMachine {
  readonly name: string
  readonly uuid: string
  /** Whether it was started. */
  readonly started: boolean
  /** Its disks, cloud-init's the last. */
  readonly disks: readonly { readonly target: string; readonly pool: string; readonly image: string }[]
  /** What was done, step by step. */
  readonly steps: readonly StepResult[]
}

async function make(pools: OpenPools, { pool, image, of }: PlannedDisk): Promise<void> {
  const ioctx = await pools.open(pool)
  if (of === 'there') return
  if ('size' in of) return Image.create(ioctx, image, { size: of.size })
  if ('parent' in of) {
    const { pool: parentPool, image: parent, snapshot } = of.parent
    return Image.clone(await pools.open(parentPool), { image: parent, snapshot }, ioctx, image)
  }
  await Image.create(ioctx, image, { size: of.data.length })
  await using opened = await Image.open(ioctx, image)
  await opened.write(of.data, { position: 0 })
  await opened.flush()
}

/**
 * Makes a machine whose disks are images on RBD, and starts it: its images, where they are to be made, cloud-init's disk, and the
 * domain, as virt-install would define it. It has a serial console, a channel for the guest's agent, a random number
 * generator, a balloon; disks and network are virtio's, and what the guest discards its images give back. It starts by its
 * BIOS. It runs on the processor where the host has KVM, else it is emulated.
 *
 * Everything is looked at before anything is made: names, networks, the user with its key at libvirt, what the user may do,
 * whether somebody else has an image open or locked. When a step fails, or the signal is aborted, what was made is removed again.
 *
 * ```js
 * await createMachine(cluster, connection, {
 *   name: 'web1',
 *   memoryMiB: 2048,
 *   vcpus: 2,
 *   user: 'libvirt',
 *   disks: [{ pool: 'vms', image: 'web1', from: { image: 'debian-12', snapshot: 'base' } }],
 *   cloudInit: { hostname: 'web1' },
 * })
 * ```
 *
 * Errors: {@link ProvisionError} `ERR_RBDKIT_EXISTS`, `ERR_RBDKIT_MISSING`, `ERR_RBDKIT_IN_USE`, `ERR_RBDKIT_CAPS`, `ERR_RBDKIT_FULL`,
 * `ERR_RBDKIT_DIFFERS` (the secret has another key), `ERR_RBDKIT_STEP_FAILED`, `ABORT_ERR`; `EACCES` the cluster's user may not read users
 * or monitors; of libvirt when it does not answer; `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`. Before
 * anything is made an abort rejects with the signal's reason.
 *
 * @since 0.1.0
 */
export async function createMachine(
  cluster: Cluster,
  connection: Connection,
  options: CreateMachineOptions,
): Promise<CreatedMachine> {
  checkEnds(cluster, connection)
  const plan = checkCreateMachine(options)
  const nobody = '00000000-0000-4000-8000-000000000000'
  // What no document can be made of is refused before anybody is asked.
  documentOf(plan, { uuid: nobody, arch: 'x86_64', kvm: false, monitors: [], secret: nobody })
  const { signal } = options
  signal?.throwIfAborted()
  await using pools = new OpenPools(cluster, signal)
  const ground = await new Look(cluster, connection, pools, plan, signal).all()
  const images = plan.disks
    .filter(({ of }) => of !== 'there')
    .map((disk) => imageStep(`image ${spec(disk)}`, pools, disk, () => make(pools, disk)))
  const document = documentOf(plan, ground)
  const domain = domainSteps(connection, ground.uuid, () => connection.defineDomain(document), plan)
  const steps = await runSteps('createMachine', [...images, ...domain], options)
  return {
    name: plan.name,
    uuid: ground.uuid,
    started: plan.start,
    disks: plan.disks.map(({ target, pool, image }) => ({ target, pool, image })),
    steps,
  }
}
