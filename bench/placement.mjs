// Which cores the client and the OSD run on.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The cores that this process may use: `0-3,8` as [0, 1, 2, 3, 8]. */
function allowedCores() {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

const cores = allowedCores()
const client = cores.slice(0, 2)
const others = cores.slice(2)

/**
 * Two cores for the client: its own thread and librbd's run side by side, and all sides have the same. Or as many as
 * the case wants.
 */
export function clientCores(count = client.length) {
  return client.slice(0, count).join(',')
}

/** Where there are other cores the OSDs get those; else they share the client's. */
export function placeDaemons(pids) {
  if (others.length < 2) return
  for (const pid of pids) execFileSync('taskset', ['-a', '-c', '-p', others.join(','), String(pid)])
}

export function placement(count) {
  const daemons = others.length < 2 ? cores : others
  return { client: clientCores(count), osd: daemons.join(',') }
}
