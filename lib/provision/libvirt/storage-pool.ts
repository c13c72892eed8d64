/** This file is libvirt's storage pool, by which its own tools see the images. */

import { type StoragePool, xml } from '../../libvirt/index.js'
import { type Difference, ProvisionError } from '../errors.js'
import { indexOfMonitor, monitorAddresses } from './monitor-addresses.js'
import { orNone } from './none.js'
import { whyNoRbdPools } from './probe.js'
import { absent, type Look, type Part, right, type Target } from './target.js'

export class StoragePoolPart implements Part {
  readonly name = 'storagePool'
  readonly of = 'host'
  readonly label: string
  readonly #target: Target
  #before: { document: string; active: boolean; autostart: boolean } | undefined

  constructor(target: Target, storagePool: string) {
    this.#target = target
    this.label = storagePool
  }

  #find(): Promise<StoragePool | undefined> {
    return orNone(this.#target.connection.storagePoolByName(this.label), 'VIR_ERR_NO_STORAGE_POOL')
  }

  async look(signal?: AbortSignal): Promise<Look> {
    const found = await this.#find()
    if (found === undefined) {
      await this.#checkBackend()
      return absent
    }
    const document = await found.xml({ inactive: true })
    const [active, autostart] = [await found.isActive(), await found.autostart()]
    this.#before = { document, active, autostart }
    const { differences, near } = await this.#compare(document, signal)
    if (!active && differences.length === 0) await this.#checkBackend()
    const is = differences.length > 0 || near || !active || !autostart ? 'near' : 'right'
    return is === 'right' ? right : { is, differences }
  }

  /** Whether libvirtd can have RBD storage pools at all, found out without the cluster. */
  async #checkBackend(): Promise<void> {
    const { connection, pool } = this.#target
    const cause = await whyNoRbdPools(connection, pool)
    if (cause === undefined) return
    throw new ProvisionError(
      'ERR_RBDKIT_STORAGE_POOL',
      'prepareLibvirt',
      `libvirt's RBD storage pools do not work on this host; with 'storagePool: false' machines do without one: ${cause.message}`,
      { step: this.name, cause },
    )
  }

  #differs(reason: string, replaceable: boolean): Difference {
    return { step: this.name, name: this.label, reason, replaceable }
  }

  async #compare(
    document: string,
    signal?: AbortSignal,
  ): Promise<{ differences: Difference[]; near: boolean }> {
    const { type, pool, auth, monitors } = xml.parseStoragePool(document)
    if (type !== 'rbd')
      return { differences: [this.#differs(`it is of the type ${type}`, false)], near: false }
    const differences: Difference[] = []
    if (pool !== this.#target.pool) differences.push(this.#differs(`it is of the Ceph pool '${pool}'`, false))
    if (auth?.username !== this.#target.id)
      differences.push(this.#differs(`it has the user '${auth?.username ?? ''}'`, true))
    const { secret } = auth ?? {}
    if (typeof secret === 'object' && secret !== null) {
      const named = 'uuid' in secret ? secret.uuid === this.#target.uuid : secret.usage === this.#target.usage
      if (!named) differences.push(this.#differs('it names another secret', true))
    }
    const addresses = await monitorAddresses(this.#target.cluster, signal)
    const hit = new Set<number>()
    let strangers = 0
    for (const { host, port } of monitors) {
      const at = await indexOfMonitor(addresses, host, port)
      if (at < 0) strangers++
      else hit.add(at)
    }
    if (hit.size === 0) differences.push(this.#differs("none of its monitors is the cluster's", true))
    return { differences, near: strangers > 0 || hit.size < addresses.length }
  }

  #document(uuid?: string): string {
    const { pool, monitors, id, uuid: secret } = this.#target
    return xml.storagePool({
      type: 'rbd',
      name: this.label,
      ...(uuid === undefined ? {} : { uuid }),
      pool,
      monitors,
      auth: { username: id, secret: { uuid: secret } },
    })
  }

  async make(): Promise<void> {
    const made = await this.#target.connection.defineStoragePool(this.#document())
    await made.create()
    await made.setAutostart(true)
  }

  async align(): Promise<void> {
    const found = await this.#find()
    if (found === undefined) return this.make()
    const document = await found.xml({ inactive: true })
    const { differences, near } = await this.#compare(document)
    // What is right stays as somebody wrote it.
    if (differences.length > 0 || near) await this.#redefine(found, this.#document(found.uuid))
    if (!(await found.isActive())) await found.create()
    await found.setAutostart(true)
  }

  /** libvirtd stops showing the images for a moment; guests that run have nothing to do with it. */
  async #redefine(found: StoragePool, document: string): Promise<void> {
    if (await found.isActive()) await found.destroy()
    await this.#target.connection.defineStoragePool(document)
  }

  async restore(): Promise<void> {
    const found = await this.#find()
    if (found === undefined || this.#before === undefined) return
    const { document, active, autostart } = this.#before
    await this.#redefine(found, document)
    await found.setAutostart(autostart)
    if (active) await found.create()
  }

  async remove(): Promise<boolean> {
    const found = await this.#find()
    if (found === undefined) return false
    if (await found.isActive()) await found.destroy()
    await found.undefine()
    return true
  }
}
