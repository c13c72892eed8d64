/** This file shows on a terminal how far something is, by a line that is redrawn. */

import { SingleBar } from 'cli-progress'
import { printable } from '../../internal/text.js'
import type { ProgressView } from './progress.js'

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
      const words = { phase: printable(phase).padEnd(9), figures, left: left && `  ${left}` }
      if (!started) bar.start(1, share, words)
      else bar.update(share, words)
      started = true
    },
    stop() {
      if (started) bar.stop()
    },
  }
}
