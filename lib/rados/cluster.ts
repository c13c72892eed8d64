import { constants } from 'node:os'
import { CephError, closedError, type ErrorObject } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toCallSignal, toTaskOptions } from '../internal/call-options.js'
import { type Owner, startTask } from '../internal/dispatcher.js'
import type { Task } from '../internal/native/core.js'
import type { NativeAnswer } from '../internal/native/rados.js'
import { closeAbandoned, Resource } from '../internal/resource.js'
import { isKey } from '../internal/secrets.js'
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  toOptions,
  toRecord,
  toSignal,
  toSize,
  toText,
} from '../internal/validate.js'
import { Auth } from './auth.js'
import { type Command, type CommandOptions, runCommand } from './command.js'
import { IoCtx } from './ioctx.js'
import { type Monitor, parseMonitors } from './monitors.js'
import { Pools } from './pools.js'

/**
 * Where a cluster is and who connects.
 *
 * @since 0.1.0
 */
export interface ConnectOptions {
  /**
   * Path of a ceph.conf. Default: librados's own search (`CEPH_CONF`, /etc/ceph, ~/.ceph), unless `monHost` is given.
   * `CEPH_ARGS` is not read.
   */
  confFile?: string
  /** The user without its type: `'admin'` for `client.admin`. Default `'admin'`. */
  id?: string
  /** The user with its type: `'client.admin'`. Instead of `id`. */
  name?: string
  /** The cluster's name, as in /etc/ceph/<cluster>.conf. Default `'ceph'`. */
  cluster?: string
  /** Path of the user's keyring. Default: what the conf file says. */
  keyring?: string
  /** The user's key in base64. Kept only in librados's own memory. */
  key?: string
  /** Monitor addresses as in ceph.conf: `'10.0.0.1,10.0.0.2:6789'`. */
  monHost?: string
  /** Any other librados options; they win over the conf file and over rbdkit's own (no log file, no admin socket). */
  options?: Readonly<Record<string, string | number | boolean>>
  /** Milliseconds until connecting fails with `ETIMEDOUT`, rounded up to seconds. Default 30 000. */
  connectTimeoutMs?: number
  /**
   * Milliseconds, rounded up to seconds, after which a single request to a monitor or OSD fails with `ETIMEDOUT`.
   * Default: none, requests wait until the cluster is back. A write that timed out may still take place.
   */
  operationTimeoutMs?: number
  /** Aborting rejects at once; the attempt ends on its own thread by `connectTimeoutMs`. */
  signal?: AbortSignal
}

const connectOptions: Known<ConnectOptions> = {
  confFile: ['conf', 'c', 'config', 'configFile'],
  id: ['user', 'username', 'userId'],
  name: ['entity', 'n'],
  cluster: ['clusterName'],
  keyring: ['keyringFile', 'k'],
  key: ['secret'],
  monHost: ['monitors', 'mons', 'm', 'hosts'],
  options: ['configOptions', 'settings'],
  connectTimeoutMs: ['timeoutMs', 'timeout', 'client_mount_timeout'],
  operationTimeoutMs: ['rados_osd_op_timeout', 'rados_mon_op_timeout'],
  signal: true,
}

/**
 * What the cluster holds, in bytes.
 *
 * @since 0.1.0
 */
export interface ClusterStat {
  bytesTotal: number
  bytesUsed: number
  bytesAvailable: number
  objects: number
}

/** librados takes an option's name with blanks and dashes as well. */
function isKeyOption(name: string): boolean {
  return name.trim().replaceAll(/[\s-]+/g, '_') === 'key'
}

/** A key as in a keyring. A malformed one must not reach librados: it would print it. */
function toKey(name: string, value: unknown): string {
  const key = toText(name, value)
  if (!isKey(key)) throw invalidArgValue(name, 'is not a Ceph key in base64')
  return key
}

