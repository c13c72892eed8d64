/**
 * This file runs the steps of a provisioning, one after the other, and undoes them when one fails or the caller gives up. A
 * step is idempotent: what it finds done it leaves, so a call that was killed is finished by the next.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { type LeftBehind, messageOf, ProvisionError } from './errors.js'

/**
 * What a step has done: `'found'` nothing, for it was there.
 *
 * @since 0.1.0
 */
export type StepOutcome = 'made' | 'changed' | 'found' | 'removed'

/**
 * A step that is over.
 *
 * @since 0.1.0
 */
export interface StepResult {
  readonly step: string
  readonly outcome: StepOutcome
}

/**
 * How far a provisioning is.
 *
 * @since 0.1.0
 */
export interface ProvisionProgress extends StepResult {
  /** Steps that are over. */
  readonly done: number
  readonly total: number
}

/**
 * Options of every provisioning.
 *
 * @since 0.1.0
 */
export interface ProvisionOptions {
  /**
   * Aborting ends it after the call that is under way, undoes what was done and then rejects. A cluster or a libvirtd that does
   * not answer holds it up for ten seconds a step at most; what may be left then is in the error.
   */
  readonly signal?: AbortSignal | undefined
  /** Called after each step. What it throws ends the work like a step that failed. */
  readonly onProgress?: ((progress: ProvisionProgress) => void) | undefined
}

/** A step of a provisioning. */
export interface Step {
  readonly name: string
  run(): Promise<StepOutcome>
  /**
   * Takes back what `run()` did, also when that ended half-way; `false`: there was nothing. Nobody waits any more once the
   * signal is aborted: what could do harm then is not begun.
   */
  undo(signal: AbortSignal): Promise<boolean>
}

/** Milliseconds that a call may take that nobody wants any more, and one that undoes. */
const PATIENCE = 10_000

/** Settles as `promise`, or rejects when it has not `ms` after `since` came. */
export async function within<T>(promise: Promise<T>, ms: number, since?: AbortSignal): Promise<T> {
  const over = new AbortController()
  const late = async (): Promise<never> => {
    if (since !== undefined && !since.aborted) {
      await new Promise<void>((resolve) => {
        since.addEventListener('abort', () => resolve(), { once: true, signal: over.signal })
      })
    }
    await sleep(ms, undefined, { signal: over.signal })
    throw new Error(`it was not answered within ${ms / 1000} s, and may still be done`)
  }
  try {
    const waiting = late()
    waiting.catch(() => {}) // it ends with the race
    return await Promise.race([promise, waiting])
  } finally {
    over.abort()
  }
}

/** Settles as the promise, which changes nothing; once the signal is aborted it rejects with the reason, and the promise is left alone. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  const over = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true, signal: over.signal })
  })
  try {
    return await Promise.race([aborted, promise])
  } finally {
    over.abort()
  }
}

async function undoAll(begun: readonly Step[]): Promise<{ undone: string[]; left: LeftBehind[] }> {
  const undone: string[] = []
  const left: LeftBehind[] = []
  for (const step of [...begun].reverse()) {
    try {
      if (await within(step.undo(AbortSignal.timeout(PATIENCE)), PATIENCE)) undone.push(step.name)
    } catch (error) {
      left.push({ step: step.name, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }
  return { undone, left }
}

function whatBecame(undone: readonly string[], left: readonly LeftBehind[]): string {
  const parts = [undone.length === 0 ? 'nothing had to be undone' : `undone: ${undone.join(', ')}`]
  for (const { step, error } of left) parts.push(`left behind: ${step} (${error.message})`)
  return parts.join('; ')
}

/**
 * Runs the steps. When one fails, or the signal is aborted, undoes those that were begun, the last first, and rejects with a
 * {@link ProvisionError}.
 */
export async function runSteps(
  operation: string,
  steps: readonly Step[],
  { signal, onProgress }: ProvisionOptions,
): Promise<StepResult[]> {
  const results: StepResult[] = []
  const begun: Step[] = []
  try {
    for (const step of steps) {
      signal?.throwIfAborted()
      begun.push(step)
      const outcome = await within(step.run(), PATIENCE, signal ?? new AbortController().signal)
      const result = { step: step.name, outcome }
      results.push(result)
      onProgress?.({ ...result, done: results.length, total: steps.length })
    }
    signal?.throwIfAborted()
    return results
  } catch (error) {
    const { undone, left } = await undoAll(begun)
    const step = begun.at(-1)?.name
    const became = whatBecame(undone, left)
    if (signal?.aborted === true) {
      const details = { step, undone, left, cause: signal.reason }
      throw new ProvisionError('ABORT_ERR', operation, `aborted at the step '${step}'; ${became}`, details)
    }
    const message = `the step '${step}' failed; ${became}: ${messageOf(error)}`
    throw new ProvisionError('ERR_RBDKIT_STEP_FAILED', operation, message, {
      step,
      undone,
      left,
      cause: error,
    })
  }
}
