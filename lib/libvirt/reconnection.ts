// How often and how long a connection that has ended is opened again.
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Known, toOptions, toSize } from '../internal/validate.js'
import type { DomainStatus } from './domain-options.js'
import { systemError } from './errors.js'
import type { CloseReason } from './events.js'

/**
 * How a connection that has ended is opened again.
 *
 * @since 0.1.0
 */
export interface ReconnectOptions {
  /**
   * Milliseconds before the first attempt; before each next one twice as many. Up to half of a wait is left out at random, so
   * that many clients do not come back at once. Default 200.
   */
  minDelayMs?: number
  /** Most milliseconds between two attempts. Default 30 000. */
  maxDelayMs?: number
  /** Milliseconds after which it is given up. Default: it never is. */
  giveUpAfterMs?: number
}

/**
 * That a connection has been opened again. **What happened in between was told to nobody**; `domains` is how things are now.
 *
 * @since 0.1.0
 */
export interface Reconnected {
  /** Why it had ended. */
  reason: CloseReason
  /** Milliseconds from the end that was noticed until now. */
  awayMs: number
  /** How often it was tried. */
  attempts: number
  /** All domains, read after events were listened to again; empty where the daemon has none, as a network daemon. */
  domains: (DomainStatus & { domain: { name: string; uuid: string } })[]
}

/**
 * What a stream of events with `resume` tells beside events.
 *
 * @since 0.1.0
 */
export interface Resumed {
  reconnected: Reconnected
}

const reconnectOptions: Known<ReconnectOptions> = {
  minDelayMs: true,
  maxDelayMs: true,
  giveUpAfterMs: ['timeoutMs', 'timeout'],
}

/** A day; a timer takes no more than 24 of them. */
const longestMs = 86_400_000

/** The checked option; `undefined`: it is not opened again. */
export function toReconnect(given: boolean | ReconnectOptions | undefined): Schedule | undefined {
  if (given === undefined || given === false) return undefined
  const options = toOptions('options.reconnect', given === true ? {} : given, reconnectOptions)
  const minDelayMs = toSize('options.reconnect.minDelayMs', options.minDelayMs ?? 200, 1, longestMs)
  const maxDelayMs = toSize('options.reconnect.maxDelayMs', options.maxDelayMs ?? 30_000, 1, longestMs)
  const giveUpAfterMs =
    options.giveUpAfterMs === undefined
      ? Number.POSITIVE_INFINITY
      : toSize('options.reconnect.giveUpAfterMs', options.giveUpAfterMs, 1)
  return { minDelayMs: Math.min(minDelayMs, maxDelayMs), maxDelayMs, giveUpAfterMs }
}

/** The options with their defaults. */
export type Schedule = Required<ReconnectOptions>

/**
 * Calls `attempt` until it succeeds, and gives how often that was. Rejects with `ETIMEDOUT` when it is given up, with what
 * failed last as its `cause`; with the signal's reason.
 */
export async function untilReconnected(
  schedule: Schedule,
  attempt: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  uri: string | undefined,
): Promise<number> {
  const end = performance.now() + schedule.giveUpAfterMs
  let delay = schedule.minDelayMs
  let cause: unknown
  for (let attempts = 1; ; attempts++) {
    const wait = delay * (0.5 + 0.5 * Math.random())
    await sleep(Math.max(0, Math.min(wait, end - performance.now())), undefined, { signal })
    const left = end - performance.now()
    if (left <= 0) {
      const text = `the daemon has not come back within ${schedule.giveUpAfterMs / 1000} s`
      throw Object.assign(systemError(-constants.errno.ETIMEDOUT, { syscall: 'virConnectOpen', uri }, text), {
        cause,
      })
    }
    const limit = left < longestMs ? AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(left))]) : signal
    try {
      await attempt(limit)
      return attempts
    } catch (error) {
      signal.throwIfAborted()
      // That its time was over says nothing of why; what the one before it failed with does.
      if (error !== limit.reason) cause = error
      else cause ??= error
    }
    delay = Math.min(2 * delay, schedule.maxDelayMs)
  }
}
