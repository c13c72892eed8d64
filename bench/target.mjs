// What is measured against: a Ceph of one machine, a pool, an image.
import { randomFillSync } from 'node:crypto'
import { Cluster, Image, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import { placeDaemons } from './placement.mjs'

const pool = 'bench'
export const objectCount = 4096
const MiB = 2 ** 20
const features = ['layering', 'exclusive-lock', 'object-map', 'fast-diff']

/**
 * `unallocated`: librbd answers from the object map, without the network; what is left is the way in and out of it.
 * `filled`: every block was written with random bytes, and read once so that the OSD's cache is as warm for the first
 * run as for the last. It fits into that cache: the client is to be measured, not the disk.
 */
const images = {
  unallocated: { size: 1024 * MiB, filled: false },
  filled: { size: 512 * MiB, filled: true },
}

async function fill(image, size) {
  const block = 4 * MiB
  const blocks = size / block
  let next = 0
  const each = (operate) =>
    Promise.all(
      Array.from({ length: 8 }, async () => {
        const buffer = randomFillSync(Buffer.alloc(block))
        while (next < blocks) await operate(buffer, next++ * block)
      }),
    )
  await each((buffer, position) => image.write(buffer, { position }))
  await image.flush()
  next = 0
  await each((buffer, position) => image.read({ buffer, position }))
}

class Store {
  #local
  #made = new Map()

  constructor(local, cluster, cephVersion) {
    this.#local = local
    this.cluster = cluster
    /** For those who make their images themselves. */
    this.place = { confFile: local.confFile, pool, cephVersion }
  }

  static async start(kind) {
    const local = await LocalCluster.start({ objectstore: kind })
    try {
      placeDaemons(local.osds.map((osd) => osd.pid))
      const cluster = await Cluster.connect({ confFile: local.confFile, options: { rbd_cache: false } })
      // A scrub in the middle of one side's run would be that side's fault.
      for (const key of ['noscrub', 'nodeep-scrub']) {
        await cluster.monitorCommand({ prefix: 'osd set', key })
      }
      await cluster.pools.create(pool)
      const ioctx = await cluster.openIoCtx(pool)
      await poolInit(ioctx)
      await ioctx.close()
      return new Store(local, cluster, await cluster.version())
    } catch (error) {
      await local.close()
      throw error
    }
  }

  async target(name) {
    if (!this.#made.has(name))
      this.#made.set(name, await (name === 'objects' ? this.#makeObjects() : this.#make(name)))
    return this.#made.get(name)
  }

  async #make(name) {
    const { size, filled } = images[name]
    const ioctx = await this.cluster.openIoCtx(pool)
    await Image.create(ioctx, name, { size, features })
    const image = await Image.open(ioctx, name)
    if (filled) await fill(image, size)
    const { objectSize } = await image.info()
    await ioctx.close() // and the image with it: its lock is the first run's
    return { ...this.place, image: name, description: { name, size, objectSize, features, filled } }
  }

  /** `object-0` and so on, of 4 KiB each. */
  async #makeObjects() {
    const ioctx = await this.cluster.openIoCtx(pool)
    const bytes = Buffer.alloc(4096, 'x')
    for (let i = 0; i < objectCount; i += 64) {
      await Promise.all(Array.from({ length: 64 }, (_, n) => ioctx.writeFull(`object-${i + n}`, bytes)))
    }
    await ioctx.close()
    return { ...this.place, description: { objects: objectCount } }
  }

  async close() {
    await this.cluster.close()
    await this.#local.close()
  }
}

/** The stores of one invocation; cases with the same store share a cluster. */
export class Stores {
  #started = new Map()

  async #store(kind, number) {
    const key = `${kind} ${number}`
    if (!this.#started.has(key)) this.#started.set(key, await Store.start(kind))
    return this.#started.get(key)
  }

  async target(kind, image) {
    return (await this.#store(kind, 0)).target(image)
  }

  /** The places of the first `count` clusters of a kind. */
  async clusters(kind, count) {
    const places = []
    for (let number = 0; number < count; number++) places.push((await this.#store(kind, number)).place)
    return places
  }

  async close() {
    for (const store of this.#started.values()) await store.close()
    this.#started.clear()
  }
}
