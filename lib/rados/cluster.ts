import { constants } from 'node:os'
import { addDetail, CephError, closedError, type ErrorObject } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toCallSignal, toTaskOptions } from '../internal/call-options.js'
import { type Owner, startTask } from '../internal/dispatcher.js'
import type { Task } from '../internal/native/core.js'
import type { NativeAnswer } from '../internal/native/rados.js'
import { closeAbandoned, Resource } from '../internal/resource.js'
import { invalidArgValue, toOptions, toRecord, toSignal, toSize, toText } from '../internal/validate.js'
import { Auth } from './auth.js'
import { type Command, type CommandOptions, runCommand } from './command.js'
import { type ConnectOptions, connectOptions, isKeyOption, settings, userName } from './connect-options.js'
import { IoCtx, type OpenIoCtxOptions } from './ioctx.js'
import { type LogLevel, MonitorLog, type MonitorLogOptions } from './monitor-log.js'
import { type Monitor, parseMonitors } from './monitors.js'
import { Pools } from './pools.js'
import { Service } from './service.js'

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

/** Why an option cannot be set. Its value is not shown: it may be a secret. */
function whyNotSet(option: string, code: string): string {
  if (code === 'ENOENT') return `there is no option '${option}'`
  if (code === 'EINVAL') return `the option ${option} does not take this value`
  if (code === 'EPERM' || code === 'ENOSYS')
    return `${option} counts only when a client connects: give it to Cluster.connect()`
  return ''
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
  /** What this client is to the cluster. */
  readonly service: Service = new Service(this)

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
   * Changes a librados option of this connection, for what begins from then on: an image takes over what librbd reads when it
   * is opened. `connect()` takes all options.
   *
   * Errors: `ENOENT` no such option; `EINVAL` it does not take the value; `EPERM`, `ENOSYS` it counts only when a client
   * connects.
   *
   * Implements: rados_conf_set.
   * @since 0.1.0
   */
  async setOption(name: string, value: string | number | boolean, options?: CallOptions): Promise<void> {
    const option = toText('name', name)
    if (isKeyOption(option)) throw invalidArgValue('name', 'the key is given to Cluster.connect()')
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
    const given = toText('value', text, { empty: true })
    try {
      await this.callWith(native.rados_conf_set, toTaskOptions(options), option, given)
    } catch (error) {
      if (error instanceof CephError) addDetail(error, whyNotSet(option, error.code))
      throw error
    }
  }

  /**
   * Runs a monitor command: `{ prefix: 'osd pool get', pool: 'rbd', var: 'size' }`. Gives the parsed JSON, or
   * `undefined` when the command has no output. With `target` it is that monitor that runs it, not any: its name (`'a'`), or
   * its rank (`'0'`).
   *
   * Errors: the command's own errno, its words in the message; `EACCES` not allowed; `EBADMSG` the answer is not
   * JSON (then ask with `format: 'text'`).
   *
   * Implements: rados_mon_command, rados_mon_command_target.
   * @since 0.1.0
   */
  monitorCommand<T = unknown>(command: Command, options?: CommandOptions & { target?: string }): Promise<T> {
    return this.#runAt(native.rados_mon_command, native.rados_mon_command_target, command, options)
  }

  /**
   * Runs a manager command: `{ prefix: 'pg stat' }`. With `target` it is that manager that runs it (`'x'`), not the active
   * one.
   *
   * Errors: as `monitorCommand`; waits for an active manager.
   *
   * Implements: rados_mgr_command, rados_mgr_command_target.
   * @since 0.1.0
   */
  managerCommand<T = unknown>(command: Command, options?: CommandOptions & { target?: string }): Promise<T> {
    return this.#runAt(native.rados_mgr_command, native.rados_mgr_command_target, command, options)
  }

  /**
   * Runs a command of an OSD, as `ceph tell osd.0` does: `{ prefix: 'version' }`.
   *
   * Errors: as `monitorCommand`; `ENXIO` the OSD is down.
   *
   * Implements: rados_osd_command.
   * @since 0.1.0
   */
  osdCommand<T = unknown>(osd: number, command: Command, options?: CommandOptions): Promise<T> {
    return this.#run(native.rados_osd_command, toSize('osd', osd, 0, 2 ** 31 - 1), command, options)
  }

  /**
   * Runs a command of a placement group, as `ceph pg 1.0 query` does: `{ prefix: 'query', pgid: '1.0' }`.
   *
   * Errors: as `monitorCommand`; `ENXIO` none of its OSDs is up; `EINVAL` no placement group's name.
   *
   * Implements: rados_pg_command.
   * @since 0.1.0
   */
  pgCommand<T = unknown>(pg: string, command: Command, options?: CommandOptions): Promise<T> {
    return this.#run(native.rados_pg_command, toText('pg', pg), command, options)
  }

  #runAt<T>(
    anywhere: Task<[cluster: number, command: string, input: Uint8Array], NativeAnswer>,
    there: Task<[cluster: number, target: string, command: string, input: Uint8Array], NativeAnswer>,
    command: Command,
    options: (CommandOptions & { target?: string }) | undefined,
  ): Promise<T> {
    const { target, ...rest } = toRecord('options', options)
    if (target !== undefined) return this.#run(there, toText('options.target', target), command, rest)
    return runCommand(
      (text, input) => this.callWith(anywhere, toTaskOptions({ signal: rest.signal }), text, input),
      command,
      rest,
      (errno, detail) => this.makeError(errno, anywhere.name, detail),
    )
  }

  #run<T, N>(
    call: Task<[cluster: number, target: N, command: string, input: Uint8Array], NativeAnswer>,
    target: N,
    command: Command,
    options: CommandOptions | undefined,
  ): Promise<T> {
    return runCommand(
      (text, input) => this.callWith(call, toTaskOptions({ signal: options?.signal }), target, text, input),
      command,
      options,
      (errno, detail) => this.makeError(errno, call.name, detail),
    )
  }

  /**
   * What a monitor says of itself, `mon_status`, and the `health` of the cluster when it has a quorum: JSON.
   *
   * librados has a call of its own for this, which was seen to end the process (16.2.15, 20.2.4). So these are two commands.
   *
   * Errors: `ENOENT` no such monitor; `ETIMEDOUT`.
   *
   * Implements: the monitor commands `mon_status` and `health`.
   * @since 0.1.0
   */
  async pingMonitor(id: string, options?: CallOptions): Promise<string> {
    const { signal } = toTaskOptions(options)
    const target = toText('id', id)
    const mon_status = await this.monitorCommand<{ quorum: number[] }>(
      { prefix: 'mon_status' },
      { target, signal },
    )
    const health =
      mon_status.quorum.length === 0 ? undefined : await this.monitorCommand({ prefix: 'health' }, { signal })
    return JSON.stringify({ health, mon_status })
  }

  /**
   * Where this client is, as the cluster and its blocklist see it: `'127.0.0.1:0/3710147553'`.
   *
   * Implements: rados_getaddrs.
   * @since 0.1.0
   */
  address(options?: CallOptions): Promise<string> {
    return this.callWith(native.rados_getaddrs, toTaskOptions(options))
  }

  /**
   * Keeps a client away from all OSDs: what it writes from then on fails with `ESHUTDOWN`. The address is as a locker or a
   * watcher has it. Milliseconds until it is let in again are rounded up to seconds; default: the cluster's
   * `mon_osd_blocklist_default_expire`, an hour.
   *
   * Errors: `EINVAL` no address; `EACCES`; `ENOSYS` librados is older than Ceph 16.2.
   *
   * Implements: rados_blocklist_add.
   * @since 0.1.0
   */
  async blocklistAdd(address: string, options?: CallOptions & { expireMs?: number }): Promise<void> {
    const { expireMs, signal } = toOptions('options', options, { expireMs: ['expire', 'ttl'], signal: true })
    const ms = expireMs === undefined ? 0 : toSize('options.expireMs', expireMs, 1, 1000 * (2 ** 32 - 1))
    const task = toTaskOptions({ signal })
    const who = toText('address', address)
    await this.callWith(native.rados_blocklist_add, task, who, Math.ceil(ms / 1000))
  }

  /**
   * The releases that the cluster asks for, as major versions (16 is Pacific); 0 when it asks for none.
   *
   * Implements: rados_get_min_compatible_osd, rados_get_min_compatible_client.
   * @since 0.1.0
   */
  async minCompatible(
    options?: CallOptions,
  ): Promise<{ osd: number; client: number; requiredClient: number }> {
    const task = toTaskOptions(options)
    const [osd, [client, requiredClient]] = await Promise.all([
      this.callWith(native.rados_get_min_compatible_osd, task),
      this.callWith(native.rados_get_min_compatible_client, task),
    ])
    return { osd, client, requiredClient }
  }

  /**
   * Waits until this connection has the cluster's newest map of OSDs and pools: it hears of what others change some time
   * later, of a pool that a monitor command has made, or of being blocklisted.
   *
   * Implements: rados_wait_for_latest_osdmap.
   * @since 0.1.0
   */
  async waitForLatestMap(options?: CallOptions): Promise<void> {
    await this.callWith(native.rados_wait_for_latest_osdmap, toTaskOptions(options))
  }

  /**
   * Lines of the cluster's log from now on, of this level and worse.
   *
   * ```js
   * for await (const { level, message } of await cluster.monitorLog('warn')) console.log(level, message)
   * ```
   *
   * Errors: `EBUSY` it is open already: a connection has one.
   *
   * Implements: rados_monitor_log2.
   * @since 0.1.0
   */
  monitorLog(level: LogLevel = 'info', options?: MonitorLogOptions): Promise<MonitorLog> {
    return MonitorLog.open(this, level, options)
  }

  /**
   * Opens a pool, or a namespace in it, for images: by its name, or by its id.
   *
   * A full pool answers writes with `ENOSPC` or `EDQUOT` instead of letting them wait.
   *
   * Errors: `ENOENT` no such pool, or no such snapshot of it. A namespace that does not exist shows only when an image is used.
   *
   * Implements: rados_ioctx_create, rados_pool_reverse_lookup, rados_ioctx_set_namespace, rados_ioctx_locator_set_key, rados_set_pool_full_try,
   * rados_ioctx_snap_lookup, rados_ioctx_snap_set_read.
   * @since 0.1.0
   */
  async openIoCtx(pool: string | bigint, options?: OpenIoCtxOptions): Promise<IoCtx> {
    if (typeof pool !== 'bigint') return IoCtx.open(this, toText('pool', pool), options)
    const name = await this.pools.name(pool, { signal: toSignal(options?.signal) })
    return IoCtx.open(this, name, options)
  }
}
