/** Which endings are tried at which step, and how often. */

import type { Test } from 'tap'
import { type ChildResult, inParallel, runChild, unexpected } from '../helpers/child.js'

/** `RBDKIT_LIFECYCLE=full` tries everything everywhere; the usual run tries less of what Node 20 has shown already. */
export const full = process.env.RBDKIT_LIFECYCLE === 'full'

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

/** Each ending is tried so often. */
export const TIMES = 20
/** A process that lives longer hangs. It needs less than one second; the machine may be busy. */
export const DEADLINE_MS = 20_000

/** Where a child works. */
export interface Place {
  confFile: string
  pool: string
  secure?: boolean
  node?: string
}

function nodeOf(place: Place): { node?: string } {
  return place.node === undefined ? {} : { node: place.node }
}

function slowest(results: readonly ChildResult[]): string {
  return `slowest ${Math.round(Math.max(...results.map((result) => result.ms)))} ms`
}

/** Ends the main thread at `step`, twenty times, each in a process of its own. */
export async function mainEnds(t: Test, place: Place, step: Step, ending: MainEnding): Promise<void> {
  const runs = Array.from({ length: TIMES }, (_, i) => () => {
    // While connecting each moment is another: libraries loading, threads starting, monitor answering.
    const delayMs = step === 'connecting' ? 3 * i : 0
    return runChild(
      'main.mjs',
      { ...place, step, ending, delayMs },
      { ...nodeOf(place), deadlineMs: DEADLINE_MS },
    )
  })
  const results = await inParallel(runs)
  t.strictSame(unexpected(results, mainEndings[ending]), [], `${step}, ${ending}: ${slowest(results)}`)
}

/** Ends workers at `step`, twenty times, while the main thread works. `main-exit` needs a process each time. */
export async function workersEnd(t: Test, place: Place, step: Step, ending: WorkerEnding): Promise<void> {
  const times = ending === 'main-exit' ? 1 : TIMES
  const runs = Array.from({ length: TIMES / times }, (_, i) => () => {
    const spec = { ...place, step, ending, times, delayMs: 3 * i }
    return runChild('workers.mjs', spec, { ...nodeOf(place), deadlineMs: times * DEADLINE_MS })
  })
  const results = await inParallel(runs)
  const code = ending === 'main-exit' ? 3 : 0
  t.strictSame(unexpected(results, { code }), [], `worker, ${step}, ${ending}: ${slowest(results)}`)
}
