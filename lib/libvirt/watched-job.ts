// What watches a job that libvirt runs by itself: it listens to the events before the job begins.
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { untilAborted } from '../internal/call-options.js'
import type { JobOptions } from '../internal/job.js'
import { onAbort } from '../internal/on-abort.js'
import type { Domain } from './domain.js'
import type { DomainEventMap } from './domain-events.js'
import { listening } from './domain-wait.js'
import { systemError } from './errors.js'
import type { Events } from './events.js'

/** How often the progress is asked for. */
const pollMs = 250

/** Something that happens once. */
export class Gate {
  isOpen = false
  open: () => void = () => {}
  readonly opened = new Promise<void>((resolve) => {
    this.open = () => {
      this.isOpen = true
      resolve()
    }
  })
}

/**
 * The events of `events`. Those that came before the job had begun may be of an earlier one (`early`): they are told once
 * it has, the newest first, for only the last end can be its own.
 */
export async function* sinceBegun<E>(
  events: Events<E>,
  begun: Gate,
  end: () => Error,
): AsyncGenerator<{ event: E; early: boolean }, never> {
  const early: E[] = []
  let next = events.next()
  while (!begun.isOpen) {
    const told = await Promise.race([next, begun.opened])
    if (told === undefined) break
    if (told.done) throw end()
    early.push(told.value)
    next = events.next()
  }
  next.catch(() => {}) // whoever reads on hears of it
  for (const event of early.reverse()) yield { event, early: true }
  for (; ; next = events.next()) {
    const told = await next
    if (told.done) throw end()
    yield { event: told.value, early: false }
  }
}

/** What is begun, and how it is watched. */
interface Beginning<K extends keyof DomainEventMap, P, R> {
  domain: Domain
  /** How errors call it. */
  what: string
  /** The function that `begin` calls. */
  syscall: string
  begin: () => Promise<unknown>
  /** The events that tell of its end. */
  kind: K
  /** Settles as the job ends. `end`: why there are no more events. */
  until: (events: Events<DomainEventMap[K]>, begun: Gate, end: () => Error) => Promise<R>
  /** How far it is. */
  info: () => Promise<P | undefined>
  /** Ends the job of which nobody wants to know more. The domain may be closing: it is open until this has begun. */
  cancel: () => Promise<unknown>
  options: JobOptions<P>
}

/** Rejects when the domain stops: its jobs are gone then, and libvirt tells of none of them. */
async function untilStopped(
  { domain, what, syscall }: { domain: Domain; what: string; syscall: string },
  life: Events<DomainEventMap['lifecycle']>,
  end: () => Error,
): Promise<never> {
  for (;;) {
    const { done, value } = await life.next()
    if (done) throw end()
    if (value.event !== 'stopped') continue
    const text = `the domain has stopped (${value.detail}), and with it ${what}`
    throw systemError(-constants.errno.ESRCH, domain.context(syscall), text)
  }
}

/** Tells the progress until `over`, whose abort is the end of it. */
async function report<P>(
  info: () => Promise<P | undefined>,
  onProgress: ((progress: P) => void) | undefined,
  over: AbortSignal,
  failed: (error: unknown) => void,
): Promise<void> {
  while (onProgress !== undefined && !over.aborted) {
    // The events tell of what is wrong.
    const progress = await info().catch(() => undefined)
    if (over.aborted) return
    try {
      if (progress !== undefined) onProgress(progress)
    } catch (error) {
      return failed(error)
    }
    await sleep(pollMs, undefined, { signal: over }).catch(() => {})
  }
}

/** Begins a job, and resolves with what `made` makes of its end once it has begun. */
export function startWatched<K extends keyof DomainEventMap, P, R, J>(
  beginning: Beginning<K, P, R>,
  made: (done: Promise<R>) => J,
): Promise<J> {
  const { domain, syscall, begin, kind, until, info, options } = beginning
  const { signal } = options
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const ends = new AbortController()
    const over = new AbortController()
    const unlisten = signal && onAbort(signal, () => ends.abort(signal.reason))
    const begun = new Gate()
    const cancel = (): void => void beginning.cancel().catch(() => {})
    const beginOrCancel = async (): Promise<void> => {
      await begin()
      if (ends.signal.aborted) cancel()
      else onAbort(ends.signal, () => !over.signal.aborted && domain.open && cancel())
    }
    const run = listening(domain, [kind, 'lifecycle'], ends.signal, async (opened) => {
      const [events, life] = opened as unknown as [
        Events<DomainEventMap[K]>,
        Events<DomainEventMap['lifecycle']>,
      ]
      const end = (): Error => (ends.signal.aborted ? ends.signal.reason : domain.closedError(syscall))
      const outcome = Promise.race([until(events, begun, end), untilStopped(beginning, life, end)])
      outcome.catch(() => {}) // while it begins nobody listens yet
      await domain.lend(syscall, beginOrCancel)
      begun.open()
      void report(info, options.onProgress, over.signal, (error) => ends.abort(error))
      return await outcome
    })
    const done = untilAborted(run, ends.signal).finally(() => {
      over.abort()
      unlisten?.()
    })
    done.catch(reject)
    begun.opened.then(() => resolve(made(done)))
  })
}
