/** This file starts and ends a real Ceph of one machine, for tests and trials. */

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  invalidArgValue,
  type Known,
  toBoolean,
  toOneOf,
  toOptions,
  toRecord,
  toSignal,
  toSize,
  toText,
} from '../internal/validate.js'
import {
  type CephConfig,
  type ClusterPlan,
  clusterPaths,
  type ObjectStore,
  optionName,
  writeClusterFiles,
} from './ceph-conf.js'
import { CephShell } from './ceph-shell.js'
import { classDirectory, newKeys } from './ceph-tools.js'
import { Daemon, lastLines, run } from './daemon.js'
import { DevError } from './errors.js'
import { type CephPrograms, cephPrograms } from './packages.js'
import { freePort, waitForPort } from './ports.js'
import { callRbdClass } from './ready.js'
import { Workspace } from './workspace.js'

/**
 * Options of `LocalCluster.start`.
 *
 * @since 0.1.0
 */
export interface LocalClusterOptions {
  /** Number of OSDs, 1 to 16; default 1. */
  readonly osds?: number
  /**
   * `bluestore` (default) keeps data in a sparse file, as a production OSD does on a disk, and survives `kill()`;
   * `memstore` keeps it in memory, starts in a third of the time, and loses it with the OSD.
   */
  readonly objectstore?: ObjectStore
  /** An empty or new directory, left in place at the end; default: a new one in `os.tmpdir()`, removed at the end. */
  readonly directory?: string
  /** Ceph options for the `[global]` section, replacing ours. */
  readonly config?: CephConfig
  /** Keep the directory, with logs and data, at the end; default `false`. */
  readonly keepLogs?: boolean
  /** Cancels the start; what was started is ended and removed. */
  readonly signal?: AbortSignal
}

/**
 * A monitor's address.
 *
 * @since 0.1.0
 */
export interface MonitorAddress {
  readonly host: string
  readonly port: number
}

/**
 * One OSD of a local cluster, for fault tests.
 *
 * @since 0.1.0
 */
export interface LocalOsd {
  readonly id: number
  /** Its process while it runs. */
  readonly pid: number | undefined
  /** Starts it again and resolves when its process runs; its data can be used 5 to 10 s later with `bluestore`. */
  start(): Promise<void>
  /** SIGTERM, and waits for its end: it says goodbye to the monitor. */
  stop(): Promise<void>
  /** SIGKILL, and waits for its end. With `memstore` its data is gone. */
  kill(): Promise<void>
}

const localClusterOptions: Known<LocalClusterOptions> = {
  osds: ['osdCount'],
  objectstore: ['store'],
  directory: ['dir', 'path'],
  config: ['conf', 'options'],
  keepLogs: ['keep'],
  signal: true,
}

/** A start takes 2 to 6 s; a busy machine may need much longer. */
const START_TIMEOUT_MS = 120_000

/** Someone else may take a port between the search and the monitor's start. */
const ATTEMPTS = 3

const CONFIG_NAME = /^[a-z][a-z0-9_ -]*$/i

function checkConfig(config: CephConfig): CephConfig {
  for (const [name, value] of Object.entries(config)) {
    if (!CONFIG_NAME.test(name)) throw invalidArgValue('config', `'${name}' is not an option's name`)
    if (/[\r\n\0]/.test(String(value))) {
      throw invalidArgValue('config', `the value of '${name}' must be one line`)
    }
  }
  return config
}

interface Running {
  readonly workspace: Workspace
  readonly plan: ClusterPlan
  readonly osds: readonly Daemon[]
  readonly keepLogs: boolean
}

/**
 * A running Ceph: one monitor, one manager and some OSDs, on free ports of 127.0.0.1, in a private directory. Several
 * may run at once. It ends with `close()`, and with the process that started it, however that ends.
 *
 * @since 0.1.0
 */
export class LocalCluster implements AsyncDisposable {
  /** Everything of this cluster is below it. */
  readonly directory: string
  /** `ceph.conf` for clients; it names the admin keyring. */
  readonly confFile: string
  /** Keyring of `client.admin`. */
  readonly keyring: string
  /** The monitor, with its msgr2 port. */
  readonly monitors: readonly MonitorAddress[]
  readonly fsid: string
  /** The environment in which Ceph's own commands use this cluster. */
  readonly env: Readonly<Record<string, string>>
  /** The directory of the daemons' logs. */
  readonly logs: string
  readonly osds: readonly LocalOsd[]
  readonly #workspace: Workspace
  readonly #keepLogs: boolean
  #closing: Promise<void> | undefined

