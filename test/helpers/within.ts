/** Waits that end, and say what the guest was doing when they did. */

import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { Domain } from 'rbdkit/libvirt'

const late: unique symbol = Symbol('late')

/** `late` when the promise has not settled by then. */
async function before<T>(ms: number, promise: Promise<T>): Promise<T | typeof late> {
  const over = new AbortController()
  const timer: Promise<typeof late> = sleep(ms, undefined, { signal: over.signal }).then(
    () => late,
    () => late,
  )
  try {
    return await Promise.race([promise, timer])
  } finally {
    over.abort()
  }
}

/** What a question comes to in a few seconds. */
async function answer(ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await before(5000, ask())
  } catch (error) {
    return String(error)
  }
}

/** Resolves as the promise; rejects when it has not in a minute, and tells whether libvirt and QEMU still answer. */
export async function within<T>(what: string, promise: Promise<T>, domain: Domain): Promise<T> {
  const result = await before(60_000, promise)
  if (result !== late) return result
  const told = {
    state: await answer(() => domain.state()),
    control: await answer(() => domain.controlInfo()),
    status: await answer(() => domain.qemuMonitorCommand('query-status')),
    jobs: await answer(() => domain.qemuMonitorCommand('query-jobs')),
  }
  throw new Error(`not within a minute: ${what}; ${inspect(told, { depth: 5 })}`)
}
