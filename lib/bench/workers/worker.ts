import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { CephError } from '../../errors.js'
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  toBoolean,
  toOptions,
  toText,
} from '../../internal/validate.js'
import { type IoCtx, toIoCtx } from '../../rados/ioctx.js'
import type { Watch } from '../../rados/watch.js'
import { BenchWorkersError } from './errors.js'
import { codeOf, GroupLock, sweep, watchTimeoutMs } from './group.js'
import { decodeJob, maxJobBytes, toImages } from './job.js'
import {
  decodeMessage,
  decodeReport,
  encodeMessage,
  encodeReport,
  groupObject,
  isWorkerName,
  type Message,
  type Report,
} from './protocol.js'
import type { BenchWorkerEvent, BenchWorkerOptions } from './types.js'
import { WorkerJob } from './worker-job.js'

const workerOptions: Known<BenchWorkerOptions> = {
  name: true,
  group: true,
  images: true,
  destructive: ['force'],
  onEvent: true,
}

const helloTimeoutMs = 1000
const rejoinMs = 1000
/** librados has a watch confirmed every five seconds. */
const confirmedMs = 8000

/** What the operator lets controllers do. */
export interface Allowed {
  images: ReadonlySet<string> | undefined
  destructive: boolean
}

function toAllowed(name: string, value: unknown): ReadonlySet<string> {
  const images = toImages(name, value)
  // The list says what may be lost; a snapshot's name in it would look as if it protected the image.
  if (images.some((image) => image.includes('@')))
    throw invalidArgValue(name, 'must be of images, not snapshots')
  return new Set(images)
}

/**
 * A process that runs benchmarks for {@link benchWorkers} of other processes, on this or other hosts. It joins by
 * watching an object of the pool, `rbdkit_bench.<group>`, and needs no connection but that to the cluster. It does what
 * the job in that object says, so a job can name only images of the ioctx's pool and namespace, or of the list that it
 * was started with, and only read unless it was started with `destructive`.
 *
 * @since 0.1.0
 */
export class BenchWorker implements AsyncDisposable {
  readonly ioctx: IoCtx
  /** Unique in the group. */
  readonly name: string
  readonly #object: string
  readonly #allowed: Allowed
  readonly #onEvent: ((event: BenchWorkerEvent) => void) | undefined
  readonly #closing = new AbortController()
  #watch: Watch | undefined
  #joining: Promise<void> = Promise.resolve()
  #job: WorkerJob | undefined
  #closed: Promise<void> | undefined

