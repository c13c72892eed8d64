#!/usr/bin/env node
/**
 * The `rbdkit` command. Nothing here or in what it imports loads the addon: `rbdkit --help` works, and is quick, on a
 * host where the addon cannot be loaded.
 */

import { CommanderError } from 'commander'
import { createProgram } from './program.js'

/** Exit status when the command line itself is wrong. */
const USAGE = 2

async function main(): Promise<void> {
  // Whoever reads our output may stop early, as `head` does: that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  try {
    const program = await createProgram(process.argv[2])
    await program.parseAsync()
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : USAGE
      return
    }
    process.stderr.write(`rbdkit: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

void main()
