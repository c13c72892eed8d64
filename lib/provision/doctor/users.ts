/** This check is about the users of the guests: what they may do against what they need. */

import type { Capabilities } from '../../index.js'
import { isCode } from '../record.js'
import { type Check, type Context, poolsOf, references } from './context.js'
import type { Finding } from './types.js'

function grants(text: string | undefined): string[] {
  return (text ?? '').split(/[,;]/).map((one) => one.trim().replaceAll(/\s+/g, ' '))
}

/** Whether a grant to OSDs lets a client read and write images of the pool, and call the RBD class. */
function coversPool(grant: string, pool: string): boolean {
  const profile = /^(?:allow )?profile rbd(?= |$)/.test(grant)
  const [, permissions = ''] = /^allow (\S+)/.exec(grant) ?? []
  const whole = permissions === '*' || /^(?=.*r)(?=.*w)(?=.*x)[rwx]+$/.test(permissions)
  if (!profile && !whole) return false
  if (/ (?:object_prefix|namespace|tag)[ =]/.test(grant)) return false
  const [, named] = / pool[ =]["']?([^"' ]+)/.exec(grant) ?? []
  return named === undefined || named === pool
}

/** What these capabilities lack for images of the pools. */
export function capsFindings(entity: string, caps: Capabilities, pools: readonly string[]): Finding[] {
  const mon = grants(caps.mon)
  const osd = grants(caps.osd)
  const remedy = `ceph auth caps ${entity} mon 'profile rbd' osd '${pools.map((pool) => `profile rbd pool=${pool}`).join(', ')}'`
  const reads = mon.some((grant) => /^allow (?:\*|r)|^(?:allow )?profile rbd\b/.test(grant))
  const uncovered = pools.filter((pool) => !osd.some((grant) => coversPool(grant, pool)))
  const lacks = [
    ...(reads ? [] : ['may not read the maps of the monitors']),
    ...uncovered.map((pool) => `may not write images of the pool ${pool}`),
  ]
  const insufficient: Finding[] = lacks.map((lack) => ({
    code: 'CAPS_INSUFFICIENT',
    severity: 'error',
    object: entity,
    message: `The user ${entity} ${lack}.`,
    remedy,
  }))
  const blocklists = mon.some((grant) =>
    /^allow \*|^(?:allow )?profile rbd(?: |$)|osd bl(?:ock|ack)list/.test(grant),
  )
  if (!reads || blocklists) return insufficient
  return [
    ...insufficient,
    {
      code: 'CAPS_NO_BLOCKLIST',
      severity: 'warning',
      object: entity,
      message: `The user ${entity} may not put a dead client on the blocklist, so the locks of a host that died stay.`,
      remedy,
    },
  ]
}

/** Whose guests use which pools. */
async function usersOf(context: Context, signal: AbortSignal): Promise<Map<string, Set<string>>> {
  const users = new Map<string, Set<string>>()
  const add = (user: string, pool: string): void => {
    users.set(user, (users.get(user) ?? new Set()).add(pool))
  }
  if (context.user !== undefined)
    for (const pool of context.pools ?? (await poolsOf(context, signal)).map((one) => one.pool_name))
      add(context.user, pool)
  return users
}

async function check(
  { cluster }: Context,
  users: ReadonlyMap<string, ReadonlySet<string>>,
  signal: AbortSignal,
  report: (finding: Finding) => void,
): Promise<void> {
  for (const [user, pools] of users) {
    const entity = `client.${user}`
    try {
      const { caps } = await cluster.auth.get(entity, { signal })
      for (const finding of capsFindings(entity, caps, [...pools])) report(finding)
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error
      const [pool = 'POOL'] = pools
      report({
        code: 'USER_MISSING',
        severity: 'error',
        object: entity,
        message: `There is no user ${entity}.`,
        remedy: `rbdkit host prepare ${pool} ${user}`,
      })
    }
  }
}

/** The user that was asked for. */
export const user: Check = {
  name: 'user',
  needs: ['cluster'],
  async run(context, signal, report) {
    await check(context, await usersOf(context, signal), signal, report)
  },
}

/** The users that libvirt's documents name, with their pools. */
export const namedUsers: Check = {
  name: 'users of libvirt',
  needs: ['cluster', 'connection'],
  async run(context, signal, report) {
    const given = await usersOf(context, signal)
    const users = new Map<string, Set<string>>()
    for (const { user, pool } of await references(context, signal))
      if (user !== undefined && given.get(user)?.has(pool) !== true)
        users.set(user, (users.get(user) ?? new Set()).add(pool))
    await check(context, users, signal, report)
  },
}
