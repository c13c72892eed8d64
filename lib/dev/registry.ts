/**
 * This file writes down what runs, and for whom: one JSON file each in `<tmp>/rbdkit-dev-<uid>/`. An entry without an
 * owner is wanted until `rbdkit dev down`; one whose owner is gone is left over from a crash, and the next start
 * clears it.
 */

import { randomUUID } from 'node:crypto'
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { invalidArgValue } from '../internal/validate.js'
import { DevError } from './errors.js'
import {
  endProcesses,
  findProcesses,
  identify,
  isRunning,
  type ProcessIdentity,
  pidNamespace,
} from './processes.js'

/** What an entry is about. */
export type DevKind = 'cluster' | 'hypervisor'

/** One running (or left over) cluster or hypervisor. */
export interface RegistryEntry {
  readonly id: string
  readonly kind: DevKind
  readonly directory: string
  /** Whether the directory is ours to remove. */
  readonly removeDirectory: boolean
  /** The process it lives and dies with; `null`: it stays until it is taken down by name. */
  readonly owner: ProcessIdentity | null
  readonly pidNamespace: string
  /** The name given to `rbdkit dev up`. */
  readonly name?: string
  readonly createdAt: string
  /** What ran when it was given its name. */
  readonly processes: readonly ProcessIdentity[]
  /** What `rbdkit dev env` prints. */
  readonly env: Readonly<Record<string, string>>
}

/** The file that says a directory was made here; it holds the entry's id. */
const MARKER = '.rbdkit-dev'

/** A name becomes part of a file's name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/

/** The registry's directory; created if need be, refused when it is not this user's own. */
export function registryDirectory(): string {
  const uid = process.getuid?.() ?? 0
  const directory = join(tmpdir(), `rbdkit-dev-${uid}`)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const stat = lstatSync(directory)
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o022) !== 0) {
    throw new DevError(
      'ERR_RBDKIT_DEV_REGISTRY',
      `${directory} must be a directory that only uid ${uid} can write`,
    )
  }
  return directory
}

function entryFile(entry: RegistryEntry): string {
  const base = entry.name === undefined ? entry.id : `${entry.name}.${entry.kind}`
  return join(registryDirectory(), `${base}.json`)
}

/** Writes the file whole or not at all; with `exclusive` an existing one is left and EEXIST thrown. */
function publish(entry: RegistryEntry, exclusive: boolean): void {
  const file = entryFile(entry)
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, `${JSON.stringify(entry, null, 2)}\n`, { mode: 0o600 })
  try {
    if (exclusive) linkSync(temporary, file)
    else renameSync(temporary, file)
  } finally {
    rmSync(temporary, { force: true })
  }
}

function parseEntry(text: string): RegistryEntry | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const entry = value as RegistryEntry
    const valid = typeof entry.id === 'string' && typeof entry.directory === 'string'
    return valid && entry.id.length > 0 && entry.directory.startsWith('/') ? entry : undefined
  } catch {
    return undefined
  }
}

/** All entries of this user. */
export function listEntries(): RegistryEntry[] {
  const directory = registryDirectory()
  const entries: RegistryEntry[] = []
  for (const file of readdirSync(directory)) {
    if (!file.endsWith('.json')) continue
    try {
      const entry = parseEntry(readFileSync(join(directory, file), 'utf8'))
      if (entry !== undefined) entries.push(entry)
    } catch {
      // taken away by its owner meanwhile
    }
  }
  return entries
}

/** Records a new cluster or hypervisor that lives as long as this process, and marks its directory. */
export function register(kind: DevKind, directory: string, removeDirectory: boolean): RegistryEntry {
  const owner = identify(process.pid)
  if (owner === undefined) throw new DevError('ERR_RBDKIT_DEV_REGISTRY', 'cannot read /proc/self/stat')
  const entry: RegistryEntry = {
    id: randomUUID(),
    kind,
    directory,
    removeDirectory,
    owner,
    pidNamespace: pidNamespace(),
    createdAt: new Date().toISOString(),
    processes: [],
    env: {},
  }
  publish(entry, true)
  writeFileSync(join(directory, MARKER), entry.id)
  return entry
}

/** Gives an entry a name and takes away its owner: it then outlives this process. Throws `ERR_RBDKIT_DEV_EXISTS`. */
export function makePersistent(
  entry: RegistryEntry,
  name: string,
  env: Readonly<Record<string, string>>,
): RegistryEntry {
  if (!NAME.test(name)) {
    throw invalidArgValue('name', 'must be 1 to 32 letters, digits, - or _, and start with a letter or digit')
  }
  const processes = findProcesses(entry.id, entry.directory)
  const named: RegistryEntry = { ...entry, name, env, processes, owner: null }
  try {
    publish(named, true)
  } catch (cause) {
    throw new DevError('ERR_RBDKIT_DEV_EXISTS', `a ${entry.kind} named '${name}' exists already`, { cause })
  }
  rmSync(entryFile(entry), { force: true })
  return named
}

/** Forgets an entry. */
export function unregister(entry: RegistryEntry): void {
  rmSync(entryFile(entry), { force: true })
}

/** Removes an entry's directory, if it is the one that was marked as ours and is ours to remove. */
export async function removeDirectory(entry: RegistryEntry): Promise<void> {
  if (!entry.removeDirectory) return
  try {
    if (readFileSync(join(entry.directory, MARKER), 'utf8') !== entry.id) return
  } catch {
    return
  }
  await rm(entry.directory, { recursive: true, force: true, maxRetries: 5 })
}

/** Ends an entry's processes at once, removes its directory and forgets it. Throws `ERR_RBDKIT_DEV_STOP`. */
export async function clearEntry(entry: RegistryEntry, graceMs = 0): Promise<void> {
  const left = await endProcesses(entry.id, entry.directory, graceMs)
  if (left.length > 0) {
    const pids = left.map((one) => one.pid).join(', ')
    throw new DevError('ERR_RBDKIT_DEV_STOP', `could not end the processes ${pids} of ${entry.directory}`)
  }
  await removeDirectory(entry)
  unregister(entry)
}

/** Clears what crashed owners left behind; entries of live owners, of other pid namespaces and wanted ones stay. */
export async function clearLeftovers(): Promise<RegistryEntry[]> {
  const here = pidNamespace()
  const dead = listEntries().filter(
    (entry) => entry.owner !== null && entry.pidNamespace === here && !isRunning(entry.owner),
  )
  for (const entry of dead) await clearEntry(entry)
  return dead
}
