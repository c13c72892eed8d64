/** This file shows the steps of a provisioning as progress. */

import type { Session } from './session.js'

/** Options that every call takes: each step is progress. */
export function watched({ signal, progress }: Session): {
  signal: AbortSignal
  onProgress: (one: { step: string; outcome: string; done: number; total: number }) => void
} {
  return {
    signal,
    onProgress: ({ step, outcome, done, total }) =>
      progress.update({ phase: step, share: done / total, figures: outcome, left: '' }),
  }
}
