import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Job, startJob } from '../../internal/job.js'
import { invalidArgType, invalidArgValue, type Known, toOneOf, toSize } from '../../internal/validate.js'
import { type IoCtx, toIoCtx } from '../../rados/ioctx.js'
import { type HostResult, mergeResults } from '../merge.js'
import { benchOptions, type CheckedOptions, checkOptions } from '../options.js'
import { shownOptions } from '../settings.js'
import type { BenchOptions, BenchResult } from '../types.js'
import { BenchWorkersError } from './errors.js'
import { codeOf, GroupLock, sweep, watchTimeoutMs } from './group.js'
import { assignImages, checkShared, encodeJob, toParts } from './job.js'
import { type Member, Members, readReplies } from './members.js'
import { encodeMessage, groupObject, isWorkerName, type MessageType, resultObject } from './protocol.js'
import { decodeResult, maxResultBytes } from './result-object.js'
import type { BenchImages, BenchWorkersOptions, BenchWorkersProgress } from './types.js'

const workersOptions: Known<BenchWorkersOptions> = {
  ...benchOptions,
  workers: ['hosts'],
  share: true,
  group: true,
  joinTimeoutMs: ['joinTimeout'],
  timeoutMs: ['timeout'],
}

const prepareEveryMs = 100
const statusEveryMs = 500
const joinEveryMs = 500
/** How long aborted workers and a cluster that does not answer may hold up the end. */
const cleanUpMs = 10_000

interface Checked {
  group: string
  workers: number | readonly string[] | undefined
  share: 'split' | 'all'
  images: BenchImages
  joinTimeoutMs: number
  timeoutMs: number
  options: CheckedOptions
}

function toWorkers(value: unknown, images: BenchImages): number | readonly string[] | undefined {
  if (value === undefined) return Array.isArray(images) ? undefined : Object.keys(images)
  if (!Array.isArray(value)) return toSize('options.workers', value, 1, 4096)
  if (value.length === 0) throw invalidArgValue('options.workers', 'must not be empty')
  for (const name of value)
    if (!isWorkerName(name)) throw invalidArgValue('options.workers', 'must be names of workers')
  if (new Set(value).size < value.length) throw invalidArgValue('options.workers', 'has a name twice')
  return value as string[]
}

function checkAll(images: BenchImages, given: Partial<BenchWorkersOptions>): Checked {
  const { workers, share, group, joinTimeoutMs, timeoutMs, signal, onProgress, ...options } = given
  if (typeof images !== 'object' || images === null)
    throw invalidArgType('images', 'an array of names or an object of arrays', images)
  return {
    group: groupObject('options.group', group),
    workers: toWorkers(workers, images),
    share: share === undefined ? 'split' : toOneOf('options.share', share, ['split', 'all']),
    images,
    joinTimeoutMs: toSize('options.joinTimeoutMs', joinTimeoutMs ?? 30_000, 0, 86_400_000),
    timeoutMs: toSize('options.timeoutMs', timeoutMs ?? 10_000, 2000, 3_600_000),
    options: checkOptions(options as BenchOptions, 1),
  }
}

/** One run, from the group's lock to its release. */
class Controller {
  readonly #ioctx: IoCtx
  readonly #given: Checked
  readonly #signal: AbortSignal
  readonly #report: (progress: BenchWorkersProgress) => void
  readonly #id = randomBytes(8).toString('hex')
  readonly #lock: GroupLock
  readonly #notifyMs: number
  /** Watches that did not answer the last notify. */
  #silent = 0

  constructor(
    ioctx: IoCtx,
    given: Checked,
    signal: AbortSignal,
    report: (progress: BenchWorkersProgress) => void,
  ) {
    this.#ioctx = ioctx
    this.#given = given
    this.#signal = signal
    this.#report = report
    this.#lock = new GroupLock(ioctx, given.group, given.timeoutMs + 5000)
    // A dead worker holds up each notify for so long: shorter than what counts as silence, for the others' sake.
    this.#notifyMs = Math.min(3000, 1000 * Math.floor(given.timeoutMs / 2000))
  }

