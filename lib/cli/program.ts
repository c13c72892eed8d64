/**
 * This file puts the command together: each file of commands/ exports one as `command()`, and the file's name is the
 * command's.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { Command } from 'commander'
import { print, printAside } from './terminal/terminal.js'

const directory = new URL('./commands/', import.meta.url)

const after = `
Options that say which cluster, user and pool (-c, --id, -n, -m, -k, --cluster, -p, --namespace) may stand before the
command too. CEPH_CONF, CEPH_KEYRING and CEPH_ARGS are read as Ceph's own tools read them.
`

interface Manifest {
  readonly version: string
  readonly description: string
}

/**
 * Gives a command and those below it the settings of `from`, which commander does not do to commands that are added,
 * and says whose help an error is to name.
 */
function inherit(command: Command, from: Command, path: string): Command {
  const name = `${path} ${command.name()}`
  command.copyInheritedSettings(from).showHelpAfterError(`See '${name} --help'.`)
  for (const child of command.commands) inherit(child, command, name)
  return command
}

/** What a list of commands has on the left: with the operands there is no room for the rest. */
function subcommandTerm(command: Command): string {
  return [command.name(), ...command.aliases()].join(', ')
}

/** The program with the command `name` alone, or with all of them when there is none of this name. */
export async function createProgram(name?: string): Promise<Command> {
  const { version, description } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as Manifest
  const program = new Command('rbdkit')
    .description(description)
    .version(version)
    // A command and what is below it may have options of the same name: `bench --html`, `bench compare --html`.
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ subcommandTerm, minWidthToWrap: 36 })
    .showHelpAfterError("See 'rbdkit --help'.")
    .addHelpText('after', after)
    .configureOutput({
      writeOut: print,
      writeErr: printAside,
      outputError: (text, write) => write(text.replace(/^error: /, 'rbdkit: ')),
    })
  if (name === '--version' || name === '-V') return program
  const files = readdirSync(directory).filter((file) => file.endsWith('.js'))
  const names = files.map((file) => file.slice(0, -'.js'.length)).sort()
  const wanted = name !== undefined && names.includes(name) ? [name] : names
  for (const one of wanted) {
    const { command } = (await import(new URL(`${one}.js`, directory).href)) as { command: () => Command }
    program.addCommand(inherit(command(), program, 'rbdkit'))
  }
  return program
}
