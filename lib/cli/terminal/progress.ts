/**
 * This file shows on a stream how far something is. The bar of a terminal has a file of its own, because what it
 * needs takes time to load.
 */

/** One state of it. */
export interface Progress {
  /** What is done at the moment: `copying`. */
  readonly phase: string
  /** 0 to 1. */
  readonly share: number
  readonly figures: string
  /** How long it will take; may be empty. */
  readonly left: string
}

/** Told of the progress; `stop()` leaves the terminal as it was. */
export interface ProgressView {
  update(progress: Progress): void
  stop(): void
}

/** Shows nothing. */
export const noProgress: { update(): void; stop(): void } = { update() {}, stop() {} }

/** A line every `seconds`, the first one after as long. */
export function progressLines(stream: NodeJS.WriteStream, seconds: number): ProgressView {
  let last = performance.now()
  return {
    update({ phase, figures, left }) {
      const now = performance.now()
      // Reports come ten times a second and are not exact.
      if (now - last < seconds * 1000 - 50) return
      last = now
      stream.write(`${[phase, figures, left].filter((part) => part !== '').join('  ')}\n`)
    },
    stop() {},
  }
}
