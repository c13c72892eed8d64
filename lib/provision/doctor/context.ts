/** This file is what the checks of a diagnosis share: the two ends, and what more than one of them asks for. */

import type { Cluster } from '../../index.js'
import { type Connection, xml } from '../../libvirt/index.js'
import { orNone } from '../libvirt/none.js'
import { PROBE_POOL } from '../libvirt/probe.js'
import { untilAborted } from '../steps.js'
import type { Diagnosis, Finding } from './types.js'

/** A pool as `osd dump` has it. */
export interface DumpedPool {
  readonly pool_name: string
  readonly flags_names: string
  readonly application_metadata: Readonly<Record<string, unknown>>
}

/** What is used of `osd dump`. */
export interface OsdDump {
  readonly osds: readonly { readonly osd: number; readonly up: number; readonly in: number }[]
  readonly pools: readonly DumpedPool[]
  /** Addresses with their ends; `blacklist` is its name until Ceph 15. */
  readonly blocklist?: Readonly<Record<string, string>>
}

/** That one of libvirt's documents names a pool, a user and a secret. */
export interface Reference {
  /** Whose document it is, in words. */
  readonly of: string
  readonly pool: string
  readonly user: string | undefined
  /** The UUID of the secret, or its usage. */
  readonly secret: string | undefined
}

/** The storage pools of the type rbd. */
export interface RbdStoragePool {
  readonly name: string
  readonly active: boolean
  readonly document: ReturnType<typeof xml.parseStoragePool>
}

type Versions = { -readonly [K in keyof Diagnosis['versions']]: Diagnosis['versions'][K] }

/** One diagnosis. */
export interface Context {
  readonly cluster: Cluster
  readonly connection: Connection
  readonly pools: readonly string[] | undefined
  readonly user: string | undefined
  readonly imagesPerPool: number
  readonly versions: Versions
}

/** A check. It reports as it goes, so what it found is there when the rest is not answered. */
export interface Check {
  readonly name: string
  /** Without these it is not made. */
  readonly needs: readonly ('cluster' | 'connection')[]
  run(context: Context, signal: AbortSignal, report: (finding: Finding) => void): Promise<void>
}

/** What all clients know of OSDs and pools. */
export function osdDump({ cluster }: Context, signal: AbortSignal): Promise<OsdDump> {
  return cluster.monitorCommand<OsdDump>({ prefix: 'osd dump' }, { signal })
}

const GONE = 'VIR_ERR_NO_STORAGE_POOL'

/** libvirt's storage pools of the type rbd. libvirt's calls take no signal, so they are left alone when it is aborted. */
export async function rbdStoragePools(
  { connection }: Pick<Context, 'connection'>,
  signal: AbortSignal,
): Promise<RbdStoragePool[]> {
  const found: RbdStoragePool[] = []
  for (const pool of await untilAborted(connection.listStoragePools(), signal)) {
    // The check of libvirtd makes one for a moment.
    if (pool.name.startsWith(PROBE_POOL)) continue
    // Others may go while they are looked at.
    const text = await untilAborted(orNone(pool.xml({ inactive: true }), GONE), signal)
    if (text === undefined || !/<pool\s+type=['"]rbd['"]/.test(text)) continue
    const active = await untilAborted(orNone(pool.isActive(), GONE), signal)
    if (active === undefined) continue
    found.push({ name: pool.name, active, document: xml.parseStoragePool(text) })
  }
  return found
}

function secretName(secret: unknown): string | undefined {
  if (typeof secret === 'string') return secret
  const { uuid, usage } = (secret ?? {}) as { uuid?: string; usage?: string }
  return uuid ?? usage
}

/** What libvirt's documents name. */
export async function references(
  { connection }: Pick<Context, 'connection'>,
  signal: AbortSignal,
): Promise<Reference[]> {
  const found: Reference[] = []
  const add = (of: string, pool: string, auth: { username: string; secret?: unknown } | undefined): number =>
    found.push({ of, pool, user: auth?.username, secret: secretName(auth?.secret)?.toLowerCase() })
  for (const { name, document } of await rbdStoragePools({ connection }, signal))
    if (document.pool !== undefined) add(`the storage pool ${name}`, document.pool, document.auth)
  for (const domain of await untilAborted(connection.listDomains(), signal)) {
    const text = await untilAborted(orNone(domain.xml(), 'VIR_ERR_NO_DOMAIN'), signal)
    const disks = text === undefined ? [] : xml.parseDomainDisks(text)
    for (const { pool, auth } of disks) add(`the domain ${domain.name}`, pool, auth)
  }
  return found
}

/** The pools that the diagnosis is about. */
export async function poolsOf(context: Context, signal: AbortSignal): Promise<DumpedPool[]> {
  const { pools } = await osdDump(context, signal)
  return pools.filter(
    ({ pool_name, application_metadata }) =>
      context.pools?.includes(pool_name) ?? application_metadata.rbd !== undefined,
  )
}
