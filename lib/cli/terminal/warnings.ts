/** This file says warnings of the process in the command's own way. */

import { say } from './terminal.js'

let leftBehind = false

/** Takes the place of Node's own listener, which adds the process's id and how to trace what nobody can trace here. */
export function watchWarnings(): void {
  process.removeAllListeners('warning')
  process.on('warning', (warning: Error & { code?: string }) => {
    if (warning.code === 'RBDKIT_LEFT_BEHIND') leftBehind = true
    say(warning.message)
  })
}

/**
 * What is said of a job that Ctrl-C ended: `left`, unless the job has not ended, since nothing answers. A warning has said
 * what may be left then: it comes before whoever waits for the job goes on.
 */
export function interrupted(message: string, left: string): string {
  return leftBehind ? message : `${message}; ${left}`
}
