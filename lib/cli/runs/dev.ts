/** This file does the work of `rbdkit dev`: a local Ceph and libvirtd that stay until they are taken down. */

import { LocalCluster, type LocalClusterOptions } from '../../dev/local-cluster.js'
import { LocalHypervisor } from '../../dev/local-hypervisor.js'
import { isRunning } from '../../dev/processes.js'
import { clearEntry, clearLeftovers, listEntries, type RegistryEntry } from '../../dev/registry.js'
import { table } from '../terminal/table.js'
import { print, say } from '../terminal/terminal.js'

/** Exit status when nothing of the name runs, as with `systemctl status`. */
const NOT_RUNNING = 3

/** Exit status after a signal: 128 and its number. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** Options of `up`. */
export interface UpOptions {
  readonly name: string
  readonly osds: number
  readonly objectstore: NonNullable<LocalClusterOptions['objectstore']>
  readonly directory?: string
  readonly hypervisor: boolean
}

/** Persistent entries of a name, or all; hypervisors first, because guests use the cluster. */
function persistent(name?: string): RegistryEntry[] {
  return listEntries()
    .filter((entry) => entry.owner === null && (name === undefined || entry.name === name))
    .sort((a, b) => b.kind.localeCompare(a.kind))
}

function printLine(text: string): void {
  print(`${text}\n`)
}

/** Says what is wrong and sets the exit status. */
export function fail(text: string, status = 1): void {
  say(text)
  process.exitCode = status
}

async function startAll(options: UpOptions, signal: AbortSignal): Promise<void> {
  const { osds, objectstore, name, directory } = options
  const where = directory === undefined ? {} : { directory }
  const cluster = await LocalCluster.start({ osds, objectstore, ...where, signal })
  let hypervisor: LocalHypervisor | undefined
  try {
    if (options.hypervisor) hypervisor = await LocalHypervisor.start({ signal })
    signal.throwIfAborted()
    cluster.persist(name)
    hypervisor?.persist(name)
  } catch (error) {
    await hypervisor?.close()
    await cluster.close()
    throw error
  }
  printLine(`Ceph ${cluster.fsid}: ${cluster.confFile}`)
  if (hypervisor !== undefined) printLine(`libvirtd: ${hypervisor.uri}`)
}

/** Starts what was asked for, and leaves it running. */
export async function up(options: UpOptions): Promise<void> {
  const { name } = options
  if (persistent(name).length > 0) {
    fail(`'${name}' is up already; 'rbdkit dev down --name ${name}' removes it`)
    return
  }
  const controller = new AbortController()
  let received: keyof typeof SIGNALS | undefined
  const onSignal = (signal: NodeJS.Signals) => {
    received ??= signal as keyof typeof SIGNALS
    controller.abort()
  }
  const signals = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]
  for (const signal of signals) process.on(signal, onSignal)
  const began = Date.now()
  try {
    await startAll(options, controller.signal)
    const named = name === 'default' ? '' : ` --name ${name}`
    printLine(
      `Up in ${((Date.now() - began) / 1000).toFixed(1)} s. Use it with: eval "$(rbdkit dev env${named})"`,
    )
  } catch (error) {
    if (received === undefined) throw error
    fail('cancelled, nothing is left', SIGNALS[received])
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

function stateOf(entry: RegistryEntry): 'running' | 'degraded' | 'stopped' {
  const running = entry.processes.filter(isRunning).length
  if (running === 0) return 'stopped'
  return running === entry.processes.length ? 'running' : 'degraded'
}

/** Prints what is up; exit status 3 when nothing is, or not all of it. */
export function status(options: { name?: string; json: boolean }): void {
  const rows = persistent(options.name).map((entry) => ({
    name: entry.name ?? '',
    kind: entry.kind,
    state: stateOf(entry),
    directory: entry.directory,
    createdAt: entry.createdAt,
    pids: entry.processes.filter(isRunning).map((one) => one.pid),
    env: entry.env,
  }))
  if (options.json) {
    printLine(JSON.stringify(rows, null, 2))
  } else if (rows.length > 0) {
    const rest = rows.map((row) => [row.name, row.kind, row.state, row.directory])
    print(table([['NAME', 'KIND', 'STATE', 'DIRECTORY'], ...rest]))
  } else {
    printLine('Nothing is up.')
  }
  if (rows.length === 0 || rows.some((row) => row.state !== 'running')) process.exitCode = NOT_RUNNING
}

/** Prints what a shell evaluates. */
export function env(options: { name: string }): void {
  const entries = persistent(options.name)
  if (entries.length === 0) {
    fail(`'${options.name}' is not up; start it with: rbdkit dev up --name ${options.name}`, NOT_RUNNING)
    return
  }
  for (const entry of entries) {
    for (const [name, value] of Object.entries(entry.env)) {
      printLine(`export ${name}='${value.replaceAll("'", "'\\''")}'`)
    }
  }
}

/** Ends it and removes its data. */
export async function down(options: { name: string }): Promise<void> {
  await clearLeftovers()
  const entries = persistent(options.name)
  if (entries.length === 0) {
    fail(`'${options.name}' is not up`, NOT_RUNNING)
    return
  }
  for (const entry of entries) {
    await clearEntry(entry)
    const left = entry.removeDirectory ? '' : '; its directory was given, and stays'
    printLine(`Removed ${entry.kind} '${options.name}' (${entry.directory})${left}`)
  }
}
