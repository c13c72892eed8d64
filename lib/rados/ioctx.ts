import { constants } from 'node:os'
import { CephError, closedError, type ErrorObject } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { closeAbandoned } from '../internal/resource.js'
import { invalidArgType, type Known, toBoolean, toOptions, toText, toUint64 } from '../internal/validate.js'
import { Applications } from './applications.js'
import type { Cluster } from './cluster.js'
import { ObjectListing, type ObjectListOptions } from './listing.js'
import { maxErrno } from './object-io.js'
import { PoolSnapshots, SelfManagedSnapshots } from './pool-snapshots.js'
import { IoCtxWatch } from './watch.js'

/**
 * What a pool holds and has done. Bytes and counts.
 *
 * @since 0.1.0
 */
export interface PoolStat {
  bytesUsed: number
  objects: number
  objectClones: number
  objectsDegraded: number
  objectsUnfound: number
  readOperations: number
  bytesRead: number
  writeOperations: number
  bytesWritten: number
}

/**
 * What an ioctx is for.
 *
 * @since 0.1.0
 */
export interface OpenIoCtxOptions extends CallOptions {
  /** Default: the one without a name. */
  namespace?: string
  /** Places all objects by this key instead of by their names, so that they are on the same OSDs. */
  locator?: string
  /** A full pool answers instead of letting writes wait for space. Default `true`. */
  fullTry?: boolean
  /** A snapshot to read at: a pool snapshot's name or id, or the id of a self-managed one. Nothing is written then. */
  snapshot?: string | bigint
}

const openOptions: Known<OpenIoCtxOptions> = {
  namespace: ['ns'],
  locator: ['locatorKey'],
  fullTry: true,
  snapshot: ['snap'],
  signal: true,
}

/**
 * A pool, and a namespace in it, to use images and objects in. From `cluster.openIoCtx()`.
 *
 * @since 0.1.0
 */
export class IoCtx extends IoCtxWatch {
  readonly cluster: Cluster
  readonly pool: string
  /** Empty for the default namespace. */
  readonly namespace: string
  /** The pool's applications. */
  readonly applications: Applications = new Applications(this)
  /** The pool's snapshots. */
  readonly snapshots: PoolSnapshots = new PoolSnapshots(this)
  /** Snapshots of single objects, by numbers that the client keeps. */
  readonly selfManagedSnapshots: SelfManagedSnapshots = new SelfManagedSnapshots(this)

  private constructor(handle: number, cluster: Cluster, pool: string, namespace: string) {
    super(handle, cluster, `IoCtx '${pool}'`)
    this.cluster = cluster
    this.pool = pool
    this.namespace = namespace
  }

  /** @internal */
  static async open(cluster: Cluster, pool: string, options: OpenIoCtxOptions | undefined): Promise<IoCtx> {
    const given = toOptions('options', options, openOptions)
    const namespace = toText('options.namespace', given.namespace ?? '', { empty: true })
    const { snapshot } = given
    const handle = await cluster.callWith(
      native.rados_ioctx_create,
      { ...toTaskOptions({ signal: given.signal }, { pool, namespace }), abandoned: closeAbandoned },
      pool,
      namespace,
      given.locator === undefined ? undefined : toText('options.locator', given.locator),
      toBoolean('options.fullTry', given.fullTry, true),
      typeof snapshot === 'string' ? toText('options.snapshot', snapshot, { empty: true }) : undefined,
      typeof snapshot === 'string' || snapshot === undefined ? 0n : toUint64('options.snapshot', snapshot),
    )
    return new IoCtx(handle, cluster, pool, namespace)
  }

  /** @internal */
  override about(): ErrorObject {
    return { pool: this.pool, namespace: this.namespace }
  }

  /** @internal */
  makeError(errno: number, syscall: string, value: unknown, object?: ErrorObject): Error {
    const detail = typeof value === 'string' ? value : undefined
    const known = { pool: this.pool, namespace: this.namespace, ...object, syscall }
    if (errno > -maxErrno) return new CephError({ ...known, errno, detail })
    // How librados says where a compare of an operation found a difference.
    const mismatch = -errno - maxErrno
    const differs = `the object differs ${mismatch} bytes into what it was compared with`
    return new CephError({
      ...known,
      errno: -constants.errno.ECANCELED,
      mismatch,
      detail: detail === undefined ? differs : `${detail}: ${differs}`,
    })
  }

  /** @internal */
  closedError(syscall: string): Error {
    return closedError(syscall, { pool: this.pool, namespace: this.namespace }, 'the ioctx is closed')
  }

  /**
   * The pool's id.
   *
   * Implements: rados_ioctx_get_id.
   * @since 0.1.0
   */
  id(): Promise<bigint> {
    return this.call(native.rados_ioctx_get_id)
  }

  /**
   * What the pool holds, all its namespaces together. Some seconds old.
   *
   * Implements: rados_ioctx_pool_stat.
   * @since 0.1.0
   */
  async stat(options?: CallOptions): Promise<PoolStat> {
    return this.callWith(native.rados_ioctx_pool_stat, toTaskOptions(options))
  }

  /**
   * The pool's name as it is now: somebody may have renamed it.
   *
   * Errors: `ENOENT` the pool is gone.
   *
   * Implements: rados_ioctx_get_pool_name, rados_wait_for_latest_osdmap.
   * @since 0.1.0
   */
  async poolName(options?: CallOptions): Promise<string> {
    await this.cluster.waitForLatestMap(options)
    return this.callWith(native.rados_ioctx_get_pool_name, toTaskOptions(options))
  }

  /**
   * Bytes of which each append and each write's position must be a multiple; `undefined` when any will do. An erasure coded
   * pool without overwrites asks for it.
   *
   * Implements: rados_ioctx_pool_requires_alignment2, rados_ioctx_pool_required_alignment2.
   * @since 0.1.0
   */
  async alignment(options?: CallOptions): Promise<number | undefined> {
    const task = toTaskOptions(options)
    const required = await this.callWith(native.rados_ioctx_pool_requires_alignment2, task)
    return required ? this.callWith(native.rados_ioctx_pool_required_alignment2, task) : undefined
  }

  /**
   * The pool's objects, in no order, with a `for await` loop. See {@link ObjectListing}.
   *
   * ```js
   * for await (const { name } of ioctx.objects()) console.log(name)
   * ```
   *
   * Implements: rados_object_list, rados_object_list_slice.
   * @since 0.1.0
   */
  objects(options?: ObjectListOptions): ObjectListing {
    return new ObjectListing(this, options)
  }
}

/** Checks an argument that must be an ioctx. */
export function toIoCtx(name: string, value: unknown): IoCtx {
  if (value instanceof IoCtx) return value
  throw invalidArgType(name, 'an instance of IoCtx', value)
}
