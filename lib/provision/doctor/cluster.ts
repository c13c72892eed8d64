/** These checks are about the cluster as a whole: its daemons, its health, its space. */

import { setTimeout as sleep } from 'node:timers/promises'
import { capabilities } from '../../index.js'
import { type Check, osdDump } from './context.js'
import type { Finding, FindingCode } from './types.js'

/** Milliseconds that one monitor may take; those that are down cost this long and no more. */
const MONITOR_MS = 5000

interface Health {
  readonly checks: Readonly<
    Record<string, { severity: string; summary: { message: string }; muted?: boolean }>
  >
}

/** Health checks that have a code of their own here. */
const OWN: Readonly<Record<string, FindingCode>> = {
  OSD_FULL: 'FULL',
  OSD_BACKFILLFULL: 'NEARFULL',
  OSD_NEARFULL: 'NEARFULL',
  POOL_FULL: 'FULL',
  POOL_NEAR_FULL: 'NEARFULL',
  POOL_BACKFILLFULL: 'NEARFULL',
  MON_CLOCK_SKEW: 'CLOCK_SKEW',
}

const REMEDIES: Partial<Record<FindingCode, string>> = {
  FULL: 'Remove what is not needed, raise the quota, or add OSDs: ceph df detail',
  NEARFULL: 'Remove what is not needed, raise the quota, or add OSDs: ceph df detail',
  CLOCK_SKEW: 'Have chrony or another time service run on each monitor: ceph time-sync-status',
}

/** What `ceph health` says, as findings. Muted checks need nobody's attention. */
export function healthFindings({ checks }: Health): Finding[] {
  return Object.entries(checks).map(([name, { severity, summary, muted }]) => {
    const code = OWN[name] ?? 'CLUSTER_HEALTH'
    return {
      code,
      severity: muted === true ? 'info' : severity === 'HEALTH_ERR' || code === 'FULL' ? 'error' : 'warning',
      object: name,
      message: `The cluster says ${summary.message}${muted === true ? ' (muted)' : ''}.`,
      remedy: REMEDIES[code] ?? 'ceph health detail',
    }
  })
}

export const health: Check = {
  name: 'health',
  needs: ['cluster'],
  async run({ cluster }, signal, report) {
    const found = await cluster.monitorCommand<Health>({ prefix: 'health' }, { signal })
    for (const finding of healthFindings(found)) report(finding)
  },
}

/** The release that this host's librados has at least, by what it can do (docs/guide/releases.md). */
function libraryRelease(): number {
  const { librados, librbd } = capabilities()
  const has = (library: Record<string, boolean> | string, name: string): boolean =>
    typeof library === 'object' && library[name] === true
  if (has(librbd, 'rbd_group_get_id')) return 20
  return has(librados, 'rados_aio_stat2') ? 18 : 16
}

/** Kinds and versions of daemons as `ceph versions` has them. */
export function daemonVersions(
  answer: Readonly<Record<string, Readonly<Record<string, number>>>>,
): Record<string, number> {
  const found: Record<string, number> = {}
  for (const [kind, versions] of Object.entries(answer)) {
    if (kind === 'overall') continue
    for (const [text, count] of Object.entries(versions)) {
      const version = /^ceph version (\S+)/.exec(text)?.[1] ?? text
      found[`${kind} ${version}`] = count
    }
  }
  return found
}

/** What does not fit together of these daemons. */
export function mixedFinding(daemons: Readonly<Record<string, number>>): Finding | undefined {
  const releases = new Set(Object.keys(daemons).map((one) => one.split(' ')[1]))
  if (releases.size < 2) return undefined
  return {
    code: 'DAEMONS_MIXED',
    severity: 'warning',
    object: 'cluster',
    message: `The cluster's daemons are of ${releases.size} versions: ${Object.keys(daemons).join(', ')}.`,
    remedy: 'Finish the upgrade; monitors first, then managers, then OSDs: ceph versions',
  }
}

