/** This file says what a host is prepared with, and what the parts of it have in common. */

import { createHash } from 'node:crypto'
import type { AuthUser, Capabilities, Cluster, Monitor } from '../../index.js'
import type { Connection } from '../../libvirt/index.js'
import type { Difference } from '../errors.js'
import type { Records } from '../record.js'
import type { HostFiles } from './options.js'

/** What all parts know. */
export interface Target {
  readonly cluster: Cluster
  readonly connection: Connection
  readonly records: Records
  readonly pool: string
  readonly pgNum: number | undefined
  /** `libvirt` */
  readonly id: string
  /** `client.libvirt` */
  readonly entity: string
  readonly caps: Capabilities
  readonly usage: string
  /** As the caller asked for it. */
  readonly secretUuid: string | undefined
  readonly storagePool: string | undefined
  readonly files: HostFiles | undefined
  readonly fsid: string
  readonly monitors: readonly Monitor[]
  /** The user, once it is known. */
  user: AuthUser | undefined
  /** The secret's UUID, once it is known. */
  uuid: string
}

/** What was found of a part. */
export interface Look {
  /** `'near'`: there, and to be brought in line. */
  readonly is: 'absent' | 'near' | 'right'
  readonly differences: readonly Difference[]
}

export const absent: Look = { is: 'absent', differences: [] }
export const right: Look = { is: 'right', differences: [] }

/** A part of what a host is prepared with. */
export interface Part {
  readonly name: 'pool' | 'user' | 'secret' | 'storagePool' | 'keyring' | 'cephConf'
  /** What it is called where it is: `'client.libvirt'`. */
  readonly label: string
  /** Whether all hosts share it. */
  readonly of: 'cluster' | 'host'
  /** Looks at what is there, and changes nothing. */
  look(signal?: AbortSignal): Promise<Look>
  /** Makes it. */
  make(): Promise<void>
  /** Brings in line what was found. */
  align(): Promise<void>
  /** Takes back what `align()` did. */
  restore(): Promise<void>
  /** Removes it; `false`: it is not there. What holds others' data is not removed after the signal. */
  remove(signal?: AbortSignal): Promise<boolean>
}

/** The key of the record of what all hosts share, and of what one has. */
export function recordKeys(entity: string, host: string): { cluster: string; host: string } {
  return { cluster: `libvirt/${entity}`, host: `libvirt/${entity} ${host}` }
}

/**
 * The UUID of a cluster's secret: the same on every host, so that a document of a domain is good on all of them. It is
 * RFC 9562's version 5, of the cluster's own id and the usage.
 */
export function uuidOf(fsid: string, usage: string): string {
  const space = Buffer.from(fsid.replaceAll('-', ''), 'hex')
  const bytes = createHash('sha1').update(space).update(usage).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
