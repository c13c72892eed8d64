import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { toOptions, toSize, toText } from '../internal/validate.js'
import type { Cluster } from './cluster.js'

/**
 * The pools of a cluster. `poolInit(ioctx)` readies one for images.
 *
 * @since 0.1.0
 */
export class Pools {
  readonly #cluster: Cluster

  /** @internal */
  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /**
   * The names of all pools.
   *
   * Implements: rados_pool_list.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<string[]> {
    return this.#cluster.callWith(native.rados_pool_list, toTaskOptions(options))
  }

  /**
   * Creates a replicated pool. `pgNum` is its number of placement groups; default: the cluster's.
   *
   * Errors: `EEXIST`; `EPERM`, `EACCES` not allowed; `ERANGE` too many placement groups.
   *
   * Implements: rados_pool_create; with `pgNum` the monitor command `osd pool create`,
   * rados_wait_for_latest_osdmap.
   * @since 0.1.0
   */
  async create(name: string, options?: CallOptions & { pgNum?: number }): Promise<void> {
    const pool = toText('name', name)
    const { pgNum, signal } = toOptions('options', options, { pgNum: ['pg_num'], signal: true })
    const task = toTaskOptions({ signal }, { pool })
    if (pgNum !== undefined) toSize('options.pgNum', pgNum, 1, 65_536)
    if (pgNum === undefined) {
      await this.#cluster.callWith(native.rados_pool_create, task, pool)
      return
    }
    const command = { prefix: 'osd pool create', pool, pg_num: pgNum }
    const { status } = await this.#cluster.callWith(
      native.rados_mon_command,
      task,
      JSON.stringify(command),
      new Uint8Array(),
    )
    // To the monitor this is no error.
    if (status.includes('already exists')) {
      throw this.#cluster.makeError(-constants.errno.EEXIST, 'rados_mon_command', status, { pool })
    }
    await this.#cluster.callWith(native.rados_wait_for_latest_osdmap, task) // or this connection does not know it yet
  }

  /**
   * Deletes a pool with all its data.
   *
   * Errors: `ENOENT`; `EPERM` the cluster's `mon_allow_pool_delete` is off; `EACCES`.
   *
   * Implements: rados_pool_delete.
   * @since 0.1.0
   */
  async delete(name: string, options?: CallOptions): Promise<void> {
    const pool = toText('name', name)
    await this.#cluster.callWith(native.rados_pool_delete, toTaskOptions(options, { pool }), pool)
  }
}
