import { onAbort } from './on-abort.js'
import { throwUncaught } from './uncaught.js'
import { invalidArgType, type Known, toOptions, toRecord, toSignal } from './validate.js'

/**
 * How a long operation is watched and ended.
 *
 * @since 0.1.0
 */
export interface JobOptions<P> {
  /** Ends the job early; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /**
   * Called with the progress, at most ten times a second. What it throws ends the job, which rejects with it, as if a
   * signal was aborted; when the work is done already, the job resolves, and what was thrown is an uncaught exception.
   */
  onProgress?: ((progress: P) => void) | undefined
}

/** The options of every job. */
export const jobOptions: Known<JobOptions<never>> = { signal: true, onProgress: ['progress'] }

/** What a job's work is given. */
export interface JobContext<P> {
  /** Aborted by the caller's signal, or because `onProgress` threw. */
  signal: AbortSignal
  report(progress: P): void
}

/** Checks the two, of whatever else there is. */
export function toJobOptions<P>(options: JobOptions<P> | undefined): JobOptions<P> {
  const { signal, onProgress } = toRecord('options', options)
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgType('options.onProgress', 'of type function', onProgress)
  }
  return { signal: toSignal(signal), onProgress }
}

/**
 * A long operation under way: `await job` gives its result, `for await (const p of job)` its progress.
 *
 * The operation starts at once, watched or not. A loop sees the newest progress each time round, the last one in
 * any case, and throws when the job fails. Leaving the loop stops watching, not the job; the signal ends the job.
 * A rejection counts as handled once anyone awaits or iterates.
 *
 * @since 0.1.0
 */
export class Job<P, R> implements PromiseLike<R>, AsyncIterable<P> {
  readonly #result: Promise<R>
  #progress: P | undefined
  /** How many reports there were. */
  #reports = 0
  #ended = false
  #news: Promise<void>
  #tell: () => void = () => {}

  /** @internal `start` is called at once. */
  constructor(options: JobOptions<P> | undefined, start: (context: JobContext<P>) => Promise<R>) {
    this.#news = this.#nextNews()
    this.#result = this.#run(options, start)
  }

  async #run(options: JobOptions<P> | undefined, start: (context: JobContext<P>) => Promise<R>): Promise<R> {
    const controller = new AbortController()
    let unlisten = (): void => {}
    try {
      const { signal, onProgress } = toJobOptions(options)
      if (signal?.aborted) controller.abort(signal.reason)
      else if (signal) unlisten = onAbort(signal, () => controller.abort(signal.reason))
      let thrown: { error: unknown } | undefined
      const report = (progress: P): void => {
        this.#progress = progress
        this.#reports++
        this.#announce()
        if (thrown) return
        try {
          onProgress?.(progress)
        } catch (error) {
          thrown = { error }
          controller.abort(error)
        }
      }
      const result = await start({ signal: controller.signal, report })
      if (thrown) throwUncaught((thrown as { error: unknown }).error)
      return result
    } finally {
      unlisten()
      this.#ended = true
      this.#announce()
    }
  }

  #nextNews(): Promise<void> {
    return new Promise((resolve) => {
      this.#tell = resolve
    })
  }

  #announce(): void {
    const tell = this.#tell
    this.#news = this.#nextNews()
    tell()
  }

  // biome-ignore lint/suspicious/noThenProperty: `await job` is what a job is for
  then<A = R, B = never>(
    onFulfilled?: ((value: R) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.then(onFulfilled, onRejected)
  }

  /** As `Promise.prototype.catch`. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<R | B> {
    return this.#result.catch(onRejected)
  }

  /** As `Promise.prototype.finally`. */
  finally(onFinally?: (() => void) | null): Promise<R> {
    return this.#result.finally(onFinally)
  }

  /** The progress, from the newest there is; each loop has its own. */
  [Symbol.asyncIterator](): AsyncIterator<P, undefined> {
    // Watching counts as handling: next() throws what the job rejects with.
    this.#result.catch(() => {})
    let seen = 0
    let left = false
    return {
      next: async () => {
        while (!left) {
          if (this.#reports > seen) {
            seen = this.#reports
            return { value: this.#progress as P, done: false }
          }
          if (this.#ended) {
            left = true
            await this.#result
            break
          }
          await this.#news
        }
        return { value: undefined, done: true }
      },
      return: async () => {
        left = true
        return { value: undefined, done: true }
      },
    }
  }
}

/** Starts a job with options that are none but `known`; what is wrong with them, it rejects with. */
export function startJob<P, R, O extends JobOptions<P>>(
  options: O | undefined,
  known: Known<NoInfer<O>>,
  start: (context: JobContext<P>, options: Partial<O>) => Promise<R>,
): Job<P, R> {
  return new Job<P, R>(options, (context) => start(context, toOptions('options', options, known)))
}
