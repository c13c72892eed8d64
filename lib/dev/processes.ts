/**
 * This file knows which processes are ours. Every process started here carries a random id in its environment and
 * names the private directory on its command line; both must hold before a signal is sent, and the start time is
 * compared again right before, so that a recycled pid is never touched. Source of the format: proc(5).
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The environment variable that marks our processes. */
export const ID_VARIABLE = 'RBDKIT_DEV_ID'

/** A process, safe against reuse of its pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot: field 22 of `/proc/<pid>/stat`, with the boot's id. */
  readonly startTime: string
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id').trim()
}

/** The identity of a running process; `undefined` when it is gone or has already ended (zombie). */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  // the command name is in parentheses and may itself hold spaces and parentheses
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  const ticks = fields[19]
  if (state === undefined || ticks === undefined || state === 'Z' || state === 'X') return undefined
  return { pid, startTime: `${bootId()}:${ticks}` }
}

/** Whether this very process still runs. */
export function isRunning(known: ProcessIdentity): boolean {
  return identify(known.pid)?.startTime === known.startTime
}

/** The pid namespace this process sees: pids from another one mean nothing here. */
export function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

/** All running processes that carry `id` and name something below `directory` on their command line. */
export function findProcesses(id: string, directory: string): ProcessIdentity[] {
  const mark = `${ID_VARIABLE}=${id}`
  const found: ProcessIdentity[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const pid = Number(entry)
    if (pid === process.pid) continue
    const identity = identify(pid)
    if (identity === undefined) continue
    if (!readText(`/proc/${entry}/cmdline`).includes(`${directory}/`)) continue
    if (readText(`/proc/${entry}/environ`).split('\0').includes(mark)) found.push(identity)
  }
  return found
}

/** Sends a signal if it is still the same process. */
export function signalProcess(known: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(known)) return
  try {
    process.kill(known.pid, signal)
  } catch {
    // it ended between the check and the signal
  }
}

/**
 * Ends every process of `findProcesses(id, directory)`, also those that are started meanwhile: SIGTERM, and SIGKILL
 * after `graceMs` (0: at once). Resolves with those that still run ten seconds after SIGKILL.
 */
export async function endProcesses(
  id: string,
  directory: string,
  graceMs: number,
): Promise<ProcessIdentity[]> {
  const began = Date.now()
  const signalled = new Map<string, ProcessIdentity>()
  let last: NodeJS.Signals | undefined
  for (;;) {
    const age = Date.now() - began
    const signal = age >= graceMs ? 'SIGKILL' : 'SIGTERM'
    for (const found of findProcesses(id, directory)) {
      const key = `${found.pid}/${found.startTime}`
      if (signalled.has(key) && signal === last) continue
      signalled.set(key, found)
      signalProcess(found, signal)
    }
    last = signal
    // a process without memory has no command line any more, but may still be ending its pid namespace
    const left = [...signalled.values()].filter(isRunning)
    if (left.length === 0 && findProcesses(id, directory).length === 0) return []
    if (age > graceMs + 10_000) return left
    await sleep(20)
  }
}
