/** These checks are about pools: what images need of them, and what is left in them. */

import { networkInterfaces } from 'node:os'
import { type Check, osdDump, poolsOf, references } from './context.js'
import type { Finding } from './types.js'

/** The share of a quota from which on it is told of. */
const QUOTA_SHARE = 0.85

export const pools: Check = {
  name: 'pools',
  needs: ['cluster'],
  async run(context, signal, report) {
    const { pools: wanted } = context
    const { pools } = await osdDump(context, signal)
    const known = new Set(pools.map(({ pool_name }) => pool_name))
    for (const pool of wanted ?? []) if (!known.has(pool)) report(missing(pool, 'It was asked for'))
    for (const { pool_name: pool, flags_names, application_metadata } of pools) {
      const applications = Object.keys(application_metadata)
      const meant = wanted?.includes(pool) ?? (applications.length === 0 || applications.includes('rbd'))
      if (!meant) continue
      if (flags_names.split(',').includes('pool_snaps'))
        report({
          code: 'POOL_SNAPSHOT_MODE',
          severity: 'error',
          object: pool,
          message: `The pool ${pool} has snapshots of the pool, so images in it can have none of their own.`,
          remedy: `Move its images to a new pool: a pool that had one stays so, also after ceph osd pool rmsnap ${pool}.`,
        })
      if (!applications.includes('rbd'))
        report({
          code: 'POOL_NO_APPLICATION',
          severity: 'warning',
          object: pool,
          message: `The pool ${pool} has ${applications.length === 0 ? 'no application' : `the application ${applications.join(', ')}, not rbd`}.`,
          remedy: `ceph osd pool application enable ${pool} rbd, when it is for images`,
        })
    }
  },
}

function missing(pool: string, why: string): Finding {
  return {
    code: 'POOL_MISSING',
    severity: 'error',
    object: pool,
    message: `There is no pool ${pool}. ${why}.`.replace(
      /\. ([A-Z])/,
      (_, first: string) => `; ${first.toLowerCase()}`,
    ),
    remedy: `ceph osd pool create ${pool} && rbd pool init ${pool}, or name the right one`,
  }
}

/** Pools that libvirt's documents name and the cluster has not. */
export const namedPools: Check = {
  name: 'pools of libvirt',
  needs: ['cluster', 'connection'],
  async run(context, signal, report) {
    const known = (await osdDump(context, signal)).pools.map(({ pool_name }) => pool_name)
    for (const { of, pool } of await references(context, signal))
      if (!known.includes(pool)) report(missing(pool, `It is named by ${of}`))
  },
}

interface PoolUsage {
  readonly name: string
  readonly stats: {
    readonly stored?: number
    readonly bytes_used: number
    readonly objects: number
    readonly quota_bytes: number
    readonly quota_objects: number
  }
}

/** A quota that is reached, or nearly; `undefined`: neither, or none. */
export function quotaFinding({ name, stats }: PoolUsage): Finding | undefined {
  const shares = [
    stats.quota_bytes > 0 ? (stats.stored ?? stats.bytes_used) / stats.quota_bytes : 0,
    stats.quota_objects > 0 ? stats.objects / stats.quota_objects : 0,
  ]
  const share = Math.max(...shares)
  if (share < QUOTA_SHARE) return undefined
  return {
    code: 'POOL_QUOTA',
    severity: share >= 1 ? 'error' : 'warning',
    object: name,
    message: `The pool ${name} has used ${Math.floor(share * 100)} % of its quota${share >= 1 ? ', so writes fail or wait' : ''}.`,
    remedy: `Remove images, or ceph osd pool set-quota ${name} ${shares[0] === share ? 'max_bytes' : 'max_objects'} MORE`,
  }
}

export const quotas: Check = {
  name: 'quotas',
  needs: ['cluster'],
  async run(context, signal, report) {
    const about = new Set((await poolsOf(context, signal)).map(({ pool_name }) => pool_name))
    const { pools } = await context.cluster.monitorCommand<{ pools: PoolUsage[] }>(
      { prefix: 'df', detail: 'detail' },
      { signal },
    )
    for (const pool of pools) {
      const finding = about.has(pool.name) ? quotaFinding(pool) : undefined
      if (finding) report(finding)
    }
  },
}

/** An entry of the blocklist as a finding when it is about one of these addresses; `own` is this connection's. */
export function blocklistFinding(
  entry: string,
  until: string,
  addresses: readonly string[],
  own: string,
): Finding | undefined {
  const [, host = '', nonce] = /^\[?([^\]]+?)\]?:\d+\/(\d+)$/.exec(entry) ?? []
  if (!addresses.includes(host)) return undefined
  const whole = nonce === '0'
  const mine = own.endsWith(`/${nonce}`)
  const who = whole ? 'all clients of this host' : mine ? 'this very client' : 'a client of this host'
  return {
    code: 'BLOCKLISTED',
    severity: whole || mine ? 'error' : 'info',
    object: entry,
    message: `The cluster shuts out ${who} until ${until}.`,
    remedy: `When it is known to be well: ceph osd blocklist rm ${entry}`,
  }
}

export const blocklist: Check = {
  name: 'blocklist',
  needs: ['cluster'],
  async run(context, signal, report) {
    const addresses = Object.values(networkInterfaces())
      .flat()
      .flatMap((one) => (one === undefined ? [] : [one.address]))
    const own = await context.cluster.address({ signal })
    const { blocklist = {} } = await osdDump(context, signal)
    for (const [entry, until] of Object.entries(blocklist)) {
      const finding = blocklistFinding(entry, until, addresses, own)
      if (finding) report(finding)
    }
  },
}