  async run(): Promise<BenchResult> {
    await this.#takeLock()
    let members: Members | undefined
    let finished = false
    try {
      await sweep(this.#ioctx, this.#given.group)
      const present = await this.#gather()
      const assigned = assignImages(
        this.#given.images,
        this.#given.share,
        present.map(({ report }) => report.name),
      )
      checkShared(assigned, this.#given.options)
      const { timeoutMs, group, options } = this.#given
      const parts = toParts(assigned, options)
      await this.#ioctx.writeFull(group, encodeJob({ id: this.#id, timeoutMs, parts }))
      members = new Members(this.#id, timeoutMs, present)
      await this.#until(members, 'prepare', prepareEveryMs, 'ready')
      const startedWithinMs = await this.#go(members)
      await this.#until(members, 'status', statusEveryMs, 'done')
      const results = await this.#collect(parts, members)
      const merged = mergeResults(results, shownOptions(options))
      finished = true
      return { ...merged, started_within_ms: startedWithinMs }
    } finally {
      await this.#cleanUp(members, finished)
    }
  }

  async #sleep(ms: number): Promise<void> {
    this.#signal.throwIfAborted()
    try {
      await sleep(ms, undefined, { signal: this.#signal })
    } catch {
      throw this.#signal.reason
    }
  }

  async #takeLock(): Promise<void> {
    this.#signal.throwIfAborted()
    // A controller that was killed holds it for its time.
    const deadline = performance.now() + this.#given.timeoutMs + 6000
    while (!(await this.#lock.tryTake())) {
      if (performance.now() > deadline) {
        throw new BenchWorkersError(
          'ERR_RBDKIT_BENCH_WORKERS_BUSY',
          `another run uses the workers of '${this.#given.group}'`,
        )
      }
      await this.#sleep(joinEveryMs)
    }
  }

  async #notify(type: MessageType, signal: AbortSignal = this.#signal): Promise<Member[]> {
    const message = encodeMessage({ type, job: type === 'hello' ? undefined : this.#id })
    const options = { timeoutMs: this.#notifyMs, signal }
    const result = await this.#ioctx.notify(this.#given.group, message, options)
    this.#silent = result.timedOut.length
    return readReplies(result)
  }

  /**
   * Waits for the workers that are asked for, and, within bounds, until the watches of workers that died have gone: they
   * would hold up the answers to the start signal.
   */
  async #gather(): Promise<Member[]> {
    const patience = performance.now() + 1.5 * watchTimeoutMs
    for (;;) {
      const present = await this.#join()
      if (this.#silent === 0 || performance.now() > patience) return present
      await this.#sleep(joinEveryMs)
    }
  }

  async #join(): Promise<Member[]> {
    const { workers, joinTimeoutMs, group } = this.#given
    const deadline = performance.now() + joinTimeoutMs
    for (;;) {
      const present = await this.#notify('hello')
      await this.#lock.keep()
      present.sort((a, b) => a.report.name.localeCompare(b.report.name))
      const names = present.map(({ report }) => report.name)
      if (workers === undefined && present.length > 0) return present
      if (typeof workers === 'number' && present.length >= workers) return present.slice(0, workers)
      if (typeof workers === 'object' && workers.every((name) => names.includes(name)))
        return present.filter(({ report }) => workers.includes(report.name))
      if (performance.now() >= deadline) {
        const wanted =
          typeof workers === 'object'
            ? `no ${workers
                .filter((name) => !names.includes(name))
                .map((name) => `'${name}'`)
                .join(', ')}`
            : `fewer than ${workers ?? 1}`
        throw new BenchWorkersError(
          'ERR_RBDKIT_BENCH_WORKERS_MISSING',
          `there are ${wanted} of the workers of '${group}' in pool '${this.#ioctx.pool}' after ` +
            `${joinTimeoutMs} ms; ${names.length === 0 ? 'none has joined' : `there: ${names.join(', ')}`}`,
        )
      }
      await this.#sleep(joinEveryMs)
    }
  }

  /** Asks until all workers are in one of the states. */
  async #until(
    members: Members,
    type: MessageType,
    everyMs: number,
    ...states: Parameters<Members['reached']>
  ): Promise<void> {
    for (;;) {
      await this.#ask(members, type)
      this.#report(members.progress())
      members.check()
      if (members.reached(...states)) return
      await this.#sleep(everyMs)
    }
  }

  /** Lets all say how they are. What takes longer than a notify waits for them is the cluster's, which is away. */
  async #ask(members: Members, type: MessageType): Promise<void> {
    const began = performance.now()
    const replies = await this.#notify(type)
    await this.#lock.keep()
    members.update(replies)
    members.excuse(performance.now() - began - this.#notifyMs)
  }

  /**
   * The start signal is the notify itself, so nobody's clock matters. Each worker answers when its first operations are
   * under way: all began while this waited. Gives that time in milliseconds.
   */
  async #go(members: Members): Promise<number> {
    const before = performance.now()
    const replies = await this.#notify('go')
    const took = performance.now() - before
    members.update(replies)
    members.check()
    if (!members.reached('running', 'saving', 'done')) {
      const late = members
        .all()
        .filter(({ report }) => !['running', 'saving', 'done'].includes(report.state))
        .map(({ report: { name, host, pid, state } }) => ({
          name,
          host,
          pid,
          code: 'DEAD',
          message: `was ${state} and did not start with the others`,
        }))
      throw new BenchWorkersError(
        'ERR_RBDKIT_BENCH_WORKER_FAILED',
        `${late.length} of ${members.all().length} did not start:`,
        late,
      )
    }
    return took
  }

  async #collect(
    parts: readonly { worker: string }[],
    members: Members,
  ): Promise<[HostResult, ...HostResult[]]> {
    const { group } = this.#given
    const results: HostResult[] = []
    for (const [i, { worker }] of parts.entries()) {
      const report = members.all().find((member) => member.report.name === worker)?.report
      const { name = worker, host = '', pid = 0 } = report ?? {}
      try {
        const object = resultObject(group, this.#id, i)
        const { size } = await this.#ioctx.statObject(object)
        if (size > maxResultBytes) throw new Error(`its result has ${size} bytes`)
        results.push({ name, host, pid, result: decodeResult(await this.#ioctx.readObject(object)) })
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        const failed = [{ name, host, pid, code: codeOf(error), message }]
        throw new BenchWorkersError(
          'ERR_RBDKIT_BENCH_WORKER_FAILED',
          `1 of ${parts.length} worker failed:`,
          failed,
        )
      }
    }
    return results as [HostResult, ...HostResult[]]
  }

  /** Ends the workers' job and leaves nothing, whatever happened; but waits for nobody for ever. */
  async #cleanUp(members: Members | undefined, finished: boolean): Promise<void> {
    const limit = AbortSignal.timeout(cleanUpMs)
    const clean = async (): Promise<void> => {
      if (members !== undefined) await this.#dismiss(members, finished, limit)
      await sweep(this.#ioctx, this.#given.group)
      const hello = encodeMessage({ type: 'hello', job: undefined })
      const left = await this.#ioctx.notify(this.#given.group, hello, { timeoutMs: 1000, signal: limit })
      // The object goes with the last one who uses it, and the lock with the object.
      if (left.replies.length + left.timedOut.length === 0) await this.#ioctx.removeObject(this.#given.group)
      else await this.#lock.release()
    }
    const late = new Promise<void>((resolve) => {
      limit.addEventListener('abort', () => resolve(), { once: true })
    })
    // What went wrong before is what the caller has to know; the next run sweeps up what is left.
    await Promise.race([clean().catch(() => {}), late])
  }

  async #dismiss(members: Members, finished: boolean, limit: AbortSignal): Promise<void> {
    do {
      members.update(await this.#notify(finished ? 'end' : 'abort', limit))
      if (!members.busy()) return
      await sleep(prepareEveryMs, undefined, { signal: limit })
    } while (!limit.aborted)
  }
}

/**
 * Measures images from several hosts at once. On each a {@link BenchWorker} (or `rbdkit bench-worker`) waits for work in
 * the same pool and namespace; controller and workers reach each other through the cluster alone, by watches, notifies
 * and objects of the pool, of which nothing stays.
 *
 * All workers open their images first, then begin together: `started_within_ms` of the result says how close. Results
 * are merged as if one process had measured all: counts add, percentiles come from the sums of the buckets. CPU figures
 * are the sums of all hosts'.
 *
 * A worker that dies, refuses or fails ends the run, and the rejection names it; so does aborting. If this process dies,
 * the workers end by themselves after `timeoutMs`.
 *
 * Rejects with a {@link BenchWorkersError}; with the signal's reason; with a `CephError` when the pool cannot be used.
 *
 * Implements: rados_notify2, rados_lock_exclusive, rados_aio_write_full, rados_aio_read, rados_aio_remove.
 * @since 0.1.0
 */
export function benchWorkers(
  ioctx: IoCtx,
  images: BenchImages,
  options?: BenchWorkersOptions,
): Job<BenchWorkersProgress, BenchResult> {
  return startJob(options, workersOptions, async ({ signal, report }, checked) => {
    const given = checkAll(images, checked)
    const pool = toIoCtx('ioctx', ioctx)
    return pool.lend('benchWorkers', () => new Controller(pool, given, signal, report).run())
  })
}
