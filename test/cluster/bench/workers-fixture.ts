/** Worker processes for the tests of benchmarks on several hosts: the `rbdkit bench-worker` command itself. */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type BenchWorkersError, Image } from 'rbdkit'
import type { Test } from 'tap'
import { plainNode } from '../../helpers/child.js'
import { type CopyPool, mib } from '../copy/fixture.js'
import { fill } from './fixture.js'

const command = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))

/** A process and what it has said. */
export interface Spoken {
  readonly pid: number
  readonly lines: readonly string[]
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>
  kill(signal: NodeJS.Signals): void
  /** Waits for a line after the `from`th; rejects when the process ends without. Gives its place. */
  line(pattern: RegExp, from?: number): Promise<number>
}

/** Runs a program of ours and listens to it; killed with the test. */
export function listenTo(t: Test, args: readonly string[]): Spoken {
  const [node, plain] = plainNode(args)
  const child = spawn(node, plain, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  let rest = ''
  let changed = (): void => {}
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    changed()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  let over = false
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  void ended.then(() => {
    over = true
    changed()
  })
  const line = async (pattern: RegExp, from = 0): Promise<number> => {
    for (;;) {
      const found = lines.findIndex((text, i) => i >= from && pattern.test(text))
      if (found >= 0) return found
      if (over) throw new Error(`no ${pattern} in ${JSON.stringify(lines)}; ${errors}`)
      await new Promise<void>((resolve) => {
        changed = resolve
      })
    }
  }
  return { pid: child.pid as number, lines, ended, kill: (signal) => void child.kill(signal), line }
}

/** Starts a worker and waits until it has joined. */
export async function startWorker(
  t: Test,
  { ioctx, test }: CopyPool,
  name: string,
  ...flags: string[]
): Promise<Spoken> {
  const where = ioctx.namespace === '' ? ioctx.pool : `${ioctx.pool}/${ioctx.namespace}`
  const args = [command, 'bench-worker', where, '--name', name, '--conf', test.confFile]
  const worker = listenTo(t, [...args, '--keyring', test.keyring, ...flags])
  await worker.line(/^joined/)
  return worker
}

/** Written images of the pool. */
export async function makeImages(
  { ioctx }: Pick<CopyPool, 'ioctx'>,
  names: readonly string[],
  size: number = 8 * mib,
): Promise<void> {
  for (const name of names) {
    await Image.create(ioctx, name, { size })
    const image = await Image.open(ioctx, name)
    await fill(image)
    await image.close()
  }
}

/** The pool's objects that are not an image's. */
export async function ownObjects({ rados }: CopyPool, ...args: string[]): Promise<string[]> {
  return (await rados(...args, 'ls'))
    .split('\n')
    .filter((name) => name.startsWith('rbdkit_bench'))
    .sort()
}

/** The run's failures, worker by worker: `a EACCES`. */
export async function failures(job: PromiseLike<unknown>): Promise<string[]> {
  try {
    await job
  } catch (error) {
    const { code, workers } = error as BenchWorkersError
    if (code !== 'ERR_RBDKIT_BENCH_WORKER_FAILED') throw error
    return workers.map((worker) => `${worker.name} ${worker.code}`)
  }
  return []
}

/** Runs `rbdkit` to its end. */
export function runCommand(
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const [node, plain] = plainNode([command, ...args])
    execFile(node, plain, { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
        stdout,
        stderr,
      })
    })
  })
}
