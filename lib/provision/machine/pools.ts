/** This file opens the pools that a machine's images are in. */

import type { Cluster, IoCtx } from '../../index.js'
import { isCode } from '../record.js'

/** Pools of a cluster and their namespaces, each opened when it is first asked for. */
export class OpenPools implements AsyncDisposable {
  readonly #cluster: Cluster
  readonly #signal: AbortSignal | undefined
  readonly #opened = new Map<string, IoCtx>()
  #isNewest = false

  constructor(cluster: Cluster, signal?: AbortSignal) {
    this.#cluster = cluster
    this.#signal = signal
  }

  /** Errors: `ENOENT`. */
  async open(pool: string, namespace = ''): Promise<IoCtx> {
    const key = `${pool}/${namespace}`
    const found = this.#opened.get(key)
    if (found !== undefined) return found
    // A pool may be younger than what this client knows of the cluster.
    if (!this.#isNewest) await this.#cluster.waitForLatestMap({ signal: this.#signal })
    this.#isNewest = true
    const ioctx = await this.#cluster.openIoCtx(pool, { namespace, signal: this.#signal })
    // Another call may have opened it meanwhile.
    const first = this.#opened.get(key)
    if (first !== undefined) {
      await ioctx.close()
      return first
    }
    this.#opened.set(key, ioctx)
    return ioctx
  }

  /** `undefined` for a pool that there is not. */
  async find(pool: string): Promise<IoCtx | undefined> {
    try {
      return await this.open(pool)
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const ioctx of this.#opened.values()) await ioctx.close()
  }
}
