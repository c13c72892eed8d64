/** This file takes away what preparing a host has made. */

import type { Cluster } from '../../index.js'
import { type Connection, xml } from '../../libvirt/index.js'
import { ProvisionError } from '../errors.js'
import { checkBoolean, checkOptions, checkProgress, type KnownOptions } from '../options.js'
import { type Entry, Records } from '../record.js'
import { type ProvisionOptions, runSteps, type Step, type StepResult, untilAborted } from '../steps.js'
import { orNone } from './none.js'
import { checkEnds, checkPool, checkUserId, type LibvirtUser, progressOptions } from './options.js'
import { type Parts, partsOf } from './parts.js'
import { type Part, recordKeys } from './target.js'

/**
 * What {@link removeLibvirt} takes.
 *
 * @since 0.1.0
 */
export interface RemoveLibvirtOptions extends LibvirtUser, ProvisionOptions {
  /** Removes only what this host has of its own, and leaves pool and user. Default false. */
  readonly hostOnly?: boolean | undefined
  /** Removes the pool with all that is in it. Default false: a pool that holds anything is refused. */
  readonly removeImages?: boolean | undefined
  /** Looks only, and tells what would be done. Default false. */
  readonly dryRun?: boolean | undefined
}

const known: KnownOptions<RemoveLibvirtOptions> = {
  ...progressOptions,
  pool: true,
  user: true,
  hostOnly: true,
  removeImages: true,
  dryRun: true,
}

/**
 * What was removed of a host.
 *
 * @since 0.1.0
 */
export interface RemovedLibvirt {
  /** What was removed, step by step; `'found'`: it is not there any more. Of a `dryRun` what would be. */
  readonly steps: readonly StepResult[]
  /** What all hosts share and stays, and why. */
  readonly left: readonly { readonly step: string; readonly name: string; readonly reason: string }[]
}

/** Domains of the host whose disks need the secret or the pool. */
async function domainsOf({ target }: Parts): Promise<string[]> {
  const { connection, uuid, usage, pool } = target
  const names: string[] = []
  for (const domain of await connection.listDomains()) {
    for (const inactive of [false, true]) {
      const document = await orNone(domain.xml({ inactive }), 'VIR_ERR_NO_DOMAIN')
      if (document === undefined) continue
      const ofPool = xml.DomainXml.parse(document).disks.some(({ rbd }) => rbd?.pool === pool)
      const ofSecret = document.includes(uuid) || document.includes(`usage='${usage}'`)
      if ((ofPool || ofSecret) && !names.includes(domain.name)) names.push(domain.name)
    }
  }
  return names
}

function inUse(message: string): ProvisionError {
  return new ProvisionError('ERR_RBDKIT_IN_USE', 'removeLibvirt', `${message}. Nothing was changed`)
}

const both = ({ made, begun }: Entry): Readonly<Record<string, string>> => ({ ...made, ...begun })

/**
 * Takes away what `prepareLibvirt()` has made for this host: the storage pool, the secret and the files; and, for the last
 * host, the user and the pool. What it had found stays, as does what other hosts share. Refused while a domain of this host has a disk
 * there, and while the pool holds anything, unless `removeImages` says so.
 *
 * A removal is not taken back: after a failure or an abort, calling it again goes on.
 *
 * Errors: {@link ProvisionError} `ERR_RBDKIT_IN_USE`, `ERR_RBDKIT_STEP_FAILED` (`cause` `EPERM`: the cluster's `mon_allow_pool_delete` is off),
 * `ABORT_ERR`; `EACCES`; of libvirt; `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 *
 * @since 0.1.0
 */
export async function removeLibvirt(
  cluster: Cluster,
  connection: Connection,
  options: RemoveLibvirtOptions,
): Promise<RemovedLibvirt> {
  checkEnds(cluster, connection)
  const { signal, ...given } = checkOptions('options', options, known)
  checkProgress(options)
  const id = checkUserId('options.user', given.user)
  const poolName = checkPool('options.pool', given.pool)
  const hostOnly = checkBoolean('options.hostOnly', given.hostOnly, false)
  const removeImages = checkBoolean('options.removeImages', given.removeImages, false)
  const dryRun = checkBoolean('options.dryRun', given.dryRun, false)
  const records = new Records(cluster, poolName)
  try {
    const keys = recordKeys(`client.${id}`, await connection.hostname())
    await records.load([keys.cluster, keys.host], signal)
    const own = both(records.get(keys.host))
    const shared = both(records.get(keys.cluster))
    const asked = {
      pool: poolName,
      id,
      usage: own.secret ?? `client.${id} secret`,
      storagePool: own.storagePool,
      files:
        own.keyring === undefined ? undefined : { directory: own.keyring.replace(/\/[^/]*$/, '') || '/' },
      caps: {},
      pgNum: undefined,
      secretUuid: undefined,
    }
    const parts = await partsOf(cluster, connection, asked, signal, records)
    const { pool, all } = parts
    const there = new Set<Part>()
    for (const part of all) {
      if (part.of === 'host' && part.name !== 'secret') continue
      if ((await untilAborted(part.look(signal), signal)).is !== 'absent') there.add(part)
    }
    const domains = await domainsOf(parts)
    if (domains.length > 0) throw inUse(`domains of this host have disks there: ${domains.join(', ')}`)
    const everyone = await records.read('libvirt/', signal)
    const others = [...everyone.keys()].filter((key) => key !== keys.host && key !== keys.cluster)
    const ofUser = others.filter((key) => key.startsWith(`${keys.cluster} `))
    const left: { step: string; name: string; reason: string }[] = []
    const going = [...all].reverse().filter((part) => {
      const { name, label, of } = part
      if (of === 'host') return own[name] !== undefined
      if (!there.has(part)) return false
      const users = name === 'user' ? ofUser : others
      const reason = hostOnly
        ? 'only what this host has of its own is removed'
        : users.length > 0
          ? `others are prepared with it: ${users.map((key) => key.slice('libvirt/'.length)).join(', ')}`
          : shared[name] === undefined
            ? 'it was there before'
            : undefined
      if (reason !== undefined) left.push({ step: name, name: label, reason })
      return reason === undefined
    })
    if (going.includes(pool) && !removeImages) {
      const content = await pool.content(signal)
      if (content.length > 0)
        throw inUse(`the pool '${poolName}' holds ${content.join(', ')}; 'removeImages' removes it with them`)
    }
    if (dryRun) return { steps: going.map(({ name }) => ({ step: name, outcome: 'removed' })), left }
    await records.lock(`removeLibvirt ${keys.host}`, signal)
    const steps = going.map(
      (part): Step => ({
        name: part.name,
        async run() {
          const removed = part === pool && removeImages ? await pool.delete() : await part.remove()
          if (part !== pool) await records.forget(keys[part.of], part.name)
          return removed ? 'removed' : 'found'
        },
        undo: async () => false,
      }),
    )
    const results = await runSteps('removeLibvirt', steps, options)
    return { steps: results, left }
  } finally {
    await records.close()
  }
}
