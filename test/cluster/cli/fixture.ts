/** Runs `rbdkit` as its users do: a process of its own, with real signals. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { root } from '../../helpers/package.js'
import { openPool } from '../copy/fixture.js'

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
  /** The names of its threads: what native code has begun. */
  threads(): string[]
}

/** Starts it; `stdin` is a descriptor. */
export function startCli(
  confFile: string,
  args: readonly string[],
  { cwd, stdin = 'ignore', env }: { cwd?: string; stdin?: number | 'ignore'; env?: NodeJS.ProcessEnv } = {},
): CliRun {
  return start(process.execPath, [program, ...args], confFile, [stdin, 'pipe', 'pipe'], cwd, env)
}

/**
 * Runs lines of bash in a directory; `rbdkit` is the command. What they print on stdout ends with the exit statuses of
 * the last pipeline.
 */
export function bash(confFile: string, cwd: string, lines: string): Promise<CliResult> {
  const script = `rbdkit() { '${process.execPath}' '${program}' "$@"; }\n${lines}\necho "\${PIPESTATUS[*]}"`
  return start('bash', ['--norc', '-c', script], confFile, ['ignore', 'pipe', 'pipe'], cwd).ended
}

function start(
  file: string,
  args: readonly string[],
  confFile: string,
  stdio: ['ignore' | number, 'pipe', 'pipe'],
  cwd?: string,
  more: NodeJS.ProcessEnv = {},
): CliRun {
  const env = { ...process.env, CEPH_CONF: confFile, NODE_OPTIONS: '', ...more }
  const child = spawn(file, args, { env, cwd, stdio })
  const result = { stdout: '', stderr: '' }
  child.stdout?.on('data', (data: Buffer) => {
    result.stdout += data.toString()
  })
  child.stderr?.on('data', (data: Buffer) => {
    result.stderr += data.toString()
  })
  const late = setTimeout(() => child.kill('SIGKILL'), 90_000)
  const ended = once(child, 'close').then(() => {
    clearTimeout(late)
    return { ...result, status: child.exitCode, signal: child.signalCode }
  })
  const threads = (): string[] => {
    const tasks = `/proc/${child.pid}/task`
    return readdirSync(tasks).flatMap((id) => {
      try {
        return [readFileSync(join(tasks, id, 'comm'), 'utf8').trim()]
      } catch {
        return [] // it has ended meanwhile
      }
    })
  }
  return { ended, kill: (signal) => child.kill(signal), threads }
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

/** What a command ends with that has no more to say than that it is done. */
export const done = { status: 0, stdout: '', stderr: '' }

/** A pool, with what our command and rbd's say of it: `ours()` and `theirs()` as JSON. */
export async function besideRbd(t: Test) {
  const pool = await openPool(t)
  const name = pool.ioctx.pool
  const run = (...args: string[]) => cli(pool.test.confFile, ...args)
  const ours = async (...args: string[]): Promise<unknown> => {
    const { status, stdout, stderr } = await run(...args, '-p', name, '--json')
    t.match({ status, stderr }, { status: 0, stderr: '' }, args.join(' '))
    return JSON.parse(stdout)
  }
  const theirs = async (...args: string[]): Promise<unknown> =>
    JSON.parse(await pool.rbd(...args, '--format', 'json'))
  return { ...pool, name, run, ours, theirs }
}
