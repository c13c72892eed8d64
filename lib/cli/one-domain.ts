/** This file finds the guest that an operand names, and joins a terminal to its console. */

import { Command } from 'commander'
import type { Connection } from '../libvirt/connection.js'
import type { Domain } from '../libvirt/domain.js'
import { action } from './action.js'
import type { Flags } from './options/options.js'
import type { Report, Session } from './session.js'
import { Interrupted } from './terminal/signals.js'
import { printAside } from './terminal/terminal.js'

/** What every command on guests takes. */
export interface ConnectFlags extends Flags {
  readonly connect?: string
}

interface ConsoleFlags extends ConnectFlags {
  readonly device?: string
}

/** Opens the hosts one after the other, and closes them in the end, whatever becomes of the work. */
export async function connected(
  uris: readonly (string | undefined)[],
  signal: AbortSignal,
  work: (hosts: [Connection, ...Connection[]]) => Promise<Report>,
): Promise<Report> {
  const { Connection } = await import('../libvirt/connection.js')
  const [first, ...others] = uris
  const hosts: [Connection, ...Connection[]] = [await Connection.open(first, { signal })]
  try {
    for (const uri of others) hosts.push(await Connection.open(uri, { signal }))
    return await work(hosts)
  } catch (error) {
    if (!(error instanceof Error && error.cause instanceof Interrupted)) throw error
    error.cause.message = `${error.cause.message}; ${error.message}`
    throw error.cause
  } finally {
    for (const host of hosts) await host.close()
  }
}

/** The domain of a name or a UUID. */
export async function found(connection: Connection, text: string): Promise<Domain> {
  const isUuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)
  return isUuid ? connection.domainByUuid(text) : connection.domainByName(text)
}

/** A command on guests: all take `--connect`. */
export function aboutGuests(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--connect <uri>', "libvirt's URI (default: LIBVIRT_DEFAULT_URI, or libvirt's own)")
}

async function openConsole({ flags, signal }: Session<ConsoleFlags>, text: string): Promise<Report> {
  return connected([flags.connect], signal, async ([connection]) => {
    const domain = await found(connection, text)
    const { device } = flags
    const stream = await domain.openConsole(device === undefined ? {} : { device })
    const { joinConsole } = await import('./runs/console.js')
    if (process.stdin.isTTY) printAside(`console of ${JSON.stringify(domain.name)}; Ctrl-] leaves it\n`)
    await joinConsole(stream, process.stdin, process.stdout, signal)
    return { json: { left: domain.name }, text: '' }
  })
}

/** `console`, of `rbdkit domain` and of `rbdkit vm`. */
export function consoleCommand(): Command {
  return aboutGuests('console', "join this terminal to a guest's console; Ctrl-] leaves it")
    .argument('<domain>', 'its name or UUID')
    .option('--device <alias>', 'which one (default: the first)')
    .action(action<ConsoleFlags, [string]>(openConsole))
}
