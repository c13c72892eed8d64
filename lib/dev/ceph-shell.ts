/** This file runs many commands in one `ceph` process, because each start of it costs 0.3 s of Python. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { onAbort } from '../internal/on-abort.js'
import { DevError } from './errors.js'

/** The parts of `ceph status` that tell whether a cluster is ready. */
export interface ClusterStatus {
  readonly quorum: readonly number[]
  readonly osdmap: { readonly num_up_osds: number; readonly num_in_osds: number }
  readonly pgmap: { readonly bytes_total: number }
  readonly mgrmap: { readonly available: boolean }
}

/** An interactive `ceph -f json`: commands on standard input, one JSON line each on standard output. */
export class CephShell {
  readonly #child: ChildProcessWithoutNullStreams
  #output = ''
  #errors = ''
  #ended = false
  #wake: () => void = () => {}

  constructor(program: string, confFile: string, env: NodeJS.ProcessEnv, cwd: string) {
    this.#child = spawn(program, ['-c', confFile, '--connect-timeout', '30', '-f', 'json'], {
      // into a pipe Python writes by the block: an answer would wait for the next ones
      env: { ...env, PYTHONUNBUFFERED: '1' },
      cwd,
      detached: true,
    })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text
      this.#wake()
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4096)
      this.#wake()
    })
    this.#child.stdin.on('error', () => {})
    const end = () => {
      this.#ended = true
      this.#wake()
    }
    this.#child.on('error', end)
    this.#child.on('close', end)
  }

  /** Sends commands whose answers are not needed; they are done before the next `status()` answers. */
  send(...commands: string[]): void {
    for (const command of commands) this.#child.stdin.write(`${command}\n`)
  }

  /** The cluster's status after all commands sent so far. */
  async status(signal: AbortSignal): Promise<ClusterStatus> {
    this.send('status')
    for (;;) {
      signal.throwIfAborted()
      const status = this.#takeStatus()
      if (status !== undefined) return status
      if (this.#ended) throw new DevError('ERR_RBDKIT_DEV_START', `ceph ended: ${this.#errors.trim()}`)
      await new Promise<void>((resolve) => {
        const unlisten = onAbort(signal, resolve)
        this.#wake = () => {
          unlisten()
          resolve()
        }
      })
    }
  }

  /** Ends the process and waits for it. */
  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#child.once('close', () => resolve())
    })
    this.#child.kill('SIGKILL')
    if (!this.#ended) await ended
  }

  #takeStatus(): ClusterStatus | undefined {
    for (;;) {
      const end = this.#output.indexOf('\n')
      if (end < 0) return undefined
      const line = this.#output.slice(0, end)
      this.#output = this.#output.slice(end + 1)
      if (!line.startsWith('{"fsid"')) continue
      return JSON.parse(line) as ClusterStatus
    }
  }
}
