#!/usr/bin/env node
/** The `rbdkit` command. */

import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { devCommand } from './dev.js'

interface Manifest {
  readonly version: string
  readonly description: string
}

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest

const program = new Command('rbdkit').description(manifest.description).version(manifest.version)
program.addCommand(devCommand())
program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`rbdkit: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
