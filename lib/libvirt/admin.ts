// The connection to a libvirt daemon itself: its servers, its log, how long it stays without clients.

import { constants } from 'node:os'
import type { ErrorObject } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { closeReasons } from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import { Resource } from '../internal/resource.js'
import { type Known, toOptions, toSignal, toSize, toText } from '../internal/validate.js'
import { AdminServer } from './admin-server.js'
import { libvirtError, systemError } from './errors.js'
import { type CloseReason, Events } from './events.js'
import { openHandle } from './opening.js'
import { withoutPassword } from './uri.js'
import { versionText } from './version.js'

/**
 * How to open a connection to a daemon.
 *
 * @since 0.1.0
 */
export interface AdminOptions {
  /** Milliseconds until opening rejects with `ETIMEDOUT`. Default 30 000. */
  connectTimeoutMs?: number
  /** Aborting rejects at once; a connection that comes about after all is closed. */
  signal?: AbortSignal
}

const adminOptions: Known<AdminOptions> = { connectTimeoutMs: ['timeoutMs', 'timeout'], signal: true }

/**
 * A connection to a libvirt daemon itself, on its own host: who its clients are, how many it takes, its threads, its log.
 * `virt-admin` is the command for the same.
 *
 * **A process has connections of this kind or `Connection`s, not both**: libvirt's two libraries do not work in one
 * process. The second one is refused with `ENOTSUP`; use a child process.
 *
 * A daemon does not ask such clients for signs of life, nor they it. So a call to one that is stopped waits until the daemon
 * goes on or ends; aborting its `signal` rejects at once.
 *
 * @since 0.1.0
 */
export class AdminConnection extends Resource {
  /** @internal The URI as it was given. */
  readonly givenUri: string | undefined

  private constructor(handle: number, givenUri: string | undefined) {
    super(handle, undefined, 'AdminConnection')
    this.givenUri = givenUri
  }

  /**
   * Opens a connection: `'libvirtd:///system'`, `'virtqemud:///system'`, `'libvirtd:///system?socket=/path'`. Without a
   * URI libvirt chooses (`LIBVIRT_ADMIN_DEFAULT_URI`, else libvirtd's own). There are no other transports.
   *
   * Errors: `VIR_ERR_SYSTEM_ERROR` nobody listens, or no permission; `VIR_ERR_NO_CONNECT`, `VIR_ERR_INVALID_ARG` no such
   * URI; `ETIMEDOUT` no answer within `connectTimeoutMs`; `ENOSYS` libvirt-admin is not installed;
   * `ENOTSUP` this process has had a `Connection`.
   *
   * Implements: virAdmConnectOpen.
   * @since 0.1.0
   */
  static async open(uri?: string, options?: AdminOptions): Promise<AdminConnection> {
    const target = uri === undefined ? undefined : toText('uri', uri)
    const given = toOptions('options', options, adminOptions)
    const shown = withoutPassword(target)
    const handle = await openHandle({
      open: native.virAdmConnectOpen,
      args: [target, `connection to the daemon ${shown ?? 'of the default URI'}`],
      context: { syscall: 'virAdmConnectOpen', uri: shown },
      timeoutMs: toSize('options.connectTimeoutMs', given.connectTimeoutMs ?? 30_000, 1, 86_400_000),
      signal: toSignal(given.signal),
    })
    return new AdminConnection(handle, shown)
  }

  /** @internal */
  makeError(result: number, syscall: string, value: unknown, object?: ErrorObject): Error {
    return libvirtError(result, value, { syscall, uri: this.givenUri, object: object?.libvirtObject })
  }

  /** @internal */
  closedError(syscall: string): Error {
    return systemError(-constants.errno.EBADF, { syscall, uri: this.givenUri }, 'the connection is closed')
  }

  /**
   * The URI in full, also when libvirt chose it.
   *
   * Implements: virAdmConnectGetURI.
   * @since 0.1.0
   */
  uri(options?: CallOptions): Promise<string> {
    return this.callWith(native.virAdmConnectGetURI, toTaskOptions(options))
  }

  /**
   * The daemon's libvirt version: `'9.0.0'`.
   *
   * Implements: virAdmConnectGetLibVersion.
   * @since 0.1.0
   */
  async libVersion(options?: CallOptions): Promise<string> {
    return versionText(await this.callWith(native.virAdmConnectGetLibVersion, toTaskOptions(options)))
  }

