/** This file keeps the private directory of a cluster or hypervisor, from making it to taking it away. */

import { mkdir, mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { invalidArgValue, toText } from '../internal/validate.js'
import { DevError } from './errors.js'
import { acquireGuard, releaseGuard } from './guard.js'
import { ID_VARIABLE } from './processes.js'
import {
  clearEntry,
  clearLeftovers,
  type DevKind,
  makePersistent,
  type RegistryEntry,
  register,
} from './registry.js'

/** AF_UNIX addresses end at 107 bytes; the longest socket name below a directory of ours takes 40. */
const LONGEST_DIRECTORY = 107 - 40

async function makeDirectory(kind: DevKind, given: string | undefined): Promise<string> {
  if (given === undefined) {
    const base = tmpdir()
    // daemons make AF_UNIX sockets here, so a deep TMPDIR cannot be used
    const prefix = join(base.length + 20 > LONGEST_DIRECTORY ? '/tmp' : base, `rbdkit-${kind}-`)
    return mkdtemp(prefix)
  }
  const directory = resolve(toText('directory', given))
  if (Buffer.byteLength(directory) > LONGEST_DIRECTORY) {
    throw invalidArgValue(
      'directory',
      `must not be longer than ${LONGEST_DIRECTORY} bytes: sockets are made in it`,
    )
  }
  if (/[\s"'#;=[\],\\]/.test(directory)) {
    throw invalidArgValue('directory', 'must not contain spaces, quotes or any of # ; = [ ] , \\')
  }
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if ((await readdir(directory)).length > 0) {
    throw new DevError('ERR_RBDKIT_DEV_EXISTS', `${directory} is not empty`)
  }
  return directory
}

/** A registered private directory. */
export class Workspace {
  readonly directory: string
  /** The environment that marks processes as belonging here. */
  readonly processEnv: NodeJS.ProcessEnv
  #entry: RegistryEntry
  #guarded = true

  private constructor(entry: RegistryEntry) {
    this.#entry = entry
    this.directory = entry.directory
    this.processEnv = { ...process.env, [ID_VARIABLE]: entry.id }
    // they would change what the daemons do, or where they look
    for (const name of ['CEPH_ARGS', 'CEPH_CONF', 'CEPH_KEYRING']) delete this.processEnv[name]
    acquireGuard()
  }

  /** Clears what crashes left behind, then makes and registers a directory. */
  static async create(kind: DevKind, given: string | undefined): Promise<Workspace> {
    await clearLeftovers()
    const directory = await makeDirectory(kind, given)
    return new Workspace(register(kind, directory, given === undefined))
  }

  /** Whether a directory of the caller's choice is used: it is left in place. */
  get keepsDirectory(): boolean {
    return !this.#entry.removeDirectory
  }

  /** From now on it outlives this process, until `rbdkit dev down`. Throws `ERR_RBDKIT_DEV_EXISTS`. */
  persist(name: string, env: Readonly<Record<string, string>>): void {
    this.#entry = makePersistent(this.#entry, name, env)
    this.#release()
  }

  /** Ends every process, removes the directory unless it is to stay, and forgets it. */
  async clear(options: { keepDirectory: boolean; graceMs: number }): Promise<void> {
    const entry = options.keepDirectory ? { ...this.#entry, removeDirectory: false } : this.#entry
    await clearEntry(entry, options.graceMs)
    this.#release()
  }

  #release(): void {
    if (this.#guarded) releaseGuard()
    this.#guarded = false
  }
}