function settings(options: Partial<ConnectOptions>): [string, string][] {
  const list: [string, string][] = []
  const timeout = toSize('options.connectTimeoutMs', options.connectTimeoutMs ?? 30_000, 1, 86_400_000)
  list.push(['client_mount_timeout', String(Math.ceil(timeout / 1000))]) // librados counts in seconds
  if (options.operationTimeoutMs !== undefined) {
    const ms = toSize('options.operationTimeoutMs', options.operationTimeoutMs, 1, 86_400_000)
    const seconds = String(Math.ceil(ms / 1000))
    list.push(['rados_osd_op_timeout', seconds], ['rados_mon_op_timeout', seconds])
  }
  if (options.monHost !== undefined) list.push(['mon_host', toText('options.monHost', options.monHost)])
  if (options.keyring !== undefined) list.push(['keyring', toText('options.keyring', options.keyring)])
  if (options.key !== undefined) list.push(['key', toKey('options.key', options.key)])
  for (const [name, value] of Object.entries(toRecord('options.options', options.options))) {
    const type = typeof value
    if (type !== 'string' && type !== 'number' && type !== 'boolean') {
      throw invalidArgType(`options.options.${name}`, 'of type string, number or boolean', value)
    }
    const text = toText(`options.options.${name}`, String(value), { empty: true })
    list.push([
      toText('options.options', name),
      isKeyOption(name) ? toKey(`options.options.${name}`, text) : text,
    ])
  }
  return list
}

function userName(options: Partial<ConnectOptions>): string {
  if (options.name !== undefined) {
    const name = toText('options.name', options.name)
    if (options.id !== undefined) throw invalidArgValue('options.id', 'is given together with options.name')
    if (!/^client\../.test(name)) throw invalidArgValue('options.name', "must begin with 'client.'")
    return name
  }
  return `client.${toText('options.id', options.id ?? 'admin')}`
}

/**
 * A connection to a Ceph cluster.
 *
 * @since 0.1.0
 */
export class Cluster extends Resource {
  /** Users and their keys. */
  readonly auth: Auth = new Auth(this)
  /** The cluster's pools. */
  readonly pools: Pools = new Pools(this)

  private constructor(handle: number) {
    super(handle, undefined, 'Cluster')
  }

  /**
   * Connects.
   *
   * Errors: `EINVAL` no or malformed monitor address, malformed conf file, or a bad option; `ENOENT` conf file or
   * keyring not found; `EIO` malformed keyring, which Ceph 20 does not tell from a wrong key; `ETIMEDOUT` no monitor
   * answered; `EACCES`/`EPERM` wrong key or no such user; `ENOSYS` librados is not installed.
   *
   * Implements: rados_create2, rados_conf_read_file, rados_conf_set, rados_connect.
   * @since 0.1.0
   */
  static async connect(options: ConnectOptions = {}): Promise<Cluster> {
    const given = toOptions('options', options, connectOptions)
    const signal = toSignal(given.signal)
    const user = userName(given)
    const cluster = toText('options.cluster', given.cluster ?? 'ceph')
    const confFile = given.confFile === undefined ? undefined : toText('options.confFile', given.confFile)
    const list = settings(given)
    // undefined: no file; '': librados searches.
    const conf = confFile ?? (given.monHost === undefined ? (process.env.CEPH_CONF ?? '') : undefined)
    const owner: Owner = {
      inFlight: 0,
      idle: () => {},
      makeError: (errno, syscall, value) =>
        new CephError({ errno, syscall, detail: typeof value === 'string' ? value : undefined }),
    }
    const handle = await startTask(owner, native.rados_connect, [cluster, user, conf, list], {
      signal,
      onAbort: 'abandon',
      abandoned: closeAbandoned,
    })
    return new Cluster(handle)
  }

  /** @internal */
  makeError(errno: number, syscall: string, value: unknown, object?: ErrorObject): Error {
    const noPool = syscall === 'rados_ioctx_create' && errno === -constants.errno.ENOENT
    const detail = noPool
      ? "there is no such pool; pools.create() or 'ceph osd pool create' makes one"
      : value
    return new CephError({
      ...object,
      errno,
      syscall,
      detail: typeof detail === 'string' ? detail : undefined,
    })
  }

  /** @internal */
  closedError(syscall: string): Error {
    return closedError(syscall, {}, 'the cluster is closed')
  }

  /**
   * The cluster's unique id.
   *
   * Implements: rados_cluster_fsid.
   * @since 0.1.0
   */
  fsid(): Promise<string> {
    return this.call(native.rados_cluster_fsid)
  }