  private constructor(running: Running) {
    const { plan } = running
    const paths = clusterPaths(plan.directory)
    this.directory = plan.directory
    this.confFile = paths.confFile
    this.keyring = paths.keyring
    this.monitors = [{ host: '127.0.0.1', port: plan.ports.v2 }]
    this.fsid = plan.fsid
    this.env = { CEPH_CONF: paths.confFile }
    this.logs = paths.logs
    this.osds = running.osds.map((daemon, id) => ({
      id,
      get pid() {
        return daemon.pid
      },
      start: async () => {
        daemon.start()
        await daemon.check()
      },
      stop: () => daemon.end('SIGTERM'),
      kill: () => daemon.end('SIGKILL'),
    }))
    this.#workspace = running.workspace
    this.#keepLogs = running.keepLogs
  }

  /**
   * Starts a cluster and resolves when the monitor has a quorum, all OSDs are up and in, statistics are there, and a
   * call of the RBD class has worked. Takes about 3 s with `memstore` and 6 s with `bluestore`. Rejects with
   * `ERR_RBDKIT_MISSING_PACKAGE`, or with `ERR_RBDKIT_DEV_START` whose message has the end of the failing daemon's log
   * and `logs` the place where all are kept.
   */
  static async start(options?: LocalClusterOptions): Promise<LocalCluster> {
    const given = toOptions('options', options, localClusterOptions)
    const osds = toSize('osds', given.osds ?? 1, 1, 16)
    const objectstore = toOneOf('objectstore', given.objectstore ?? 'bluestore', ['bluestore', 'memstore'])
    const config = checkConfig(toRecord('config', given.config) as CephConfig)
    const keepLogs = toBoolean('keepLogs', given.keepLogs, false)
    const signal = toSignal(given.signal)
    signal?.throwIfAborted()
    const programs = cephPrograms()
    const workspace = await Workspace.create('cluster', given.directory)
    const deadline = AbortSignal.timeout(START_TIMEOUT_MS)
    const stop = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    try {
      const classes = await classDirectory(programs['ceph-osd'], workspace.processEnv, stop)
      for (let attempt = 1; ; attempt += 1) {
        const plan: ClusterPlan = {
          directory: workspace.directory,
          fsid: randomUUID(),
          ports: { v2: await freePort(), v1: await freePort() },
          objectstore,
          osds: Array.from({ length: osds }, () => randomUUID()),
          config: classes === undefined ? config : { 'osd class dir': classes, ...config },
        }
        const daemons = await bootMonitor(programs, workspace, plan, stop, attempt < ATTEMPTS)
        if (daemons === undefined) continue
        const started = await bootOsds(programs, workspace, plan, daemons, stop)
        return new LocalCluster({ workspace, plan, osds: started, keepLogs })
      }
    } catch (cause) {
      throw await giveUp(workspace, signal, deadline, cause)
    }
  }

  /**
   * Lets the cluster outlive this process, under a name, until `rbdkit dev down --name <name>`.
   * Throws `ERR_RBDKIT_DEV_EXISTS` when the name is taken.
   */
  persist(name: string): void {
    this.#workspace.persist(toText('name', name), this.env)
  }

  /** Ends the daemons and removes the directory, unless it was given or `keepLogs` is set. */
  close(): Promise<void> {
    // what is thrown away need not be written first
    const keep = this.#keepLogs || this.#workspace.keepsDirectory
    this.#closing ??= this.#workspace.clear({ keepDirectory: keep, graceMs: keep ? 10_000 : 0 })
    return this.#closing
  }

