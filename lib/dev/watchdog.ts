/**
 * This program outlives its owner's crash. Its standard input is a pipe from the owner, so end of file means that the
 * owner is gone, however it went. Then it clears what the owner left.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isRunning } from './processes.js'
import { clearLeftovers } from './registry.js'

async function main(): Promise<void> {
  const owner = identify(Number(process.argv[2]))
  for await (const _ of process.stdin) {
    // nothing is ever written to it
  }
  // the pipe closes a moment before the owner is gone; much earlier if a worker thread held it
  const began = Date.now()
  while (owner !== undefined && isRunning(owner)) await sleep(Date.now() - began < 5000 ? 20 : 1000)
  await clearLeftovers()
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