  /**
   * Whether the connection still stands. Asks nobody: a daemon that is stopped counts as alive.
   *
   * Implements: virAdmConnectIsAlive.
   * @since 0.1.0
   */
  isAlive(options?: CallOptions): Promise<boolean> {
    return this.callWith(native.virAdmConnectIsAlive, toTaskOptions(options))
  }

  /**
   * The end of the connection: one event, with libvirt's reason.
   *
   * Implements: virAdmConnectRegisterCloseCallback.
   * @since 0.1.0
   */
  closeEvents(options?: CallOptions): Promise<Events<{ reason: CloseReason }>> {
    const register = native.virAdmConnectRegisterCloseCallback
    const decode = ({ closeReason }: { closeReason?: number }): { reason: CloseReason } => ({
      reason: nameOf(closeReasons, closeReason as number),
    })
    return Events.open(
      { connection: this, parent: this, kind: 'close', register, args: (): [] => [], decode },
      options,
    )
  }

  /**
   * Its servers: `'libvirtd'`, which other programs speak with, and `'admin'`, which this is.
   *
   * Implements: virAdmConnectListServers.
   * @since 0.1.0
   */
  async servers(options?: CallOptions): Promise<AdminServer[]> {
    const servers = await this.callWith(native.virAdmConnectListServers, toTaskOptions(options))
    return servers.map((server) => new AdminServer(this, server))
  }

  /**
   * A server by its name.
   *
   * Errors: `VIR_ERR_NO_SERVER` there is none.
   *
   * Implements: virAdmConnectLookupServer.
   * @since 0.1.0
   */
  async serverByName(name: string, options?: CallOptions): Promise<AdminServer> {
    const task = toTaskOptions(options, { libvirtObject: toText('name', name) })
    return new AdminServer(this, await this.callWith(native.virAdmConnectLookupServer, task, name))
  }

  /**
   * Where its log goes, as `log_outputs` of its configuration: `'3:file:/var/log/libvirt/libvirtd.log'`.
   *
   * Implements: virAdmConnectGetLoggingOutputs.
   * @since 0.1.0
   */
  loggingOutputs(options?: CallOptions): Promise<string> {
    return this.callWith(native.virAdmConnectGetLoggingOutputs, toTaskOptions(options))
  }

  /**
   * Sends its log elsewhere from now on, until it ends: outputs with blanks between them. `''`: the default.
   *
   * Errors: `VIR_ERR_INVALID_ARG` not in that form; `VIR_ERR_SYSTEM_ERROR` a file cannot be opened.
   *
   * Implements: virAdmConnectSetLoggingOutputs.
   * @since 0.1.0
   */
  setLoggingOutputs(outputs: string, options?: CallOptions): Promise<void> {
    const task = toTaskOptions(options)
    return this.callWith(
      native.virAdmConnectSetLoggingOutputs,
      task,
      toText('outputs', outputs, { empty: true }),
    )
  }

  /**
   * What goes to its log, as `log_filters` of its configuration: `'1:qemu 3:rpc'`. `''`: all that its level lets through.
   *
   * Implements: virAdmConnectGetLoggingFilters.
   * @since 0.1.0
   */
  loggingFilters(options?: CallOptions): Promise<string> {
    return this.callWith(native.virAdmConnectGetLoggingFilters, toTaskOptions(options))
  }

  /**
   * Chooses what goes to its log from now on, until it ends: filters with blanks between them. `''`: none.
   *
   * Errors: `VIR_ERR_INVALID_ARG` not in that form.
   *
   * Implements: virAdmConnectSetLoggingFilters.
   * @since 0.1.0
   */
  setLoggingFilters(filters: string, options?: CallOptions): Promise<void> {
    const task = toTaskOptions(options)
    return this.callWith(
      native.virAdmConnectSetLoggingFilters,
      task,
      toText('filters', filters, { empty: true }),
    )
  }

  /**
   * Has the daemon end by itself after so many milliseconds, whole seconds of them, without clients and guests; 0: never.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR` 0, and it had no such time before.
   *
   * Implements: virAdmConnectSetDaemonTimeout.
   * @since 0.1.0
   */
  setDaemonTimeout(timeoutMs: number, options?: CallOptions): Promise<void> {
    const seconds = Math.ceil(toSize('timeoutMs', timeoutMs, 0, 2 ** 31 * 1000) / 1000)
    return this.callWith(native.virAdmConnectSetDaemonTimeout, toTaskOptions(options), seconds)
  }
}
