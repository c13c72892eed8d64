import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { invalidArgType, toText } from '../internal/validate.js'
import type { Cluster } from './cluster.js'

function toPairs(name: string, given: unknown): [string, string][] {
  if (typeof given !== 'object' || given === null) throw invalidArgType(name, 'of type object', given)
  return Object.entries(given).map(([key, value]) => [
    toText(name, key),
    toText(`${name}.${key}`, value, { empty: true }),
  ])
}

/**
 * A client as a daemon of a service, which `ceph status` and `ceph service dump` show as long as it is connected:
 * `cluster.service`.
 *
 * @since 0.1.0
 */
export class Service {
  readonly #cluster: Cluster
  #registered = false

  /** @internal */
  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /**
   * Says what this client is: a daemon of a service, each of any name. `metadata` is shown with it.
   *
   * Errors: `EEXIST` it has said so already; `EINVAL` a service of Ceph's own.
   *
   * Implements: rados_service_register.
   * @since 0.1.0
   */
  async register(
    service: string,
    daemon: string,
    metadata: Readonly<Record<string, string>> = {},
    options?: CallOptions,
  ): Promise<void> {
    await this.#cluster.callWith(
      native.rados_service_register,
      toTaskOptions(options),
      toText('service', service),
      toText('daemon', daemon),
      toPairs('metadata', metadata),
    )
    this.#registered = true
  }

  /**
   * How it is doing: names and values that are shown with it from then on.
   *
   * Errors: `ENOENT` it is not registered.
   *
   * Implements: rados_service_update_status.
   * @since 0.1.0
   */
  async updateStatus(status: Readonly<Record<string, string>>, options?: CallOptions): Promise<void> {
    const pairs = toPairs('status', status)
    const task = toTaskOptions(options)
    // librados would say that all is well.
    if (!this.#registered)
      throw this.#cluster.makeError(
        -constants.errno.ENOENT,
        'rados_service_update_status',
        'this client is no service: register() comes first',
      )
    await this.#cluster.callWith(native.rados_service_update_status, task, pairs)
  }
}
