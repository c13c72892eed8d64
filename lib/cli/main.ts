#!/usr/bin/env node
/**
 * This file is the `rbdkit` command. Nothing here or in what it imports loads the addon: `rbdkit --help` works, and
 * is quick, on a host where the addon cannot be loaded.
 */

import { CommanderError } from 'commander'
import { withoutKeys } from '../internal/secrets.js'
import { commandFirst } from './options/command-first.js'
import { createProgram } from './program.js'
import { say, watchOutput } from './terminal/terminal.js'
import { watchWarnings } from './terminal/warnings.js'

/** Exit status when the command line itself is wrong. */
const USAGE = 2

async function main(): Promise<void> {
  watchOutput()
  watchWarnings()
  const words = process.argv.slice(2)
  // Wherever it stands, before a spec is taken apart at a '/' that is the key's.
  if (words.some((word) => withoutKeys(word) !== word)) {
    say('a key on a command line can be seen by others; use --keyring or --keyfile')
    process.exitCode = USAGE
    return
  }
  try {
    const args = commandFirst(words)
    const program = await createProgram(args[0])
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : USAGE
      return
    }
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}

void main()
