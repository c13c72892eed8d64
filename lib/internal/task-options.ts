import type { ErrorObject } from '../errors.js'
import type { Owner } from './owner.js'

/** How a task is watched and ended. */
export interface TaskOptions {
  /** What the call is about, for its error, when that is not the owner itself. */
  object?: ErrorObject
  /** Called with what native code reports, at most ten times a second. */
  onProgress?: ((value: never) => void) | undefined
  signal?: AbortSignal | undefined
  /**
   * `'cancel'` asks the call to end early and waits for it. `'leave'` does so while there are signs of life: a call that
   * has given none for `patienceMs`, as on a cluster that does not answer, goes on without its caller, and `left` is
   * told. `'abandon'` is for calls that cannot be asked: the promise rejects at once and the call ends in its own time
   * on its own thread. What a call without a caller opens is given to `abandoned`. Such a call is in flight until it
   * has ended: its owner does not close before.
   */
  onAbort?: 'cancel' | 'leave' | 'abandon'
  left?: () => void
  abandoned?: (value: unknown, owner: Owner) => void
  /** Once aborted nobody waits: the call keeps neither the process alive nor its end waiting, but settles. */
  background?: AbortSignal
}

/** A blocking call under way. */
export interface TaskState {
  syscall: string
  object: ErrorObject | undefined
  /** Holds the caller's stack, formatted only when needed. */
  at: { stack?: string }
  onProgress: ((value: unknown) => void) | undefined
  /** Set when the caller has been answered and the call still runs. */
  abandoned: ((value: unknown, owner: Owner) => void) | undefined
  /** Nobody waits for it, so the process's end does not either. */
  background: boolean
  /** What the progress listener threw. */
  thrown: { error: unknown } | undefined
  /** Takes the abort listener off its signal. */
  settled: (() => void) | undefined
}

/** How long a call that was asked to end may say nothing: a promise whose call hangs settles within a second. */
export const patienceMs = 800

/** The error with the stack of whoever started the call. */
export function withStack(error: Error, at: { stack?: string }): Error {
  const frames = at.stack?.indexOf('\n') ?? -1
  error.stack = `${error.name}: ${error.message}${frames < 0 ? '' : at.stack?.slice(frames)}`
  return error
}
