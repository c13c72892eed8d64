/**
 * This file runs one daemon or short command of a local cluster or hypervisor, a child process with its output in a
 * log file.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { DevError } from './errors.js'

/** How to start a daemon. */
export interface DaemonSpec {
  /** As in messages: `osd.0`. */
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** Gets standard output and standard error. */
  readonly outputFile: string
  /** Where to look first for the reason of a failure; the daemon's own log. */
  readonly logFile?: string
}

/** How a process ended, in words; `undefined` while it runs. */
function describeEnd(child: ChildProcess): string | undefined {
  if (child.exitCode !== null) return `exited with status ${child.exitCode}`
  if (child.signalCode !== null) return `was ended by ${child.signalCode}`
  return undefined
}

/** The last lines of a file; empty when there is none. */
export async function lastLines(file: string, lines = 15): Promise<string> {
  try {
    const handle = await open(file, 'r')
    try {
      const { size } = await handle.stat()
      const length = Math.min(size, 16_384)
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length)
      return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-lines).join('\n')
    } finally {
      await handle.close()
    }
  } catch {
    return ''
  }
}

/** A daemon that can be stopped and started again. */
export class Daemon {
  readonly name: string
  readonly #spec: DaemonSpec
  #child: ChildProcess | undefined
  #spawnError: Error | undefined

  constructor(spec: DaemonSpec) {
    this.name = spec.name
    this.#spec = spec
  }

  /** Its pid while it runs. */
  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined
  }

  get running(): boolean {
    return this.#child?.pid !== undefined && describeEnd(this.#child) === undefined
  }

  /** Starts the process; does nothing while it runs. */
  start(): void {
    if (this.running) return
    const output = openSync(this.#spec.outputFile, 'a', 0o600)
    try {
      const child = spawn(this.#spec.program, this.#spec.args, {
        env: this.#spec.env,
        cwd: this.#spec.cwd,
        stdio: ['ignore', output, output],
        // Ctrl-C in a terminal goes to the owner, which ends its daemons itself
        detached: true,
      })
      this.#spawnError = undefined
      child.on('error', (error) => {
        this.#spawnError = error
      })
      child.unref()
      this.#child = child
    } finally {
      closeSync(output)
    }
  }

  /** Sends a signal and waits for the end; SIGKILL after `graceMs`. */
  async end(signal: 'SIGTERM' | 'SIGKILL', graceMs = 15_000): Promise<void> {
    const began = Date.now()
    if (this.running) this.#child?.kill(signal)
    let killed = signal === 'SIGKILL'
    while (this.running) {
      const age = Date.now() - began
      if (!killed && age > graceMs) {
        this.#child?.kill('SIGKILL')
        killed = true
      }
      if (age > graceMs + 10_000) {
        throw new DevError('ERR_RBDKIT_DEV_STOP', `could not end ${this.name} (process ${this.pid})`)
      }
      await sleep(10)
    }
  }

  /** Throws if it does not run any more, with the end of its log. */
  async check(): Promise<void> {
    if (this.running) return
    const how =
      this.#spawnError?.message ?? (this.#child === undefined ? 'was not started' : describeEnd(this.#child))
    const { logFile, outputFile } = this.#spec
    const log = [logFile === undefined ? '' : await lastLines(logFile), await lastLines(outputFile)]
    throw new DevError(
      'ERR_RBDKIT_DEV_START',
      `${this.name} ${how}\n${log.filter((text) => text !== '').join('\n')}`,
    )
  }
}

/** Runs a program to its end. Throws `ERR_RBDKIT_DEV_START` with its output when the status is not 0. */
export async function run(spec: DaemonSpec, signal: AbortSignal): Promise<void> {
  const output = openSync(spec.outputFile, 'a', 0o600)
  const child = spawn(spec.program, spec.args, {
    env: spec.env,
    cwd: spec.cwd,
    stdio: ['ignore', output, output],
    detached: true,
    signal,
    killSignal: 'SIGKILL',
  })
  closeSync(output)
  const ended = await new Promise<string | undefined>((resolve, reject) => {
    let failure: Error | undefined
    child.on('error', (error) => {
      failure = error
      if (child.pid === undefined) reject(error)
    })
    child.on('exit', () => (failure === undefined ? resolve(describeEnd(child)) : reject(failure)))
  })
  if (child.exitCode !== 0) {
    throw new DevError('ERR_RBDKIT_DEV_START', `${spec.name} ${ended}\n${await lastLines(spec.outputFile)}`)
  }
}