  private constructor(ioctx: IoCtx, options: Partial<BenchWorkerOptions>) {
    this.ioctx = ioctx
    this.name = options.name === undefined ? hostname() : toText('options.name', options.name)
    if (!isWorkerName(this.name))
      throw invalidArgValue(
        'options.name',
        'must be at most 128 characters, none of them a control character',
      )
    this.#object = groupObject('options.group', options.group)
    this.#allowed = {
      images: options.images === undefined ? undefined : toAllowed('options.images', options.images),
      destructive: toBoolean('options.destructive', options.destructive, false),
    }
    const { onEvent } = options
    if (onEvent !== undefined && typeof onEvent !== 'function')
      throw invalidArgType('options.onEvent', 'of type function', onEvent)
    this.#onEvent = onEvent
  }

  /**
   * Joins a group. The worker works until `close()`, and keeps the process alive until then.
   *
   * Rejects with a {@link BenchWorkersError} `ERR_RBDKIT_BENCH_WORKER_NAME` when another worker has the name; with a
   * `CephError` when the pool cannot be used.
   *
   * @since 0.1.0
   */
  static async start(ioctx: IoCtx, options?: BenchWorkerOptions): Promise<BenchWorker> {
    const worker = new BenchWorker(toIoCtx('ioctx', ioctx), toOptions('options', options, workerOptions))
    try {
      await worker.#join()
      await worker.#checkName()
    } catch (error) {
      await worker.#watch?.close()
      throw error
    }
    worker.#tell({ type: 'joined' })
    return worker
  }

  /** What the onlooker throws is an uncaught exception, and no part of the work. */
  #tell(event: BenchWorkerEvent): void {
    try {
      this.#onEvent?.(event)
    } catch (error) {
      process.nextTick(() => {
        throw error
      })
    }
  }

  async #join(): Promise<void> {
    const listener = ({ payload }: { payload: Buffer }): Promise<Buffer | undefined> => this.#answer(payload)
    for (let attempt = 0; ; attempt++) {
      await this.ioctx.createObject(this.#object)
      try {
        const onError = (error: Error): void => this.#lost(error)
        this.#watch = await this.ioctx.watch(this.#object, listener, { onError, timeoutMs: watchTimeoutMs })
        return
      } catch (error) {
        // Whoever left last removed the object just now.
        if (codeOf(error) !== 'ENOENT' || attempt === 5) throw error
      }
    }
  }

  async #checkName(): Promise<void> {
    const hello = encodeMessage({ type: 'hello', job: undefined })
    const { replies } = await this.ioctx.notify(this.#object, hello, { timeoutMs: helloTimeoutMs })
    for (const { payload, cookie } of replies) {
      const other = decodeReport(payload)
      if (other?.name !== this.name || cookie === this.#watch?.cookie) continue
      throw new BenchWorkersError(
        'ERR_RBDKIT_BENCH_WORKER_NAME',
        `the group has a worker '${this.name}' already, on ${other.host}, pid ${other.pid}`,
      )
    }
  }

  /** The object was removed or the cluster was away: a worker stays one. */
  #lost(error: Error): void {
    // An answer that could not be sent is asked for again.
    if (this.#closing.signal.aborted || !(error instanceof CephError) || error.syscall !== 'rados_watch3')
      return
    const lost = this.#watch
    if (lost === undefined) return // it is joining
    this.#watch = undefined
    this.#tell({ type: 'lost', error })
    this.#joining = (async () => {
      await lost.close().catch(() => {})
      while (!this.#closing.signal.aborted) {
        try {
          await this.#join()
          this.#tell({ type: 'joined' })
          return
        } catch {
          await sleep(rejoinMs, undefined, { signal: this.#closing.signal }).catch(() => {})
        }
      }
    })()
  }

  #report(): Report {
    const idle: Report = {
      name: this.name,
      host: hostname(),
      pid: process.pid,
      state: 'idle',
      job: undefined,
      progress: undefined,
      error: undefined,
    }
    return this.#job === undefined ? idle : { ...idle, ...this.#job.report() }
  }

  async #answer(payload: Buffer): Promise<Buffer | undefined> {
    const message = decodeMessage(payload)
    if (message === undefined) return undefined
    await this.#handle(message)
    return encodeReport(this.#report())
  }

  async #handle({ type, job: id }: Message): Promise<void> {
    if (id === undefined) return
    if (this.#job?.id === id) {
      this.#job.heard()
      if (type === 'go') await this.#job.go()
      if (type === 'abort') void this.#end(this.#job, new Error('the controller has ended the run'))
      if (type === 'end') void this.#end(this.#job, undefined)
    } else if (type === 'prepare') {
      await this.#prepare(id)
    }
  }

  /** Ends a job, if need be; until all of it has ended it is what this worker is at. */
  async #end(job: WorkerJob, reason: Error | undefined): Promise<void> {
    await job.end(reason)
    if (this.#job === job) this.#job = undefined
  }

  async #prepare(id: string): Promise<void> {
    // The controller asks again until the job of an earlier one, which is dead, has ended.
    if (this.#job !== undefined) {
      void this.#end(this.#job, new Error('another controller has a job'))
      return
    }
    let data: Buffer
    try {
      data = await this.ioctx.readObject(this.#object, { length: maxJobBytes })
    } catch {
      return // it is asked again
    }
    const record = decodeJob(data)
    const index = record?.parts.findIndex(({ worker }) => worker === this.name) ?? -1
    const part = record?.parts[index]
    if (this.#closing.signal.aborted || this.#job !== undefined || record?.id !== id || part === undefined)
      return
    const tell = (event: BenchWorkerEvent): void => this.#tell(event)
    const job = new WorkerJob(this.ioctx, this.#object, record, index, this.#allowed, tell)
    job.silent = () => void this.#silence(job, record.timeoutMs)
    this.#job = job
    job.start()
  }

  /** The controller is dead; or the cluster is away, and it cannot be heard until that is back. */
  async #silence(job: WorkerJob, timeoutMs: number): Promise<void> {
    const age = (await this.#watch?.check().catch(() => undefined)) ?? Number.POSITIVE_INFINITY
    if (age > confirmedMs) job.heard()
    else await this.#end(job, new Error(`the controller has been silent for ${timeoutMs} ms`))
  }

  /**
   * Leaves the group: aborts the job that it is at, which the controller notices, closes its watch, and, as the last of
   * the group, removes the group's object. Idempotent.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    if (this.#job !== undefined) await this.#end(this.#job, new Error('the worker leaves'))
    await this.#joining
    await this.#watch?.close()
    await this.#removeGroup()
  }

  async #removeGroup(): Promise<void> {
    try {
      const lock = new GroupLock(this.ioctx, this.#object, 10_000)
      const hello = encodeMessage({ type: 'hello', job: undefined })
      // A controller that is just ending lets go of the lock soon; one that goes on removes the object itself.
      for (let attempt = 0; attempt < 10; attempt++) {
        const others = await this.ioctx.notify(this.#object, hello, { timeoutMs: helloTimeoutMs })
        if (others.replies.length + others.timedOut.length > 0) return
        if (await lock.tryTake()) {
          await sweep(this.ioctx, this.#object)
          await this.ioctx.removeObject(this.#object)
          return
        }
        await sleep(200)
      }
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error // another one was as quick
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
