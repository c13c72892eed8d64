/** Programs of test/lifecycle/children/, each run in a process of its own. */

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

/** How a child ended. */
export interface ChildResult {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Milliseconds from start to end. */
  ms: number
  /** It was killed because it outlived its deadline. */
  hung: boolean
}

/** How a child is run. */
export interface ChildOptions {
  /** Default: the Node that runs the tests. */
  node?: string
  nodeArgs?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Milliseconds after which it counts as hung and is killed. Default 20 000. */
  deadlineMs?: number
  /** Called with each piece of its standard output. */
  onOutput?: (text: string) => void
}

const directory = new URL('../lifecycle/children/', import.meta.url)

/**
 * Command and arguments that run Node plainly. tap's patched spawn() puts its loader into NODE_OPTIONS of every
 * child, and with it listeners for signals and the process's end: what a child does in the end was not its own.
 */
export function plainNode(args: readonly string[], node = process.execPath): [string, string[]] {
  return ['env', ['-u', 'NODE_OPTIONS', node, ...args]]
}

/** Runs `program` (a file name in test/lifecycle/children/) with `spec` as JSON in its first argument. */
export function runChild(program: string, spec: unknown, options: ChildOptions = {}): Promise<ChildResult> {
  const file = fileURLToPath(new URL(program, directory))
  const started = performance.now()
  const [command, args] = plainNode([...(options.nodeArgs ?? []), file, JSON.stringify(spec)], options.node)
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const result: ChildResult = { code: null, signal: null, stdout: '', stderr: '', ms: 0, hung: false }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result.stdout += text
    options.onOutput?.(text)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    result.stderr += text
  })
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      result.hung = true
      child.kill('SIGKILL')
    }, options.deadlineMs ?? 20_000)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(deadline)
      resolve({ ...result, code, signal, ms: performance.now() - started })
    })
  })
}

/** Runs the tasks, a few at once: two a processor, because children wait as much as they work. */
export async function inParallel<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = []
  const next = tasks.entries()
  const lane = async (): Promise<void> => {
    for (const [i, task] of next) results[i] = await task()
  }
  await Promise.all(Array.from({ length: Math.min(8, 2 * availableParallelism()) }, lane))
  return results
}

/** One line for each result that is not as expected; empty when all are. */
export function unexpected(
  results: readonly ChildResult[],
  expected: { code?: number; signal?: NodeJS.Signals; stderr?: RegExp },
): string[] {
  const lines: string[] = []
  for (const [run, { code, signal, ms, hung, stderr }] of results.entries()) {
    // On a busy machine closing may take so long that it says so: no fault.
    const quiet = stderr.replaceAll(/^rbdkit: the end of this thread waits for .*\n/gm, '')
    const words = stderr.trim().split('\n').slice(-12).join('\n')
    const ended = code === (expected.code ?? null) && signal === (expected.signal ?? null) && !hung
    const said = expected.stderr ? expected.stderr.test(quiet) : quiet === ''
    if (ended && said) continue
    const how = hung ? 'hung' : `code ${code} signal ${signal}`
    lines.push(`run ${run}: ${how} after ${Math.round(ms)} ms; stderr: ${words}`)
  }
  return lines
}