  /** The same as `close()`. */
  stop(): Promise<void> {
    return this.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** What a failed start rejects with, after everything was ended. Logs stay unless the caller cancelled. */
async function giveUp(
  workspace: Workspace,
  signal: AbortSignal | undefined,
  deadline: AbortSignal,
  cause: unknown,
): Promise<unknown> {
  const cancelled = signal?.aborted === true
  await workspace.clear({ keepDirectory: !cancelled, graceMs: 0 })
  if (cancelled) return signal?.reason
  const logs = clusterPaths(workspace.directory).logs
  const reason = cause instanceof Error ? cause.message : String(cause)
  const text = deadline.aborted
    ? `not ready after ${START_TIMEOUT_MS / 1000} s\n${await lastLines(join(logs, 'cluster.log'))}`
    : reason
  return new DevError('ERR_RBDKIT_DEV_START', `The local Ceph did not start: ${text}\nLogs: ${logs}`, {
    logs,
    cause,
  })
}

interface CephDaemons {
  readonly mon: Daemon
  readonly mgr: Daemon
  readonly osds: readonly Daemon[]
}

function specs(programs: CephPrograms, workspace: Workspace, plan: ClusterPlan) {
  const { confFile, logs } = clusterPaths(plan.directory)
  return (name: string, program: keyof CephPrograms, args: readonly string[], log?: string) => ({
    name,
    program: programs[program],
    args: program === 'monmaptool' ? args : ['-c', confFile, ...args],
    env: workspace.processEnv,
    cwd: plan.directory,
    outputFile: join(logs, `${log ?? name}.out`),
    logFile: join(logs, `${name}.log`),
  })
}

/** Makes the stores, starts monitor and manager; `undefined` when the monitor's port was taken meanwhile. */
async function bootMonitor(
  programs: CephPrograms,
  workspace: Workspace,
  plan: ClusterPlan,
  signal: AbortSignal,
  mayRetry: boolean,
): Promise<CephDaemons | undefined> {
  const paths = clusterPaths(plan.directory)
  const spec = specs(programs, workspace, plan)
  await writeClusterFiles(
    plan,
    await newKeys(programs['ceph-authtool'], plan.osds.length, workspace.processEnv, signal),
  )
  const address = `[v2:127.0.0.1:${plan.ports.v2},v1:127.0.0.1:${plan.ports.v1}]`
  const monmap = ['--create', '--clobber', '--fsid', plan.fsid, '--addv', 'a', address, paths.monmap]
  await run(spec('monmaptool', 'monmaptool', monmap), signal)
  const mkfs = ['-i', 'a', '--mkfs', '--monmap', paths.monmap, '--keyring', paths.monKeyring]
  const stores = plan.osds.map((uuid, id) => {
    const args = ['-i', String(id), '--mkfs', '--osd-uuid', uuid, '--no-mon-config']
    return run(spec(`osd.${id}`, 'ceph-osd', args, `osd.${id}.mkfs`), signal)
  })
  const made = await Promise.allSettled([
    run(spec('mon.a', 'ceph-mon', mkfs, 'mon.a.mkfs'), signal),
    ...stores,
  ])
  for (const result of made) if (result.status === 'rejected') throw result.reason
  const mon = new Daemon(spec('mon.a', 'ceph-mon', ['-i', 'a', '-f']))
  const mgr = new Daemon(spec('mgr.x', 'ceph-mgr', ['-i', 'x', '-f']))
  const osds = plan.osds.map((_, id) => new Daemon(spec(`osd.${id}`, 'ceph-osd', ['-i', String(id), '-f'])))
  mon.start()
  try {
    await waitForPort(plan.ports.v2, async () => {
      signal.throwIfAborted()
      await mon.check()
    })
    await mon.check()
  } catch (error) {
    const log = await lastLines(join(paths.logs, 'mon.a.log'))
    if (!mayRetry || signal.aborted || !/unable to bind|Address already in use/.test(log)) throw error
    return undefined
  }
  mgr.start()
  return { mon, mgr, osds }
}

/** Adds the OSDs to the map, starts them and waits until everything is ready. */
async function bootOsds(
  programs: CephPrograms,
  workspace: Workspace,
  plan: ClusterPlan,
  daemons: CephDaemons,
  signal: AbortSignal,
): Promise<readonly Daemon[]> {
  const { confFile } = clusterPaths(plan.directory)
  const spec = specs(programs, workspace, plan)
  const shell = new CephShell(programs.ceph, confFile, workspace.processEnv, plan.directory)
  try {
    shell.send(...plan.osds.map((uuid, id) => `osd new ${uuid} ${id}`))
    // the modules are left out on purpose
    shell.send('health mute MGR_MODULE_ERROR --sticky')
    await shell.status(signal)
    for (const osd of daemons.osds) osd.start()
    for (;;) {
      const status = await shell.status(signal)
      const { num_up_osds: up, num_in_osds: inside } = status.osdmap
      const ready = up === plan.osds.length && inside === up && status.mgrmap.available
      if (ready && status.quorum.length === 1 && status.pgmap.bytes_total > 0) break
      for (const daemon of [daemons.mon, daemons.mgr, ...daemons.osds]) await daemon.check()
      await sleep(50, undefined, { signal })
    }
    await callRbdClass({
      shell,
      run: (program, ...args) => run(spec(program, program, args), signal),
      keepsPools: Object.keys(plan.config).some((name) => optionName(name) === 'mon allow pool delete'),
      signal,
    })
    return daemons.osds
  } finally {
    await shell.close()
  }
}
