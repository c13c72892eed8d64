/**
 * The program that outlives a crash: its standard input is a pipe from the owner, so end of file means that the owner
 * is gone, however it went. Then it clears what the owner left.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { identify } from './processes.js'
import { clearLeftovers } from './registry.js'

async function main(): Promise<void> {
  const owner = Number(process.argv[2])
  for await (const _ of process.stdin) {
    // nothing is ever written to it
  }
  // the pipe closes a moment before the owner's pid disappears
  for (let i = 0; i < 250 && identify(owner) !== undefined; i++) await sleep(20)
  await clearLeftovers()
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
