/** This file writes the files by which clients on this machine find the cluster: a user's keyring and `ceph.conf`. */

import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { removeFile, writeFileSafely } from '../files.js'
import { findOption, withOptions, withoutSection } from './ceph-conf.js'
import type { HostFiles } from './options.js'
import { absent, type Look, type Part, right, type Target } from './target.js'

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A file that is written whole, and put back as it was. */
abstract class FilePart implements Part {
  abstract readonly name: 'keyring' | 'cephConf'
  readonly of = 'host'
  readonly label: string
  protected readonly target: Target
  readonly #mode: number
  #before: string | undefined

  constructor(target: Target, path: string, mode: number) {
    this.target = target
    this.label = path
    this.#mode = mode
  }

  protected abstract wanted(before: string | undefined): string
  protected abstract reasons(before: string, wanted: string): { reason: string; replaceable: boolean }[]
  /** What is left of a file when ours is taken out; `undefined`: nothing. */
  protected abstract without(text: string): string | undefined

  async look(): Promise<Look> {
    this.#before = await textOf(this.label)
    if (this.#before === undefined) return absent
    const wanted = this.wanted(this.#before)
    const open = this.#mode === 0o600 && ((await stat(this.label)).mode & 0o007) !== 0
    if (wanted === this.#before && !open) return right
    if (wanted === this.#before) return { is: 'near', differences: [] } // others may read a key
    const found = this.reasons(this.#before, wanted)
    return { is: 'near', differences: found.map((one) => ({ step: this.name, name: this.label, ...one })) }
  }

  async make(): Promise<void> {
    await writeFileSafely(this.label, this.wanted(await textOf(this.label)), this.#mode)
  }

  align(): Promise<void> {
    return this.make()
  }

  async restore(): Promise<void> {
    if (this.#before !== undefined) await writeFileSafely(this.label, this.#before, this.#mode)
  }

  async remove(): Promise<boolean> {
    const text = await textOf(this.label)
    if (text === undefined) return false
    const rest = this.without(text)
    if (rest === undefined) await removeFile(this.label)
    else if (rest !== text) await writeFileSafely(this.label, rest, this.#mode)
    return rest !== text
  }
}

/** Where a user's keyring is. */
export function keyringPath({ directory = '/etc/ceph' }: HostFiles, entity: string): string {
  return join(directory, `ceph.${entity}.keyring`)
}

/** The user's keyring: of nobody but its owner's to read. */
export class KeyringPart extends FilePart {
  readonly name = 'keyring'

  constructor(target: Target, files: HostFiles) {
    super(target, keyringPath(files, target.entity), 0o600)
  }

  protected wanted(before: string | undefined): string {
    const key = this.target.user?.key
    // Before the user is made nobody knows the key: whatever is in the file is another.
    if (key === undefined) return ''
    if (before !== undefined && findOption(before, this.target.entity, 'key') === key) return before
    return withOptions(before ?? '', this.target.entity, { key })
  }

  protected reasons(before: string): { reason: string; replaceable: boolean }[] {
    const has = findOption(before, this.target.entity, 'key') !== undefined
    return has ? [{ reason: "it has another key than the user's", replaceable: true }] : []
  }

  protected without(text: string): string | undefined {
    const rest = withoutSection(text, this.target.entity)
    return rest.trim() === '' ? undefined : rest
  }
}

/** `ceph.conf`, which all may read: no key is in it. Only the cluster's address and the user's own section are written. */
export class CephConfPart extends FilePart {
  readonly name = 'cephConf'
  readonly #files: HostFiles

  constructor(target: Target, files: HostFiles) {
    super(target, join(files.directory ?? '/etc/ceph', 'ceph.conf'), 0o644)
    this.#files = files
  }

  #global(): Record<string, string> {
    const hosts = this.target.monitors.map(({ host, port, type }) => {
      const address = host.includes(':') ? `[${host}]` : host
      return `${type}:${address}:${port}`
    })
    return { fsid: this.target.fsid, 'mon host': hosts.join(',') }
  }

  #client(): Record<string, string> {
    const { rbdCache = true, adminSocket, logFile } = this.#files
    const path = (given: string | boolean | undefined, usual: string): string | undefined =>
      given === true ? usual : given || undefined
    const socket = path(adminSocket, '/var/run/ceph/$cluster-$type.$id.$pid.$cctid.asok')
    const log = path(logFile, '/var/log/ceph/qemu-guest-$pid.log')
    return {
      keyring: keyringPath(this.#files, this.target.entity),
      'rbd cache': String(rbdCache),
      ...(rbdCache ? { 'rbd cache writethrough until flush': 'true' } : {}),
      ...(socket === undefined ? {} : { 'admin socket': socket }),
      ...(log === undefined ? {} : { 'log file': log }),
    }
  }

  protected wanted(before: string | undefined): string {
    const text = before ?? withOptions('', 'global', this.#global())
    return withOptions(text, this.target.entity, this.#client())
  }

  protected reasons(before: string): { reason: string; replaceable: boolean }[] {
    const fsid = findOption(before, 'global', 'fsid')
    if (fsid !== undefined && fsid !== this.target.fsid)
      return [{ reason: `it is of another cluster, ${fsid}`, replaceable: false }]
    return Object.entries(this.#client()).flatMap(([name, value]) => {
      const found = findOption(before, this.target.entity, name)
      if (found === undefined || found === value) return []
      return [{ reason: `[${this.target.entity}] has ${name} = ${found}, not ${value}`, replaceable: true }]
    })
  }

  protected without(text: string): string | undefined {
    const rest = withoutSection(text, this.target.entity)
    return rest === withOptions('', 'global', this.#global()) ? undefined : rest
  }
}
