/** Runs test files, each a program of its own, several at a time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Ending, TapReport } from './tap-report.js'

/** Two side by side on two cores: most of a file's time is a daemon's, or waits for one. */
const SIDE_BY_SIDE = 2
/** What tap gives a file and a test that do not ask for more. */
const TIMEOUT_SECONDS = 300
/** A file whose own time limits do not help: its JavaScript thread is blocked. */
const FILE_LIMIT_MS = (process.env.RBDKIT_TEST_LONG === '1' ? 240 : 20) * 60_000
const KILL_AFTER_MS = 10_000

export interface Run {
  root: string
  env: Record<string, string>
  /** Where each file's output is kept. */
  logs: string
  signal: AbortSignal
}

/**
 * Not by tap's own command: that loads itself into every test and into every process that a test starts, a second of
 * processor time each, and they would not be the processes that users start.
 */
export async function runTestFiles(files: string[], report: TapReport, run: Run): Promise<void> {
  const rest = [...files]
  const runner = async (): Promise<void> => {
    for (let file = rest.shift(); file !== undefined; file = rest.shift()) {
      run.signal.throwIfAborted()
      await runFile(file, report, run)
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, runner))
}

async function runFile(file: string, report: TapReport, run: Run): Promise<void> {
  const started = performance.now()
  // A process group of its own, so that ending it ends what it has started.
  const child = spawn(process.execPath, ['--import=tsx', '--enable-source-maps', file], {
    cwd: run.root,
    env: { ...process.env, ...run.env, TAP_TIMEOUT: String(TIMEOUT_SECONDS) },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const end = (): void => killGroup(child)
  const limit = setTimeout(end, FILE_LIMIT_MS)
  run.signal.addEventListener('abort', end)
  const ended = once(child, 'close').then(
    ([status, signal]): Ending => ({ seconds: (performance.now() - started) / 1000, status, signal }),
  )
  child.stdout.pipe(createWriteStream(join(run.logs, `${file.replaceAll('/', '.')}.tap`)))
  try {
    await report.read(file, child.stdout, ended)
  } finally {
    clearTimeout(limit)
    run.signal.removeEventListener('abort', end)
  }
}

function killGroup(child: ChildProcess): void {
  const send = (name: NodeJS.Signals): void => {
    try {
      if (child.pid) process.kill(-child.pid, name)
    } catch {
      // The group has ended already.
    }
  }
  send('SIGTERM')
  setTimeout(send, KILL_AFTER_MS, 'SIGKILL').unref()
}
