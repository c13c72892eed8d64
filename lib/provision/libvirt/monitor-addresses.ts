/** This file compares monitors that a document names with those that the cluster has. */

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Cluster } from '../../index.js'

interface MonitorMap {
  mons: { name: string; public_addrs?: { addrvec: { addr: string }[] }; addr?: string }[]
}

/** One address of a monitor. */
interface Address {
  readonly host: string
  readonly port: string
}

/** What stands between a host's addresses and their ports: `10.0.0.1 6789`. */
function splitAddress(addr: string): Address | undefined {
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d+)(?:\/\d+)?$/.exec(addr) ?? []
  return host === undefined || port === undefined ? undefined : { host, port }
}

/** All addresses of each monitor: a document may name any. */
export async function monitorAddresses(cluster: Cluster, signal?: AbortSignal): Promise<Address[][]> {
  const { mons } = await cluster.monitorCommand<MonitorMap>({ prefix: 'mon dump' }, signal && { signal })
  return mons.map(({ public_addrs, addr = '' }) =>
    (public_addrs?.addrvec ?? [{ addr }])
      .map((one) => splitAddress(one.addr))
      .filter((one) => one !== undefined),
  )
}

/** Which monitor that is, by an address or a name of its host; -1: none of the cluster's. */
export async function indexOfMonitor(
  addresses: readonly (readonly Address[])[],
  host: string,
  port: number | undefined,
): Promise<number> {
  const found =
    isIP(host) > 0
      ? [host]
      : await lookup(host, { all: true }).then(
          (all) => all.map((one) => one.address),
          () => [],
        )
  return addresses.findIndex((monitor) =>
    monitor.some((one) => found.includes(one.host) && (port === undefined || one.port === String(port))),
  )
}
