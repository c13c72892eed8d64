/** Where processes listen: their sockets as the kernel tells them. Source of the format: proc(5), `/proc/net/tcp`. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** TCP's state of a socket that waits for connections; UDP has no such state, whoever is bound hears everybody. */
const TCP_LISTEN = '0A'

/** The processes whose command line names something below a directory. */
export function processesBelow(directory: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${directory}/`)
      } catch {
        return false
      }
    })
}

/** The kernel writes each 32-bit word of an address in the host's byte order, here little endian. */
function address(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse()
  return bytes.length === 4 ? bytes.join('.') : (bytes.toString('hex').match(/.{4}/g) ?? []).join(':')
}

/** Inodes of all sockets that a process has open. */
function socketsOf(pid: number): Set<string> {
  const inodes = new Set<string>()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined) inodes.add(inode)
    } catch {
      // closed meanwhile
    }
  }
  return inodes
}

/** `tcp 127.0.0.1:6800` for each socket on which one of the processes can be reached by others. */
export function listening(pid: number): string[] {
  const own = socketsOf(pid)
  const found: string[] = []
  for (const protocol of ['tcp', 'tcp6', 'udp', 'udp6']) {
    const rows = readFileSync(`/proc/${pid}/net/${protocol}`, 'utf8').trim().split('\n').slice(1)
    for (const row of rows) {
      // sl local remote state queues timer retransmits uid timeout inode
      const [, local = '', , state = '', , , , , , inode = ''] = row.trim().split(/\s+/)
      if (!own.has(inode) || (protocol.startsWith('tcp') && state !== TCP_LISTEN)) continue
      const [host = '', port = ''] = local.split(':')
      found.push(`${protocol} ${address(host)}:${Number.parseInt(port, 16)}`)
    }
  }
  return found
}
