#!/usr/bin/env node
/**
 * The `rbdkit` command. Nothing here or in what it imports loads the addon: `rbdkit --help` works, and is quick, on a
 * host where the addon cannot be loaded.
 */

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { benchCommand } from './bench.js'
import { benchWorkerCommand } from './bench-worker.js'
import { devCommand } from './dev.js'

/** Exit status when the command line itself is wrong. */
const USAGE = 2

interface Manifest {
  readonly version: string
  readonly description: string
}

/** Gives a command and those below it the settings of `from`: commander passes none to commands that are added. */
function inherit(command: Command, from: Command): Command {
  command.copyInheritedSettings(from)
  for (const child of command.commands) inherit(child, command)
  return command
}

function createProgram({ version, description }: Manifest): Command {
  const program = new Command('rbdkit')
    .description(description)
    .version(version)
    // A command and what is below it may have options of the same name: `bench --html`, `bench compare --html`.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError("See 'rbdkit --help'.")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'rbdkit: ')) })
  return program
    .addCommand(inherit(benchCommand(), program))
    .addCommand(inherit(benchWorkerCommand(), program))
    .addCommand(inherit(devCommand(), program))
}

async function main(): Promise<void> {
  // Whoever reads our output may stop early, as `head` does: that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  try {
    await createProgram(JSON.parse(manifest) as Manifest).parseAsync()
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
