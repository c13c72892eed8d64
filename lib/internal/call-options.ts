import type { ErrorObject } from '../errors.js'
import type { TaskOptions } from './dispatcher.js'
import { onAbort } from './on-abort.js'
import { toOptions, toSignal } from './validate.js'

/**
 * Options of calls that wait for the cluster.
 *
 * @since 0.1.0
 */
export interface CallOptions {
  /**
   * Aborting rejects at once with the signal's reason. C has no way to take the call back: it goes on without its
   * caller until the cluster answers, so what it was to change may change still. One that has not begun does not begin.
   */
  signal?: AbortSignal | undefined
}

/** The signal of a call that has no other option. */
export function toCallSignal(options: CallOptions | undefined): AbortSignal | undefined {
  return toSignal(toOptions('options', options, { signal: true }).signal)
}

/** How a call that cannot be asked to end is started. `object` is what it is about, beyond its owner. */
export function toTaskOptions(options: CallOptions | undefined, object?: ErrorObject): TaskOptions {
  return { ...(object && { object }), signal: toCallSignal(options), onAbort: 'abandon' }
}

/**
 * Settles as `promise` does; once the signal is aborted it rejects with the reason instead, and `left` is called. What the
 * promise is of then goes on by itself, unwatched: a cluster that does not answer must not hold the caller.
 */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  left: () => void = () => {},
): Promise<T> {
  let unlisten = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => {
      left()
      reject(signal.reason)
    }
    if (signal.aborted) abort()
    else unlisten = onAbort(signal, abort)
  })
  try {
    return await Promise.race([aborted, promise])
  } finally {
    unlisten()
  }
}
