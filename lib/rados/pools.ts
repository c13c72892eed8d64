import { native } from '../internal/addon.js'
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
  list(): Promise<string[]> {
    return this.#cluster.call(native.rados_pool_list)
  }

  /**
   * Creates a replicated pool. `pgNum` is its number of placement groups; default: the cluster's.
   *
   * Errors: `EEXIST`; `EACCES`; `ERANGE` too many placement groups.
   *
   * Implements: rados_pool_create, the monitor command `osd pool set`.
   * @since 0.1.0
   */
  async create(name: string, options?: { pgNum?: number }): Promise<void> {
    const pool = toText('name', name)
    const { pgNum } = toOptions('options', options)
    if (pgNum !== undefined) toSize('options.pgNum', pgNum, 1, 65_536)
    await this.#cluster.callWith(native.rados_pool_create, { object: { pool } }, pool)
    if (pgNum === undefined) return
    await this.#cluster.monitorCommand({ prefix: 'osd pool set', pool, var: 'pg_num', val: String(pgNum) }, { format: 'text' })
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
