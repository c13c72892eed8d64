import { CephError } from '../../errors.js'
import type { IoCtx } from '../../rados/ioctx.js'
import { Image } from '../../rbd/image.js'
import { benchWhen } from '../bench.js'
import type { BenchProgress } from '../types.js'
import { codeOf } from './group.js'
import { type JobRecord, type Part, splitImage } from './job.js'
import { plain, type Report, resultObject, type WorkerState } from './protocol.js'
import { encodeResult } from './result-object.js'
import type { BenchWorkerEvent } from './types.js'
import type { Allowed } from './worker.js'

/** The answer to `go` waits for the first operations so long, not for ever. */
const startTimeoutMs = 2000

/** A promise and what settles it. */
class Signal {
  resolve: () => void = () => {}
  readonly promise: Promise<void> = new Promise((resolve) => {
    this.resolve = resolve
  })
}

/** One job of a worker, from the moment that it is read. */
export class WorkerJob {
  readonly id: string
  /** Called when the controller has said nothing for the job's time. */
  silent: () => void = () => {}
  readonly #ioctx: IoCtx
  readonly #record: JobRecord
  readonly #part: Part
  readonly #resultObject: string
  readonly #allowed: Allowed
  readonly #tell: (event: BenchWorkerEvent) => void
  readonly #abort = new AbortController()
  readonly #gate = new Signal()
  readonly #started = new Signal()
  #state: WorkerState = 'preparing'
  #progress: BenchProgress | undefined
  #error: unknown
  #saved = false
  #ended: Promise<void> = Promise.resolve()
  #silence: NodeJS.Timeout | undefined

  constructor(
    ioctx: IoCtx,
    group: string,
    record: JobRecord,
    index: number,
    allowed: Allowed,
    tell: (event: BenchWorkerEvent) => void,
  ) {
    this.id = record.id
    this.#ioctx = ioctx
    this.#record = record
    this.#part = record.parts[index] as Part
    this.#resultObject = resultObject(group, record.id, index)
    this.#allowed = allowed
    this.#tell = tell
  }

  report(): Pick<Report, 'state' | 'job' | 'progress' | 'error'> {
    const error = this.#error
    return {
      state: this.#state,
      job: this.id,
      progress: this.#progress,
      error:
        error === undefined
          ? undefined
          : {
              code: plain(codeOf(error)),
              message: plain(error instanceof Error ? error.message : error),
            },
    }
  }

  /** The controller lives. */
  heard(): void {
    clearTimeout(this.#silence)
    if (this.#abort.signal.aborted) return
    this.#silence = setTimeout(() => this.silent(), this.#record.timeoutMs)
  }

  start(): void {
    this.heard()
    this.#tell({ type: 'preparing', job: this.id, images: this.#part.images })
    this.#ended = this.#run()
  }

  /** Begins; resolves when the first operations are under way, or it is clear that there will be none. */
  async go(): Promise<void> {
    if (this.#state !== 'ready') return
    this.#gate.resolve()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, startTimeoutMs)
    })
    await Promise.race([this.#started.promise, late])
    clearTimeout(timer)
  }

  /** Ends it, early for `reason`. Afterwards nothing of it is under way, and without a controller nothing is left. */
  async end(reason: Error | undefined): Promise<void> {
    clearTimeout(this.#silence)
    const early = reason !== undefined && this.#state !== 'failed' && !this.#abort.signal.aborted
    this.#abort.abort(reason)
    await this.#ended
    clearTimeout(this.#silence)
    if (reason !== undefined && this.#saved) {
      this.#saved = false
      await this.#ioctx.removeObject(this.#resultObject).catch(() => {}) // the controller may have
    }
    if (early) this.#tell({ type: 'aborted', job: this.id, error: reason })
  }

  async #run(): Promise<void> {
    try {
      this.#check()
      await this.#measure()
      this.#state = 'done'
      this.#tell({ type: 'done', job: this.id })
    } catch (error) {
      this.#error = error
      this.#state = 'failed'
      if (!this.#abort.signal.aborted)
        this.#tell({
          type: 'failed',
          job: this.id,
          error: error instanceof Error ? error : new Error(plain(error)),
        })
    } finally {
      this.#started.resolve()
    }
  }

  /** What the operator did not allow is refused whatever the job says. */
  #check(): void {
    const { images, options } = this.#part
    const refuse = (image: string, detail: string): never => {
      const { pool, namespace } = this.#ioctx
      throw new CephError({ pool, namespace, image, errno: -13, syscall: 'bench', detail }) // EACCES
    }
    for (const text of images) {
      const { image } = splitImage(text)
      if (this.#allowed.images?.has(image) === false) refuse(image, 'this worker was not given the image')
      const reads = options.operation === undefined || options.operation === 'read'
      if (!reads && !this.#allowed.destructive) refuse(image, 'this worker was not started as destructive')
    }
  }

  async #measure(): Promise<void> {
    const { signal } = this.#abort
    const { images, options } = this.#part
    const readOnly = options.operation === undefined || options.operation === 'read'
    const open: Image[] = []
    try {
      for (const text of images) {
        const { image, snapshot } = splitImage(text)
        const given = { readOnly, signal, ...(snapshot === undefined ? {} : { snapshot }) }
        open.push(await Image.open(this.#ioctx, image, given))
      }
      const onProgress = (progress: BenchProgress): void => {
        this.#progress = progress
        if (progress.phase === 'prepare' || this.#state !== 'ready') return
        this.#state = 'running'
        this.#started.resolve()
        this.#tell({ type: 'started', job: this.id })
      }
      const ready = (): Promise<void> => {
        this.#state = 'ready'
        this.#tell({ type: 'ready', job: this.id })
        return this.#gate.promise
      }
      const result = await benchWhen(open, { ...options, signal, onProgress }, ready)
      this.#state = 'saving'
      this.#saved = true
      await this.#ioctx.writeFull(this.#resultObject, encodeResult(result))
      signal.throwIfAborted()
    } finally {
      await Promise.allSettled(open.map((image) => image.close()))
    }
  }
}
