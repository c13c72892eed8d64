// A daemon's servers and their clients.

import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { clientTransports } from '../internal/generated/libvirt.js'
import {
  type ClientInfo,
  type ClientLimits,
  clientInfo,
  clientLimits,
  type ThreadPoolParameters,
  threadPoolParameters,
} from '../internal/generated/parameters.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeAdminClient, NativeAdminServer } from '../internal/native/libvirt-admin.js'
import { toUint64 } from '../internal/validate.js'
import type { AdminConnection } from './admin.js'
import { LibvirtObject } from './object.js'
import { fromParameters, toParameters } from './parameters.js'

/**
 * libvirt's virClientTransport.
 *
 * @since 0.1.0
 */
export type ClientTransport = (typeof clientTransports)[keyof typeof clientTransports] | 'unknown'

/**
 * A client of a daemon: somebody who is connected.
 *
 * @since 0.1.0
 */
export class AdminClient extends LibvirtObject {
  readonly server: AdminServer
  /** Of the server's own count. */
  readonly id: bigint
  readonly connectedAt: Date
  readonly transport: ClientTransport

  /** @internal */
  constructor(server: AdminServer, client: NativeAdminClient) {
    const { givenUri } = server.connection
    super(client.handle, server, { uri: givenUri, object: `client ${client.id}`, kind: 'client' })
    this.server = server
    this.id = client.id
    this.connectedAt = new Date(client.connectedSeconds * 1000)
    this.transport = nameOf(clientTransports, client.transport)
  }

  /**
   * Who it is.
   *
   * Errors: `VIR_ERR_NO_CLIENT` it is gone.
   *
   * Implements: virAdmClientGetInfo.
   * @since 0.1.0
   */
  async info(options?: CallOptions): Promise<ClientInfo> {
    return fromParameters<ClientInfo>(
      await this.callWith(native.virAdmClientGetInfo, toTaskOptions(options)),
      clientInfo,
    )
  }

  /**
   * Ends its connection. What it has under way goes on, without anybody who hears of it.
   *
   * Errors: `VIR_ERR_NO_CLIENT` it is gone.
   *
   * Implements: virAdmClientClose.
   * @since 0.1.0
   */
  disconnect(options?: CallOptions): Promise<void> {
    return this.callWith(native.virAdmClientClose, toTaskOptions(options))
  }
}

/**
 * A server of a daemon: a set of sockets, with the threads and the clients of those.
 *
 * @since 0.1.0
 */
export class AdminServer extends LibvirtObject {
  readonly connection: AdminConnection
  readonly name: string

  /** @internal */
  constructor(connection: AdminConnection, server: NativeAdminServer) {
    super(server.handle, connection, { uri: connection.givenUri, object: server.name, kind: 'server' })
    this.connection = connection
    this.name = server.name
  }

  /**
   * Its clients, this process among them where it is one.
   *
   * Implements: virAdmServerListClients.
   * @since 0.1.0
   */
  async clients(options?: CallOptions): Promise<AdminClient[]> {
    const clients = await this.callWith(native.virAdmServerListClients, toTaskOptions(options))
    return clients.map((client) => new AdminClient(this, client))
  }

  /**
   * A client by its number.
   *
   * Errors: `VIR_ERR_NO_CLIENT` there is none.
   *
   * Implements: virAdmServerLookupClient.
   * @since 0.1.0
   */
  async clientById(id: bigint, options?: CallOptions): Promise<AdminClient> {
    const task = toTaskOptions(options, { libvirtObject: `client ${id}` })
    return new AdminClient(
      this,
      await this.callWith(native.virAdmServerLookupClient, task, toUint64('id', id)),
    )
  }

  /**
   * The threads with which it answers calls.
   *
   * Implements: virAdmServerGetThreadPoolParameters.
   * @since 0.1.0
   */
  async threadPool(options?: CallOptions): Promise<ThreadPoolParameters> {
    const task = toTaskOptions(options)
    return fromParameters<ThreadPoolParameters>(
      await this.callWith(native.virAdmServerGetThreadPoolParameters, task),
      threadPoolParameters,
    )
  }

  /**
   * Changes how many threads it has: `minWorkers`, `maxWorkers` and `prioWorkers`.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR`, `VIR_ERR_INVALID_ARG` more at least than at most, or what can only be read.
   *
   * Implements: virAdmServerSetThreadPoolParameters.
   * @since 0.1.0
   */
  setThreadPool(parameters: ThreadPoolParameters, options?: CallOptions): Promise<void> {
    const given = toParameters('parameters', parameters, threadPoolParameters)
    return this.callWith(native.virAdmServerSetThreadPoolParameters, toTaskOptions(options), given)
  }

  /**
   * How many clients it has and takes.
   *
   * Implements: virAdmServerGetClientLimits.
   * @since 0.1.0
   */
  async clientLimits(options?: CallOptions): Promise<ClientLimits> {
    const task = toTaskOptions(options)
    return fromParameters<ClientLimits>(
      await this.callWith(native.virAdmServerGetClientLimits, task),
      clientLimits,
    )
  }

  /**
   * Changes how many clients it takes: `nclientsMax` and `nclientsUnauthMax`. Those that there are stay.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR`, `VIR_ERR_INVALID_ARG` more without proof than in all, or what can only be read.
   *
   * Implements: virAdmServerSetClientLimits.
   * @since 0.1.0
   */
  setClientLimits(limits: ClientLimits, options?: CallOptions): Promise<void> {
    const given = toParameters('limits', limits, clientLimits)
    return this.callWith(native.virAdmServerSetClientLimits, toTaskOptions(options), given)
  }

  /**
   * Has it read its certificates and keys again, for connections to come.
   *
   * Errors: `VIR_ERR_NO_SUPPORT`, `VIR_ERR_SYSTEM_ERROR`, `VIR_ERR_INTERNAL_ERROR` it has no TLS, or the files are wrong.
   *
   * Implements: virAdmServerUpdateTlsFiles.
   * @since 0.1.0
   */
  updateTlsFiles(options?: CallOptions): Promise<void> {
    return this.callWith(native.virAdmServerUpdateTlsFiles, toTaskOptions(options))
  }
}
