import { constants } from 'node:os'
import { CephError, closedError, type ErrorObject } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { closeAbandoned } from '../internal/resource.js'
import { invalidArgType } from '../internal/validate.js'
import type { Cluster } from './cluster.js'
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

/** MAX_ERRNO of Ceph's include/err.h. */
const maxErrno = 4095

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

  private constructor(handle: number, cluster: Cluster, pool: string, namespace: string) {
    super(handle, cluster, `IoCtx '${pool}'`)
    this.cluster = cluster
    this.pool = pool
    this.namespace = namespace
  }

  /** @internal */
  static async open(cluster: Cluster, pool: string, namespace: string, options: CallOptions): Promise<IoCtx> {
    const handle = await cluster.callWith(
      native.rados_ioctx_create,
      { ...toTaskOptions(options, { pool, namespace }), abandoned: closeAbandoned },
      pool,
      namespace,
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
    const differs = `the object differs ${-errno - maxErrno} bytes into what it was compared with`
    return new CephError({
      ...known,
      errno: -constants.errno.ECANCELED,
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
}

/** Checks an argument that must be an ioctx. */
export function toIoCtx(name: string, value: unknown): IoCtx {
  if (value instanceof IoCtx) return value
  throw invalidArgType(name, 'an instance of IoCtx', value)
}
