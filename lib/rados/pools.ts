import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { invalidArgValue, toOptions, toSize, toText, toUint64 } from '../internal/validate.js'
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
   * Implements: rados_pool_list, rados_wait_for_latest_osdmap.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<string[]> {
    await this.#latest(options)
    return this.#cluster.callWith(native.rados_pool_list, toTaskOptions(options))
  }

  /**
   * Creates a replicated pool. `pgNum` is its number of placement groups, `crushRule` the number of the rule that places
   * them; default: the cluster's.
   *
   * Two who create a pool of one name at the same moment may both be told that they did.
   *
   * Errors: `EEXIST` there was one before; `EPERM`, `EACCES` not allowed; `ERANGE` too many placement groups; `ENOENT` no such
   * rule.
   *
   * Implements: rados_pool_create; with `crushRule` rados_pool_create_with_crush_rule; with `pgNum` the monitor command `osd pool create`,
   * rados_wait_for_latest_osdmap.
   * @since 0.1.0
   */
  async create(name: string, options?: CallOptions & { pgNum?: number; crushRule?: number }): Promise<void> {
    const pool = toText('name', name)
    const { pgNum, crushRule, signal } = toOptions('options', options, {
      pgNum: ['pg_num'],
      crushRule: ['crush_rule'],
      signal: true,
    })
    const task = toTaskOptions({ signal }, { pool })
    if (pgNum !== undefined) toSize('options.pgNum', pgNum, 1, 65_536)
    if (crushRule !== undefined) {
      if (pgNum !== undefined) throw invalidArgValue('options.crushRule', 'is given together with pgNum')
      const rule = toSize('options.crushRule', crushRule, 0, 255)
      await this.#checkNew(pool, 'rados_pool_create_with_crush_rule', { signal })
      await this.#cluster.callWith(native.rados_pool_create_with_crush_rule, task, pool, rule)
      return
    }
    if (pgNum === undefined) {
      await this.#checkNew(pool, 'rados_pool_create', { signal })
      await this.#cluster.callWith(native.rados_pool_create, task, pool)
      return
    }
    await this.#checkNew(pool, 'rados_mon_command', { signal })
    const command = { prefix: 'osd pool create', pool, pg_num: pgNum }
    await this.#cluster.callWith(native.rados_mon_command, task, JSON.stringify(command), new Uint8Array())
    await this.#cluster.callWith(native.rados_wait_for_latest_osdmap, task) // or this connection does not know it yet
  }

  /**
   * Refuses a name that there is. Afterwards a monitor's "already exists", which to it is no error, says nothing: librados
   * sends again what was not answered when its session ended, and a monitor takes up again what an election interrupted.
   */
  async #checkNew(pool: string, syscall: string, options: CallOptions): Promise<void> {
    if (!(await this.list(options)).includes(pool)) return
    throw this.#cluster.makeError(-constants.errno.EEXIST, syscall, `there is a pool '${pool}'`, { pool })
  }

  /**
   * Deletes a pool with all its data.
   *
   * Errors: `ENOENT`; `EPERM` the cluster's `mon_allow_pool_delete` is off; `EACCES`.
   *
   * Implements: rados_pool_delete, rados_wait_for_latest_osdmap.
   * @since 0.1.0
   */
  async delete(name: string, options?: CallOptions): Promise<void> {
    const pool = toText('name', name)
    await this.#latest(options)
    await this.#cluster.callWith(native.rados_pool_delete, toTaskOptions(options, { pool }), pool)
  }

  /** The names that this connection knows may be old ones. */
  async #latest(options: CallOptions | undefined): Promise<void> {
    await this.#cluster.waitForLatestMap(options)
  }

  /**
   * A pool's id by its name.
   *
   * Errors: `ENOENT`.
   *
   * Implements: rados_pool_lookup, rados_wait_for_latest_osdmap.
   * @since 0.1.0
   */
  async id(name: string, options?: CallOptions): Promise<bigint> {
    const pool = toText('name', name)
    await this.#latest(options)
    return BigInt(
      await this.#cluster.callWith(native.rados_pool_lookup, toTaskOptions(options, { pool }), pool),
    )
  }

  /**
   * A pool's name by its id.
   *
   * Errors: `ENOENT`.
   *
   * Implements: rados_pool_reverse_lookup, rados_wait_for_latest_osdmap.
   * @since 0.1.0
   */
  async name(id: bigint | number, options?: CallOptions): Promise<string> {
    const pool = toUint64('id', id)
    await this.#latest(options)
    return this.#cluster.callWith(native.rados_pool_reverse_lookup, toTaskOptions(options), pool)
  }

  /**
   * The id of the pool that a cache tier is in front of; the pool's own when it is none.
   *
   * Errors: `ENOENT`.
   *
   * Implements: rados_pool_get_base_tier.
   * @since 0.1.0
   */
  async baseTier(id: bigint | number, options?: CallOptions): Promise<bigint> {
    const pool = toUint64('id', id)
    return this.#cluster.callWith(native.rados_pool_get_base_tier, toTaskOptions(options), pool)
  }

  /**
   * Placement groups of a pool in which a scrub has found copies that differ: `['3.1a']`.
   *
   * Errors: `EACCES`; waits for an active manager.
   *
   * Implements: rados_inconsistent_pg_list.
   * @since 0.1.0
   */
  async inconsistentPgs(id: bigint | number, options?: CallOptions): Promise<string[]> {
    const pool = toUint64('id', id)
    return this.#cluster.callWith(native.rados_inconsistent_pg_list, toTaskOptions(options), pool)
  }
}
