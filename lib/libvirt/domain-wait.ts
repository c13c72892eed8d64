// What waits for a domain: by its events, to which it listens before it asks or does anything.
import { constants } from 'node:os'
import { untilAborted } from '../internal/call-options.js'
import { onAbort } from '../internal/on-abort.js'
import { toSignal, toSize } from '../internal/validate.js'
import type { DomainEventMap } from './domain-events.js'
import type { DomainLifecycle } from './domain-lifecycle.js'
import type { DomainState, DomainStatus, WaitOptions } from './domain-options.js'
import { LibvirtError, systemError } from './errors.js'
import { openEvents } from './event-kinds.js'
import type { Events } from './events.js'

/** A timer cannot be longer; it is as good as none. */
const longestTimerMs = 2 ** 31 - 1

interface Limits {
  timeoutMs: number | undefined
  signal: AbortSignal | undefined
}

export function toLimits({ timeoutMs, signal }: WaitOptions): Limits {
  return {
    timeoutMs: timeoutMs === undefined ? undefined : toSize('options.timeoutMs', timeoutMs),
    signal: toSignal(signal),
  }
}

/** Runs `use` until it settles, or rejects once its time is over or the caller's signal aborted, which aborts its own. */
async function within<T>(
  { timeoutMs, signal }: Limits,
  late: () => Error,
  use: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const ends = new AbortController()
  const unlisten = signal && onAbort(signal, () => ends.abort(signal.reason))
  const timer =
    timeoutMs !== undefined && timeoutMs <= longestTimerMs
      ? setTimeout(() => ends.abort(late()), timeoutMs)
      : undefined
  try {
    return await untilAborted(use(ends.signal), ends.signal)
  } finally {
    clearTimeout(timer)
    unlisten?.()
  }
}

/** Opens the domain's events of these kinds for `use`, and closes them afterwards or when the signal is aborted. */
export async function listening<K extends keyof DomainEventMap, T>(
  domain: DomainLifecycle,
  kinds: readonly K[],
  signal: AbortSignal,
  use: (events: Events<DomainEventMap[K]>[]) => Promise<T>,
): Promise<T> {
  const opened: Events<DomainEventMap[K]>[] = []
  // Nobody waits for it: what a daemon that has stopped says of it is of no use.
  const close = (): void => {
    for (const events of opened) events.close({ signal: AbortSignal.abort() }).catch(() => {})
  }
  const unlisten = onAbort(signal, close)
  try {
    for (const kind of kinds)
      opened.push(await openEvents(domain.connection, 'domain', kind, { signal }, domain))
    return await use(opened)
  } finally {
    unlisten()
    close()
  }
}

async function statusOrGone(domain: DomainLifecycle, wanted: DomainState): Promise<DomainStatus> {
  try {
    return await domain.state()
  } catch (error) {
    const gone = error instanceof LibvirtError && error.code === 'VIR_ERR_NO_DOMAIN'
    if (gone && wanted === 'shutoff') return { state: 'shutoff', reason: 'unknown' }
    throw error
  }
}

/** Waits until the domain is in the state, which it asks for after each event of its life. */
export async function untilState(
  domain: DomainLifecycle,
  wanted: DomainState,
  limits: Limits,
): Promise<DomainStatus> {
  limits.signal?.throwIfAborted()
  let status = await statusOrGone(domain, wanted)
  if (status.state === wanted) return status
  const late = (): Error =>
    systemError(
      -constants.errno.ETIMEDOUT,
      domain.context('virDomainGetState'),
      `the domain is not '${wanted}' but '${status.state}'`,
    )
  const listen = (signal: AbortSignal): Promise<DomainStatus> =>
    listening(domain, ['lifecycle'], signal, async ([events]) => {
      for (;;) {
        status = await statusOrGone(domain, wanted)
        if (status.state === wanted) return status
        const { done } = (await events?.next()) ?? { done: true }
        if (done) throw signal.aborted ? signal.reason : domain.closedError('virDomainGetState')
      }
    })
  return within(limits, late, async (signal) => {
    for (;;) {
      try {
        return await listen(signal)
      } catch (error) {
        if (!(await domain.connection.survives(error, signal))) throw error
      }
    }
  })
}

/** Resolves with the first event that is the one. */
async function firstOf<E>(events: Events<E>, wanted: (event: E) => boolean, end: () => Error): Promise<E> {
  for (;;) {
    const { done, value } = await events.next()
    if (done) throw end()
    if (wanted(value)) return value
  }
}

/** Begins to detach the running domain's device, and waits until the guest has let it go or refused, or has stopped. */
export function untilDetached(
  domain: DomainLifecycle,
  alias: string,
  begin: () => Promise<void>,
  limits: Limits,
): Promise<void> {
  const syscall = 'virDomainDetachDeviceAlias'
  const failed = (errno: number, text: string): Error => systemError(-errno, domain.context(syscall), text)
  const late = (): Error =>
    failed(constants.errno.ETIMEDOUT, `the guest has not let go of '${alias}' yet; it may still do so`)
  return within(limits, late, (signal) =>
    listening(domain, ['device-removed', 'device-removal-failed', 'lifecycle'], signal, async (opened) => {
      const [removed, refused, life] = opened as unknown as [
        Events<DomainEventMap['device-removed']>,
        Events<DomainEventMap['device-removal-failed']>,
        Events<DomainEventMap['lifecycle']>,
      ]
      const end = (): Error => (signal.aborted ? signal.reason : domain.closedError(syscall))
      const outcome = Promise.race([
        firstOf(removed, (event) => event.alias === alias, end),
        firstOf(life, ({ event }) => event === 'stopped', end),
        firstOf(refused, (event) => event.alias === alias, end).then(() => {
          throw failed(constants.errno.EBUSY, `the guest does not let go of '${alias}'`)
        }),
      ])
      outcome.catch(() => {}) // while it begins nobody listens yet
      await begin()
      await outcome
    }),
  )
}
