/** Which endings are tried at which step, and how often. */

import type { Test } from 'tap'
import { type ChildResult, inParallel, runChild, unexpected } from '../helpers/child.js'
import { long } from '../helpers/long.js'

/** Every step a client's life has, in order. */
export const steps = ['import', 'connecting', 'connected', 'open', 'reading', 'writing', 'closing'] as const
export type Step = (typeof steps)[number]

/** How the main thread can end, and with what. */
export const mainEndings = {
  natural: { code: 0 },
  exit: { code: 3 },
  throw: { code: 1, stderr: /Error: on purpose/ },
  'throw-later': { code: 1, stderr: /Error: on purpose/ },
  sigterm: { signal: 'SIGTERM' },
} as const
export type MainEnding = keyof typeof mainEndings

/** How a worker can end while the main thread lives on, or (`main-exit`) with it. */
export const workerEndings = ['terminate', 'natural', 'exit', 'throw', 'main-exit'] as const
export type WorkerEnding = (typeof workerEndings)[number]

/** One step and one ending, of the main thread or of workers. */
export type Case = { step: Step } & ({ main: MainEnding } | { worker: WorkerEnding })

/** Each case is tried so often. */
const TIMES = long ? 20 : 3
/** A process or a worker that lives longer hangs. It needs less than a second; the machine may be busy. */
const DEADLINE_MS = 20_000

/** Where a child works. */
export interface Place {
  confFile: string
  pool: string
  secure?: boolean
  node?: string
}

/** All runs of a case: a process each, but workers that the main thread outlives one after the other in one process. */
function runsOf(place: Place, item: Case): (() => Promise<ChildResult>)[] {
  const node = place.node === undefined ? {} : { node: place.node }
  const { step } = item
  if ('worker' in item && item.worker !== 'main-exit') {
    const spec = { ...place, step, ending: item.worker, times: TIMES }
    return [() => runChild('workers.mjs', spec, { ...node, deadlineMs: TIMES * DEADLINE_MS })]
  }
  return Array.from({ length: TIMES }, (_, i) => () => {
    // While connecting each moment is another: libraries loading, threads starting, the monitor answering.
    const delayMs = step === 'connecting' ? (60 / TIMES) * i : 0
    const [program, ending] = 'main' in item ? ['main.mjs', item.main] : ['workers.mjs', item.worker]
    return runChild(
      program,
      { ...place, step, ending, delayMs, times: 1 },
      { ...node, deadlineMs: DEADLINE_MS },
    )
  })
}

function expected(item: Case): { code?: number; signal?: NodeJS.Signals; stderr?: RegExp } {
  if ('main' in item) return mainEndings[item.main]
  return { code: item.worker === 'main-exit' ? 3 : 0 }
}

/** Tries each case `TIMES` times: the exit code is as expected, no signal, no hang, nothing unexpected on stderr. */
export async function tryAll(t: Test, place: Place, cases: readonly Case[]): Promise<void> {
  const found: ChildResult[][] = cases.map(() => [])
  const started = performance.now()
  await inParallel(
    cases.flatMap((item, n) =>
      runsOf(place, item).map((run) => async () => {
        found[n]?.push(await run())
      }),
    ),
  )
  for (const [n, item] of cases.entries()) {
    const results = found[n] ?? []
    const slowest = Math.round(Math.max(...results.map((result) => result.ms)))
    const name = `${item.step}, ${'main' in item ? item.main : `worker ${item.worker}`}`
    t.strictSame(
      unexpected(results, expected(item)),
      [],
      `${name}: ${results.length} runs, slowest ${slowest} ms`,
    )
  }
  t.comment(`${Math.round((performance.now() - started) / 1000)} s for ${cases.length} cases`)
}

/** All steps with these endings of the main thread. */
export function mainCases(endings: readonly MainEnding[], at: readonly Step[] = steps): Case[] {
  return endings.flatMap((main) => at.map((step) => ({ main, step })))
}

/** All steps with these endings of a worker. */
export function workerCases(endings: readonly WorkerEnding[], at: readonly Step[] = steps): Case[] {
  return endings.flatMap((worker) => at.map((step) => ({ worker, step })))
}

/** What has crashed before, where it did: the end of a process with Ceph's threads at work. */
export const dangerous: Case[] = [
  ...mainCases(['exit'], ['connecting']),
  ...mainCases(['exit', 'throw'], ['writing']),
  ...workerCases(['terminate'], ['writing']),
]

/** Everything. */
export const everything: Case[] = [
  ...mainCases(Object.keys(mainEndings) as MainEnding[]),
  ...workerCases(workerEndings),
]
