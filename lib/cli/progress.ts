/** How far something is, on a stream: a line that is redrawn on a terminal, now and then a line elsewhere. */

import { SingleBar } from 'cli-progress'

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

/** What the words beside the bar take. */
const WORDS = 62

/** Redrawn ten times a second. The bar is as wide as the terminal has room for beside the words. */
export function progressBar(stream: NodeJS.WriteStream): ProgressView {
  const bar = new SingleBar({
    stream,
    format: '{phase} {bar}{figures}{left}',
    formatBar: (share) => {
      // A terminal that does not tell its width has 0.
      const size = Math.min(20, (stream.columns || 80) - WORDS)
      if (size < 5) return ''
      const done = Math.round(Math.min(1, share) * size)
      return `[${'='.repeat(done)}${' '.repeat(size - done)}]  `
    },
    hideCursor: true,
    clearOnComplete: true,
    // Its own exit handler would be one more that listens to SIGINT.
    gracefulExit: false,
    fps: 10,
  })
  let started = false
  return {
    update({ phase, share, figures, left }) {
      const words = { phase: phase.padEnd(9), figures, left: left && `  ${left}` }
      if (!started) bar.start(1, share, words)
      else bar.update(share, words)
      started = true
    },
    stop() {
      if (started) bar.stop()
    },
  }
}

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
