/**
 * One monitor's address.
 *
 * @since 0.1.0
 */
export interface Monitor {
  /** The monitor's name: `'a'`. */
  name: string
  /** IP address, without brackets. */
  host: string
  port: number
  /** The protocol spoken on this port: messenger version 1 or 2. */
  type: 'v1' | 'v2'
}

interface Address {
  type: string
  addr: string
}

interface MonitorMap {
  mons: { name: string; public_addrs?: { addrvec: Address[] }; addr?: string }[]
}

function parse(name: string, { type, addr }: Address): Monitor | undefined {
  const match = /^\[?([^\]]+?)\]?:(\d+)(?:\/\d+)?$/.exec(addr)
  if (match?.[1] === undefined || match[2] === undefined || (type !== 'v1' && type !== 'v2')) return undefined
  return { name, host: match[1], port: Number(match[2]), type }
}

/** The monitors of a `mon dump`, one address each: version 2 where there is one, as every client since Nautilus speaks it. */
export function parseMonitors(answer: unknown): Monitor[] {
  const monitors: Monitor[] = []
  for (const monitor of (answer as MonitorMap).mons) {
    const addresses = (monitor.public_addrs?.addrvec ?? [{ type: 'v1', addr: monitor.addr ?? '' }])
      .map((address) => parse(monitor.name, address))
      .filter((address) => address !== undefined)
    const best = addresses.find((address) => address.type === 'v2') ?? addresses[0]
    if (best) monitors.push(best)
  }
  return monitors
}
