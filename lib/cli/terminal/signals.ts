/** This file hears Ctrl-C and its like, for commands that have something to end first. */

import { constants } from 'node:os'

/** A signal came; the command ended because of it. */
export class Interrupted extends Error {
  /** 128 and the signal's number, as shells have it. */
  readonly exitCode: number
  readonly code = 'EINTR'

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs `work` with a signal that the first Ctrl-C aborts, with {@link Interrupted} for its reason. The second one ends
 * the process at once: what is in flight may never end on a cluster that does not answer. `onLast` comes before.
 */
export async function withSignals<T>(
  work: (signal: AbortSignal) => Promise<T>,
  onLast: () => void = () => {},
): Promise<T> {
  const controller = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    const reason = new Interrupted(signal)
    if (controller.signal.aborted) {
      onLast()
      process.exit(reason.exitCode)
    }
    controller.abort(reason)
  }
  for (const signal of signals) process.on(signal, onSignal)
  try {
    return await work(controller.signal)
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
