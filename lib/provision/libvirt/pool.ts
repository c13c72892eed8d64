/** This file is the Ceph pool of images. */

import { Image, poolInit } from '../../index.js'
import { isCode } from '../record.js'
import { absent, type Look, type Part, right, type Target } from './target.js'

/** Objects that are no data: librbd's and ours of the pool as a whole. */
const BOOKKEEPING =
  /^(?:rbd_(?:info|directory|children|trash|namespace|group_directory|mirroring|mirror_leader|task|trash_purge_schedule|mirror_snapshot_schedule)|rbdkit\.(?:copies|provision))$/

export class PoolPart implements Part {
  readonly name = 'pool'
  readonly of = 'cluster'
  readonly label: string
  readonly #target: Target

  constructor(target: Target) {
    this.#target = target
    this.label = target.pool
  }

  async look(signal?: AbortSignal): Promise<Look> {
    const { pool, records } = this.#target
    const ioctx = await records.ioctx(signal)
    if (ioctx === undefined) return absent
    const applications = await ioctx.applications.list()
    if (applications.includes('rbd')) return right
    if (applications.length === 0) return { is: 'near', differences: [] }
    const reason = `it is the pool of the application ${applications.join(', ')}`
    return { is: 'near', differences: [{ step: this.name, name: pool, reason, replaceable: false }] }
  }

  async make(): Promise<void> {
    const { cluster, pool, pgNum, records } = this.#target
    try {
      await cluster.pools.create(pool, pgNum === undefined ? {} : { pgNum })
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error // somebody else has made it meanwhile
    }
    const ioctx = await records.ioctx()
    if (ioctx) await poolInit(ioctx)
  }

  async align(): Promise<void> {
    const ioctx = await this.#target.records.ioctx()
    if (ioctx) await poolInit(ioctx)
  }

  async restore(): Promise<void> {
    const { cluster, pool } = this.#target
    const command = { prefix: 'osd pool application disable', pool, app: 'rbd', yes_i_really_mean_it: true }
    await cluster.monitorCommand(command, { format: 'text' })
  }

  /** Some of what is in it; empty when it holds no data. */
  async content(signal?: AbortSignal): Promise<string[]> {
    const ioctx = await this.#target.records.ioctx()
    if (ioctx === undefined) return []
    for await (const { name, namespace } of ioctx.objects({
      allNamespaces: true,
      ...(signal && { signal }),
    })) {
      if (BOOKKEEPING.test(name)) continue
      const images = await Image.list(ioctx, signal && { signal })
      if (images.length > 0) return images.slice(0, 5).map((image) => image.name)
      return [`the object '${namespace === '' ? name : `${namespace}/${name}`}'`]
    }
    return []
  }

  /** The same for who may not list objects, which newer OSDs do not answer: the monitors count them, too. */
  async #contentOrCount(signal?: AbortSignal): Promise<string[]> {
    try {
      return await this.content(signal)
    } catch (error) {
      if (!isCode(error, 'EPERM', 'EACCES', 'ETIMEDOUT')) throw error
      const { objects = 0 } = (await (await this.#target.records.ioctx())?.stat()) ?? {}
      return objects === 0 ? [] : [`${objects} objects`]
    }
  }

  async remove(signal?: AbortSignal): Promise<boolean> {
    const content = await this.#contentOrCount(signal)
    signal?.throwIfAborted() // others may have begun to use it since
    if (content.length > 0) throw new Error(`the pool holds data by now: ${content.join(', ')}`)
    return this.delete()
  }

  /** Whatever it holds. */
  async delete(): Promise<boolean> {
    const { cluster, pool } = this.#target
    try {
      await cluster.pools.delete(pool)
      return true
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false
      throw error
    }
  }
}
