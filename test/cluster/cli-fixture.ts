/** Runs `rbdkit` as its users do: a process of its own, with real signals. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from '../helpers/package.js'

export const program = join(root, 'dist', 'cli', 'main.js')

/** How it ended. */
export interface CliResult {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A run under way. */
export interface CliRun {
  readonly ended: Promise<CliResult>
  kill(signal: NodeJS.Signals): void
}

export function startCli(confFile: string, args: readonly string[], cwd?: string): CliRun {
  const env = { ...process.env, CEPH_CONF: confFile, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, [program, ...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const result = { stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => {
    result.stdout += data.toString()
  })
  child.stderr.on('data', (data: Buffer) => {
    result.stderr += data.toString()
  })
  const late = setTimeout(() => child.kill('SIGKILL'), 90_000)
  const ended = once(child, 'close').then(() => {
    clearTimeout(late)
    return { ...result, status: child.exitCode, signal: child.signalCode }
  })
  return { ended, kill: (signal) => child.kill(signal) }
}

/** Runs it to its end. */
export function cli(confFile: string, ...args: string[]): Promise<CliResult> {
  return startCli(confFile, args).ended
}

/** Resolves when `condition` holds; rejects when it does not within half a minute. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it never came')
    await sleep(50)
  }
}
