/** This file runs the checks of a diagnosis, a few at a time, each in its own time. */

import { Cluster, versions } from '../../index.js'
import { Connection } from '../../libvirt/index.js'
import { messageOf } from '../errors.js'
import { checkUserId } from '../libvirt/options.js'
import { checkInstance, checkLine, checkOptions, invalid, type KnownOptions } from '../options.js'
import { untilAborted } from '../steps.js'
import { clocks, health, monitors, osds, versions as releases } from './cluster.js'
import type { Check, Context } from './context.js'
import { host } from './host.js'
import { lockers } from './images.js'
import { libvirtd, secrets, storagePools } from './libvirt.js'
import { blocklist, namedPools, pools, quotas } from './pools.js'
import type { DiagnoseOptions, Diagnosis, Finding, Severity } from './types.js'
import { namedUsers, user } from './users.js'

const CHECKS: readonly Check[] = [
  monitors,
  health,
  osds,
  releases,
  libvirtd,
  clocks,
  pools,
  quotas,
  namedPools,
  user,
  namedUsers,
  secrets,
  storagePools,
  host,
  blocklist,
  lockers,
]

/** Checks at the same time. */
const CONCURRENCY = 4

const ORDER: readonly Severity[] = ['error', 'warning', 'info']

const knownOptions: KnownOptions<DiagnoseOptions> = {
  pools: true,
  user: true,
  imagesPerPool: true,
  timeoutMs: true,
  signal: true,
}

function checkCount(name: string, value: unknown, fallback: number, low: number, high: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high)
    throw invalid(name, `must be a whole number from ${low} to ${high}`)
  return value
}

function checkDiagnose(options: DiagnoseOptions | undefined) {
  const given = checkOptions('options', options, knownOptions)
  const { pools, user, signal } = given
  if (pools !== undefined && !Array.isArray(pools)) throw invalid('options.pools', 'must be an array')
  for (const [i, pool] of (pools ?? []).entries()) checkLine(`options.pools[${i}]`, pool)
  if (signal !== undefined) checkInstance('options.signal', signal, AbortSignal)
  return {
    pools,
    user: user === undefined ? undefined : checkUserId('options.user', user),
    signal,
    imagesPerPool: checkCount('options.imagesPerPool', given.imagesPerPool, 1000, 0, 1_000_000),
    timeoutMs: checkCount('options.timeoutMs', given.timeoutMs, 15_000, 1, 600_000),
  }
}

/** One end of the diagnosis, or why it is not there. */
async function reached<T>(
  given: T | Promise<T>,
  limit: AbortSignal,
  report: (why: string) => void,
): Promise<T | undefined> {
  try {
    return await untilAborted(Promise.resolve(given), limit)
  } catch (error) {
    report(limit.aborted ? 'it does not answer in time' : messageOf(error))
    return undefined
  }
}

function notChecked(name: string, why: string): Finding {
  return {
    code: 'NOT_CHECKED',
    severity: 'warning',
    object: name,
    message: `The check '${name}' could not be made to its end: ${why}.`,
    remedy:
      'Call it as a user who may (client.admin), with more time (timeoutMs, --timeout), or see to what is said.',
  }
}

/**
 * Looks at the cluster, at libvirtd and at this host for what keeps machines on RBD from working, and says what to do about
 * each. Nothing is changed: libvirtd is asked to start a storage pool that cannot start, and no image is opened for writing.
 *
 * Either end may be a promise: one that rejects, or does not answer in time, is a finding, and what needs it is not looked at.
 * Both stay open. Without a connection to libvirt only the cluster is looked at. A check that fails, for the user may not do it, or that is not
 * answered within `timeoutMs`, is a finding, and the others go on.
 *
 * ```js
 * const { findings } = await diagnose(Cluster.connect(), Connection.open('qemu:///system'), { user: 'libvirt' })
 * for (const { severity, object, message, remedy } of findings) console.log(severity, object, message, remedy)
 * ```
 *
 * Errors: the reason of an aborted signal.
 *
 * @since 0.1.0
 */
export async function diagnose(
  cluster: Cluster | Promise<Cluster>,
  connection: Connection | Promise<Connection> | undefined,
  options?: DiagnoseOptions,
): Promise<Diagnosis> {
  const { signal, timeoutMs, ...about } = checkDiagnose(options)
  if (!(cluster instanceof Promise)) checkInstance('cluster', cluster, Cluster)
  if (connection !== undefined && !(connection instanceof Promise))
    checkInstance('connection', connection, Connection)
  const findings: Finding[] = []
  const checked: string[] = []
  const within = (): AbortSignal => {
    const timeout = AbortSignal.timeout(timeoutMs)
    return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  }
  const [openCluster, openConnection] = await Promise.all([
    reached(cluster, within(), (why) =>
      findings.push({
        code: 'CLUSTER_UNREACHABLE',
        severity: 'error',
        object: 'cluster',
        message: `The cluster cannot be reached: ${why}.`,
        remedy: "Look at 'mon host' of ceph.conf, the keyring, the network and the monitors: ceph -s",
      }),
    ),
    reached(connection, within(), (why) =>
      findings.push({
        code: 'LIBVIRT_UNREACHABLE',
        severity: 'error',
        object: 'libvirtd',
        message: `libvirtd cannot be reached: ${why}.`,
        remedy: 'Look at the URI, and at the daemon: systemctl status libvirtd virtqemud',
      }),
    ),
  ])
  signal?.throwIfAborted()
  // A check is made only with the ends that it needs.
  const context = {
    ...about,
    cluster: openCluster,
    connection: openConnection,
    versions: { ...versions() },
  } as Context
  const queue = CHECKS.filter(({ needs }) => needs.every((end) => context[end] !== undefined))
  const work = async (): Promise<void> => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      signal?.throwIfAborted()
      const limit = within()
      const { name } = check
      const report = (finding: Finding): void => {
        if (!limit.aborted) findings.push(finding)
      }
      try {
        await untilAborted(check.run(context, limit, report), limit)
        checked.push(name)
      } catch (error) {
        signal?.throwIfAborted()
        findings.push(
          notChecked(name, limit.aborted ? `not answered within ${timeoutMs / 1000} s` : messageOf(error)),
        )
      }
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  const rank = ({ severity }: Finding): number => ORDER.indexOf(severity)
  const sorted = findings.sort((a, b) => rank(a) - rank(b) || a.object.localeCompare(b.object))
  return { findings: sorted, checked, versions: context.versions }
}
