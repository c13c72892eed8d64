/** What the tests of machines on RBD have: a prepared host, and a look at all that a machine may leave. */

import { Image, type IoCtx } from 'rbdkit'
import type { Domain } from 'rbdkit/libvirt'
import { type CreateMachineOptions, createMachine } from 'rbdkit/provision'
import type { Test } from 'tap'
import { randomName } from '../helpers/cluster.js'
import { echoSector } from '../helpers/echo-guest.js'
import { Place, prepare } from './provision-fixture.js'

export const mib = 2 ** 20

/** A host that is prepared, and the name of a machine. */
export class MachinePlace {
  readonly name = randomName('vm')

  private constructor(
    readonly place: Place,
    readonly ioctx: IoCtx,
  ) {}

  static async make(t: Test): Promise<MachinePlace> {
    const place = await Place.make(t)
    await prepare(place)
    const ioctx = await place.cluster.openIoCtx(place.pool)
    const made = new MachinePlace(place, ioctx)
    t.teardown(async () => {
      for (const domain of await made.domains()) {
        if (await domain.isActive()) await domain.destroy()
        if (await domain.isPersistent()) await domain.undefine()
      }
      await ioctx.close()
    })
    return made
  }

  /** Machines of this test. */
  async domains(): Promise<Domain[]> {
    return (await this.place.virt.listDomains()).filter(({ name }) => name.startsWith(this.name))
  }

  /** Names of its images and machines, and the machines' states. */
  async there(): Promise<string[]> {
    const images = (await Image.list(this.ioctx)).map(({ name }) => `image ${name}`)
    const machines = (await this.domains()).map(async (domain) => {
      const { state } = await domain.state()
      return `${domain.name} ${state}`
    })
    return [...images, ...(await Promise.all(machines))].sort()
  }

  /** An image with a snapshot to be cloned: a guest that echoes. */
  async template(name = 'template'): Promise<void> {
    await Image.create(this.ioctx, name, { size: 4 * mib })
    await using image = await Image.open(this.ioctx, name)
    await image.write(echoSector(), { position: 0 })
    await image.flush()
    await image.snapshots.create('base')
    await image.snapshots.protect('base')
  }

  options(options: Partial<CreateMachineOptions> = {}): CreateMachineOptions {
    const { pool, user } = this.place
    const disks = [{ pool, image: 'root', size: 4 * mib }]
    return { name: this.name, memoryMiB: 32, vcpus: 1, user, disks, networks: [], ...options }
  }

  create(options: Partial<CreateMachineOptions> = {}) {
    return createMachine(this.place.cluster, this.place.virt, this.options(options))
  }
}
