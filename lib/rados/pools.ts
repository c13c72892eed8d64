import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { toOptions, toSize, toText } from '../internal/validate.js'
import type { Cluster } from './cluster.js'
import type { RawAnswer } from './command.js'

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
  list(): Promise<string[]> {
    return this.#cluster.call(native.rados_pool_list)
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
  async create(name: string, options?: { pgNum?: number }): Promise<void> {
    const pool = toText('name', name)
    const { pgNum } = toOptions('options', options, { pgNum: ['pg_num'] })
    if (pgNum !== undefined) toSize('options.pgNum', pgNum, 1, 65_536)
    if (pgNum === undefined) {
      await this.#cluster.callWith(native.rados_pool_create, { object: { pool } }, pool)
      return
    }
    const command = { prefix: 'osd pool create', pool, pg_num: pgNum }
    const { status } = await this.#cluster.callWith<RawAnswer, [string, Uint8Array]>(
      native.rados_mon_command,
      { object: { pool } },
      JSON.stringify(command),
      new Uint8Array(),
    )
    // To the monitor this is no error.
    if (status.includes('already exists')) {
      throw this.#cluster.makeError(-constants.errno.EEXIST, 'rados_mon_command', status, { pool })
    }
    await this.#cluster.call(native.rados_wait_for_latest_osdmap) // or this connection does not know it yet
  }

  /**
   * Deletes a pool with all its data.
   *
   * Errors: `ENOENT`; `EPERM` the cluster's `mon_allow_pool_delete` is off; `EACCES`.
   *
   * Implements: rados_pool_delete.
   * @since 0.1.0
   */
  async delete(name: string): Promise<void> {
    const pool = toText('name', name)
    await this.#cluster.callWith(native.rados_pool_delete, { object: { pool } }, pool)
  }
}