export const versions: Check = {
  name: 'versions',
  needs: ['cluster'],
  async run({ cluster, versions }, signal, report) {
    const answer = await cluster.monitorCommand<Record<string, Record<string, number>>>(
      { prefix: 'versions' },
      { signal },
    )
    const daemons = daemonVersions(answer)
    versions.daemons = daemons
    const mixed = mixedFinding(daemons)
    if (mixed) report(mixed)
    const { requiredClient } = await cluster.minCompatible({ signal })
    const ours = libraryRelease()
    if (requiredClient > ours)
      report({
        code: 'LIBRARY_TOO_OLD',
        severity: 'error',
        object: 'librados',
        message: `The cluster takes clients of Ceph ${requiredClient} and newer, and this host's librados may be older: it is known to be ${ours} only.`,
        remedy: `Install librados and librbd of Ceph ${requiredClient} or newer on this host.`,
      })
  },
}

export const monitors: Check = {
  name: 'monitors',
  needs: ['cluster'],
  async run({ cluster }, signal, report) {
    const { mons, quorum = [] } = await cluster.monitorCommand<{
      mons: { name: string; rank: number }[]
      quorum?: number[]
    }>({ prefix: 'mon dump' }, { signal })
    const ask = async ({ name, rank }: { name: string; rank: number }): Promise<void> => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(MONITOR_MS)])
      const why = await cluster
        .monitorCommand({ prefix: 'mon_status' }, { target: name, signal: limit })
        .then(
          () => undefined,
          () => `does not answer this host within ${MONITOR_MS / 1000} s`,
        )
      const reason = why ?? (quorum.includes(rank) ? undefined : 'is not in the quorum')
      if (reason !== undefined && !signal.aborted)
        report({
          code: 'MONITOR_UNREACHABLE',
          severity: 'error',
          object: `mon.${name}`,
          message: `The monitor ${reason}.`,
          remedy: `Start it, or look at the network between: systemctl start ceph-mon@${name}; ceph mon remove ${name} when it is gone for good.`,
        })
    }
    await Promise.all(mons.map(ask))
    signal.throwIfAborted()
  },
}

export const osds: Check = {
  name: 'osds',
  needs: ['cluster'],
  async run(context, signal, report) {
    for (const { osd, up } of (await osdDump(context, signal)).osds)
      if (up === 0)
        report({
          code: 'OSD_DOWN',
          severity: 'warning',
          object: `osd.${osd}`,
          message: `osd.${osd} is down, so fewer copies of its data are left.`,
          remedy: `systemctl start ceph-osd@${osd}`,
        })
  },
}

/** Seconds by which this host and the cluster may differ: the manager's time is that old when it is read. */
const HOST_SKEW_S = 15

/** What is wrong with this host's clock; the stamp is that of a summary that is made every few seconds. */
export function hostSkew(stamp: string, now: Date): Finding | undefined {
  const text = stamp.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
  const seconds = Math.round((now.getTime() - Date.parse(text)) / 1000)
  if (!(Math.abs(seconds) > HOST_SKEW_S)) return undefined
  return {
    code: 'CLOCK_SKEW',
    severity: 'warning',
    object: 'this host',
    message: `This host's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the cluster's manager.`,
    remedy: 'Have chrony or another time service run on this host: chronyc tracking',
  }
}

/** What the monitors say of each other's clocks. */
export function monitorSkews({ time_skew_status = {} }: TimeSync): Finding[] {
  return Object.entries(time_skew_status).flatMap(([name, { skew, health }]) =>
    health === 'HEALTH_OK'
      ? []
      : [
          {
            code: 'CLOCK_SKEW',
            severity: 'warning',
            object: `mon.${name}`,
            message: `The clock of the monitor differs by ${Math.abs(skew)} s from that of the leader.`,
            remedy: 'Have chrony or another time service run on its host: chronyc tracking',
          },
        ],
  )
}

interface TimeSync {
  readonly time_skew_status?: Readonly<Record<string, { skew: number; health: string }>>
}

export const clocks: Check = {
  name: 'clocks',
  needs: ['cluster'],
  async run({ cluster }, signal, report) {
    const sync = await cluster.monitorCommand<TimeSync>({ prefix: 'time-sync-status' }, { signal })
    for (const finding of monitorSkews(sync)) report(finding)
    const stamp = async (): Promise<string> => {
      const answer = await cluster.managerCommand<{ pg_map: { stamp: string } }>(
        { prefix: 'pg dump', dumpcontents: ['summary'] },
        { signal },
      )
      return answer.pg_map.stamp
    }
    const first = hostSkew(await stamp(), new Date())
    if (first === undefined) return
    // A manager that has just begun gives an old one.
    await sleep(6000, undefined, { signal })
    const second = hostSkew(await stamp(), new Date())
    if (second) report(second)
  },
}
