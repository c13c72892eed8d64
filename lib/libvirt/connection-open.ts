// How connections are opened: the options, their checks, and the time that it may take.
import { native } from '../internal/addon.js'
import { credentialTypes } from '../internal/generated/libvirt.js'
import {
  invalidArgType,
  type Known,
  toBoolean,
  toOptions,
  toSignal,
  toSize,
  toText,
} from '../internal/validate.js'
import { type CredentialsHandler, openHandle } from './opening.js'
import type { Reopening } from './reconnecting.js'
import { type ReconnectOptions, toReconnect } from './reconnection.js'
import { checkUri, withoutPassword } from './uri.js'

/**
 * How to open a connection.
 *
 * @since 0.1.0
 */
export interface ConnectionOptions {
  /**
   * Lets the URI name programs: `command=` and `netcat=`, which libvirt runs on this host or the other, the transport
   * `+ext`, and a host or user that `ssh` would take for an option. For URIs that you wrote, not for what somebody else
   * gave you. Default `false`: such a URI is `ERR_INVALID_ARG_VALUE`, and libvirt does not see it.
   */
  allowCommands?: boolean
  /** Only look: what changes something rejects with `VIR_ERR_OPERATION_DENIED`. Default `false`. */
  readOnly?: boolean
  /**
   * Asked when the daemon wants a name or a password; may be called again when it was refused. Without it such a
   * connection is refused. What it answers is in no error. Its time is a part of `connectTimeoutMs`; when it throws, `open`
   * rejects with that.
   */
  credentials?: CredentialsHandler
  /** Milliseconds until opening rejects with `ETIMEDOUT`. Default 30 000. */
  connectTimeoutMs?: number
  /**
   * Seconds of silence after which the daemon is asked whether it is alive; 0: never, then a call to a daemon that
   * stopped answering waits without end. Default 5.
   */
  keepAliveInterval?: number
  /** Unanswered questions after which the connection is given up. Default 5: with the default interval 30 seconds. */
  keepAliveCount?: number
  /**
   * Opens the connection again, as often as it ends; `true` is with the defaults. Default `false`: it stays dead. Such a
   * connection lives until it is closed.
   */
  reconnect?: boolean | ReconnectOptions
  /** Aborting rejects at once; a connection that comes about after all is closed. */
  signal?: AbortSignal
}

const connectionOptions: Known<ConnectionOptions> = {
  allowCommands: true,
  credentials: ['auth'],
  readOnly: true,
  connectTimeoutMs: ['timeoutMs', 'timeout'],
  keepAliveInterval: true,
  keepAliveCount: true,
  reconnect: ['autoReconnect'],
  signal: true,
}

/** All that a person can answer: `external` is for programs. */
const askedFor = Object.entries(credentialTypes).flatMap(([type, name]) =>
  name === 'external' ? [] : [Number(type)],
)

/** The handle, the URI without a password, and how it is opened again. */
export async function openConnection(
  uri: string | undefined,
  options: ConnectionOptions | undefined,
): Promise<{ handle: number; shown: string | undefined; reopening: Reopening | undefined }> {
  const target = uri === undefined ? undefined : toText('uri', uri)
  const given = toOptions('options', options, connectionOptions)
  const readOnly = toBoolean('options.readOnly', given.readOnly, false)
  const timeoutMs = toSize('options.connectTimeoutMs', given.connectTimeoutMs ?? 30_000, 1, 86_400_000)
  const interval = toSize('options.keepAliveInterval', given.keepAliveInterval ?? 5, 0, 86_400)
  const count = toSize('options.keepAliveCount', given.keepAliveCount ?? 5, 1, 1000)
  const schedule = toReconnect(given.reconnect)
  const signal = toSignal(given.signal)
  if (!toBoolean('options.allowCommands', given.allowCommands, false)) checkUri(target ?? '')
  const shown = withoutPassword(target)
  const { credentials } = given
  if (credentials !== undefined && typeof credentials !== 'function')
    throw invalidArgType('options.credentials', 'of type function', credentials)
  const plain = readOnly ? 'virConnectOpenReadOnly' : 'virConnectOpen'
  const open = (until: AbortSignal | undefined): Promise<number> =>
    openHandle({
      open: native.virConnectOpen,
      args: [
        target,
        readOnly,
        interval,
        count,
        credentials === undefined ? [] : askedFor,
        `libvirt connection ${shown ?? 'to the default URI'}`,
      ],
      context: { syscall: credentials === undefined ? plain : 'virConnectOpenAuth', uri: shown },
      timeoutMs,
      signal: until,
      credentials,
    })
  return { handle: await open(signal), shown, reopening: schedule && { schedule, open } }
}