  /**
   * The cluster's number for this connection: the 4123 of `client.4123`, as watchers and notifiers see it.
   *
   * Implements: rados_get_instance_id.
   * @since 0.1.0
   */
  clientId(): Promise<bigint> {
    return this.call(native.rados_get_instance_id)
  }

  /**
   * Space and objects of the whole cluster.
   *
   * Implements: rados_cluster_stat.
   * @since 0.1.0
   */
  async stat(options?: CallOptions): Promise<ClusterStat> {
    return this.callWith(native.rados_cluster_stat, toTaskOptions(options))
  }

  /**
   * The version that the monitors run: `'16.2.15'`. (`versions()` has the versions of the libraries' interfaces.)
   *
   * Implements: the monitor command `version`.
   * @since 0.1.0
   */
  async version(options?: CallOptions): Promise<string> {
    const { version } = await this.monitorCommand<{ version: string }>(
      { prefix: 'version' },
      { signal: toCallSignal(options) },
    )
    return /^ceph version (\S+)/.exec(version)?.[1] ?? version
  }

  /**
   * The monitors, in the form that `xml.rbdDisk()` takes.
   *
   * Errors: `EACCES` the user may not read the monitor map.
   *
   * Implements: the monitor command `mon dump`.
   * @since 0.1.0
   */
  async monitors(options?: CallOptions): Promise<Monitor[]> {
    return parseMonitors(await this.monitorCommand({ prefix: 'mon dump' }, { signal: toCallSignal(options) }))
  }

  /**
   * The value in force of one librados option of this connection.
   *
   * Errors: `ENOENT` no such option.
   *
   * Implements: rados_conf_get.
   * @since 0.1.0
   */
  async option(name: string): Promise<string> {
    const option = toText('name', name)
    if (isKeyOption(option)) throw invalidArgValue('name', 'the key is not handed out')
    return this.call(native.rados_conf_get, option)
  }

  /**
   * Runs a monitor command: `{ prefix: 'osd pool get', pool: 'rbd', var: 'size' }`. Gives the parsed JSON, or
   * `undefined` when the command has no output.
   *
   * Errors: the command's own errno, its words in the message; `EACCES` not allowed; `EBADMSG` the answer is not
   * JSON (then ask with `format: 'text'`).
   *
   * Implements: rados_mon_command.
   * @since 0.1.0
   */
  monitorCommand<T = unknown>(command: Command, options?: CommandOptions): Promise<T> {
    return this.#run(native.rados_mon_command, command, options)
  }

  /**
   * Runs a manager command: `{ prefix: 'pg stat' }`.
   *
   * Errors: as `monitorCommand`; waits for an active manager.
   *
   * Implements: rados_mgr_command.
   * @since 0.1.0
   */
  managerCommand<T = unknown>(command: Command, options?: CommandOptions): Promise<T> {
    return this.#run(native.rados_mgr_command, command, options)
  }

  #run<T>(
    call: Task<[cluster: number, command: string, input: Uint8Array], NativeAnswer>,
    command: Command,
    options: CommandOptions | undefined,
  ): Promise<T> {
    return runCommand(
      (text, input) => this.callWith(call, toTaskOptions({ signal: options?.signal }), text, input),
      command,
      options,
      (errno, detail) => this.makeError(errno, call.name, detail),
    )
  }

  /**
   * Opens a pool, or a namespace in it, for images.
   *
   * A full pool answers writes with `ENOSPC` or `EDQUOT` instead of letting them wait.
   *
   * Errors: `ENOENT` no such pool. A namespace that does not exist shows only when an image is used.
   *
   * Implements: rados_ioctx_create, rados_ioctx_set_namespace.
   * @since 0.1.0
   */
  async openIoCtx(pool: string, options?: CallOptions & { namespace?: string }): Promise<IoCtx> {
    const name = toText('pool', pool)
    const { namespace = '', signal } = toOptions('options', options, { namespace: ['ns'], signal: true })
    return IoCtx.open(this, name, toText('options.namespace', namespace, { empty: true }), { signal })
  }
}
