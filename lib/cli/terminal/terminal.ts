/**
 * This file is the one place where the command prints. A terminal takes no orders from a name that somebody else has
 * chosen, and a key that was given where a name belongs is not shown again.
 */

import type { WriteStream } from 'node:tty'
import { withoutKeys } from '../../internal/secrets.js'
import { printable } from '../../internal/text.js'

/**
 * The text as it may be written there: on a terminal control characters but newline and tab are `?`, as with `ls`, and
 * so are those that change the direction of what is read. What goes elsewhere stays as it is.
 */
export function printableOn(text: string, stream: Pick<WriteStream, 'isTTY'>): string {
  if (!stream.isTTY) return text
  return text.replaceAll(/[^\n\t]+/g, printable)
}

/** Writes to standard output. */
export function print(text: string): void {
  if (text !== '') process.stdout.write(printableOn(text, process.stdout))
}

/** Writes to standard error what is no complaint: a report whose place is taken, help. */
export function printAside(text: string): void {
  if (text !== '') process.stderr.write(printableOn(withoutKeys(text), process.stderr))
}

/** Says on standard error what is wrong. */
export function say(text: string): void {
  printAside(`rbdkit: ${text}\n`)
}

/**
 * Ends the process when standard output cannot be written: quietly when nobody reads any more, as `head` does that has
 * seen enough, else with the reason and status 1. When it is stderr that fails there is nobody left to tell.
 */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      say(`standard output cannot be written: ${error.message}`)
      process.exitCode = 1
    }
    process.exit()
  })
  process.stderr.on('error', () => {})
}
