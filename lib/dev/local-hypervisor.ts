/** This file starts and ends a real libvirtd with QEMU, for tests and trials. */

import { connect } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { toBoolean, toOptions, toSignal, toText } from '../internal/validate.js'
import { Daemon, lastLines } from './daemon.js'
import { DevError } from './errors.js'
import { hypervisorPaths, writeHypervisorFiles } from './libvirt-conf.js'
import { hypervisorPrograms } from './packages.js'
import { Workspace } from './workspace.js'

/**
 * Options of `LocalHypervisor.start`.
 *
 * @since 0.1.0
 */
export interface LocalHypervisorOptions {
  /** An empty or new directory, left in place at the end; default: a new one in `os.tmpdir()`, removed at the end. */
  readonly directory?: string
  /** Keep the directory, with the logs, at the end; default `false`. */
  readonly keepLogs?: boolean
  /** Cancels the start; what was started is ended and removed. */
  readonly signal?: AbortSignal
}

/** A start takes about a second; a busy machine may need much longer. */
const START_TIMEOUT_MS = 60_000

/**
 * A call of libvirt's own protocol, `REMOTE_PROC_AUTH_LIST`: seven 32-bit words, big endian. Source of the format:
 * libvirt's remote_protocol.x and virnetprotocol.x. libvirtd answers it once its drivers are up.
 */
const AUTH_LIST_CALL = [28, 0x20008086, 1, 66, 0, 0, 0]

function answers(socketPath: string, timeoutMs: number): Promise<boolean> {
  const call = Buffer.alloc(28)
  for (const [index, word] of AUTH_LIST_CALL.entries()) call.writeUInt32BE(word, index * 4)
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => socket.write(call))
    const done = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(timeoutMs, () => done(false))
    socket.once('data', () => done(true))
    socket.once('error', () => done(false))
    socket.once('close', () => resolve(false))
  })
}

/**
 * A running libvirtd, apart from the host's own: its socket, configuration, state and logs are in a private directory,
 * and it sees no other guests. It and its guests end with `close()`, and with the process that started it, however
 * that ends. Several may run at once. It needs root (or CAP_SYS_ADMIN with uid 0), because libvirt has its
 * directories compiled in and they are replaced in a mount namespace.
 *
 * @since 0.1.0
 */
export class LocalHypervisor implements AsyncDisposable {
  /** Everything of this hypervisor is below it. */
  readonly directory: string
  /** The connection URI: `qemu:///system?socket=...`. */
  readonly uri: string
  /** The URI of libvirtd itself, for `AdminConnection`: `libvirtd:///system?socket=...`. */
  readonly adminUri: string
  /** The environment in which `virsh` uses this hypervisor. */
  readonly env: Readonly<Record<string, string>>
  /** The directory of libvirtd's and the guests' logs. */
  readonly logs: string
  readonly #workspace: Workspace
  readonly #keepLogs: boolean
  #closing: Promise<void> | undefined

  private constructor(workspace: Workspace, keepLogs: boolean) {
    const paths = hypervisorPaths(workspace.directory)
    this.directory = workspace.directory
    this.uri = `qemu:///system?socket=${paths.socket}`
    this.adminUri = `libvirtd:///system?socket=${paths.adminSocket}`
    this.env = { LIBVIRT_DEFAULT_URI: this.uri }
    this.logs = paths.logs
    this.#workspace = workspace
    this.#keepLogs = keepLogs
  }

  /**
   * Starts libvirtd and resolves when it answers. Takes about a second. Rejects with `ERR_RBDKIT_MISSING_PACKAGE`,
   * `ERR_RBDKIT_DEV_ROOT`, or `ERR_RBDKIT_DEV_START` whose message has the end of the log and `logs` its place.
   */
  static async start(options?: LocalHypervisorOptions): Promise<LocalHypervisor> {
    const given = toOptions('options', options, {
      directory: ['dir', 'path'],
      keepLogs: ['keep'],
      signal: true,
    })
    const keepLogs = toBoolean('keepLogs', given.keepLogs, false)
    const signal = toSignal(given.signal)
    signal?.throwIfAborted()
    const programs = hypervisorPrograms()
    if (process.getuid?.() !== 0) {
      throw new DevError(
        'ERR_RBDKIT_DEV_ROOT',
        'A local hypervisor needs root: libvirtd gets a mount namespace of its own',
      )
    }
    const workspace = await Workspace.create('hypervisor', given.directory)
    const deadline = AbortSignal.timeout(START_TIMEOUT_MS)
    const stop = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    const paths = hypervisorPaths(workspace.directory)
    try {
      // a host name of its own: without it libvirt takes a migration for one to the same host
      const hostName = basename(workspace.directory)
        .toLowerCase()
        .replaceAll(/[^a-z0-9-]/g, '-')
        .slice(0, 63)
      const args = await writeHypervisorFiles(workspace.directory, hostName, programs.libvirtd)
      const daemon = new Daemon({
        name: 'libvirtd',
        program: programs.unshare,
        args,
        env: workspace.processEnv,
        cwd: workspace.directory,
        outputFile: join(paths.logs, 'libvirtd.out'),
        logFile: join(paths.logs, 'libvirtd.log'),
      })
      daemon.start()
      while (!(await answers(paths.socket, 1000))) {
        stop.throwIfAborted()
        await daemon.check()
        await sleep(20)
      }
      stop.throwIfAborted()
      return new LocalHypervisor(workspace, keepLogs)
    } catch (cause) {
      const cancelled = signal?.aborted === true
      await workspace.clear({ keepDirectory: !cancelled, graceMs: 0 })
      if (cancelled) throw signal?.reason
      const reason = cause instanceof Error ? cause.message : String(cause)
      const text = deadline.aborted
        ? `no answer after ${START_TIMEOUT_MS / 1000} s\n${await lastLines(join(paths.logs, 'libvirtd.log'))}`
        : reason
      throw new DevError(
        'ERR_RBDKIT_DEV_START',
        `The local hypervisor did not start: ${text}\nLogs: ${paths.logs}`,
        { logs: paths.logs, cause },
      )
    }
  }

  /**
   * Lets the hypervisor outlive this process, under a name, until `rbdkit dev down --name <name>`.
   * Throws `ERR_RBDKIT_DEV_EXISTS` when the name is taken.
   */
  persist(name: string): void {
    this.#workspace.persist(toText('name', name), this.env)
  }

  /** Ends libvirtd and its guests, and removes the directory, unless it was given or `keepLogs` is set. */
  close(): Promise<void> {
    this.#closing ??= this.#workspace.clear({ keepDirectory: this.#keepLogs, graceMs: 0 })
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
