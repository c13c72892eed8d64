import { constants } from 'node:os'
import { CephError, closedError } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { EventQueue } from '../internal/event-queue.js'
import type { NativeLogLine } from '../internal/native/rados.js'
import { closeAbandoned, Resource } from '../internal/resource.js'
import { toOneOf, toOptions, toSize } from '../internal/validate.js'
import type { Cluster } from './cluster.js'

const levels = ['debug', 'info', 'warn', 'error', 'sec'] as const

/**
 * How bad a line of the log is.
 *
 * @since 0.1.0
 */
export type LogLevel = (typeof levels)[number]

/**
 * A line of the cluster's log.
 *
 * @since 0.1.0
 */
export interface LogLine {
  /** `'cluster'`, `'audit'`. */
  channel: string
  /** Who wrote it: `'mon.a'`. */
  from: string
  /** Where that is. */
  address: string
  time: Date
  sequence: number
  level: string
  message: string
  /** How many lines before this one were lost, for they were read too slowly. */
  missed: number
}

/**
 * Options of `cluster.monitorLog()`.
 *
 * @since 0.1.0
 */
export interface MonitorLogOptions extends CallOptions {
  /** So many lines wait for their reader; more are lost, and the next one says how many. Default 1 000. */
  maxWaiting?: number
}

/** Connections whose log is open. */
const logged = new WeakSet<Cluster>()

/**
 * The cluster's log, from `cluster.monitorLog()` on. While it is open it keeps the process alive. Leaving the loop closes
 * it. One loop reads it.
 *
 * @since 0.1.0
 */
export class MonitorLog extends Resource implements AsyncIterableIterator<LogLine> {
  readonly #maxWaiting: number
  readonly #lines = new EventQueue<LogLine>(() => this.close())
  #missed = 0

  private constructor(cluster: Cluster, handle: number, maxWaiting: number) {
    super(handle, cluster, "The cluster's log")
    this.#maxWaiting = maxWaiting
    void this.listen((line: NativeLogLine) => this.#deliver(line)).then(() => {
      logged.delete(cluster)
      this.#lines.end()
    })
  }

  /** @internal */
  static async open(
    cluster: Cluster,
    level: LogLevel,
    options: MonitorLogOptions | undefined,
  ): Promise<MonitorLog> {
    const worst = toOneOf('level', level, levels)
    const { maxWaiting, signal } = toOptions('options', options, { maxWaiting: true, signal: true })
    const most = toSize('options.maxWaiting', maxWaiting ?? 1000, 1, 1_000_000)
    if (logged.has(cluster))
      throw cluster.makeError(-constants.errno.EBUSY, 'rados_monitor_log2', "this connection's log is open")
    logged.add(cluster)
    try {
      const task = { ...toTaskOptions({ signal }), abandoned: closeAbandoned }
      const handle = await cluster.callWith(native.rados_monitor_log2, task, worst)
      return new MonitorLog(cluster, handle, most)
    } catch (error) {
      logged.delete(cluster)
      throw error
    }
  }

  /** @internal */
  makeError(errno: number, syscall: string, value: unknown): Error {
    return new CephError({ errno, syscall, detail: typeof value === 'string' ? value : undefined })
  }

  /** @internal */
  closedError(syscall: string): Error {
    return closedError(syscall, {}, 'the log is closed')
  }

  #deliver({ timeMs, ...line }: NativeLogLine): void {
    if (!this.open) return
    if (this.#lines.length >= this.#maxWaiting) {
      this.#missed++
      return
    }
    this.#lines.push({ ...line, time: new Date(timeMs), missed: this.#missed })
    this.#missed = 0
  }

  /** The next line, when there is one; the end once the log is closed. */
  next(): Promise<IteratorResult<LogLine, undefined>> {
    return this.#lines.next()
  }

  /** Closes the log: what `break` does in a loop. */
  async return(): Promise<IteratorResult<LogLine, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * Ends the log; whoever waits for the next line hears of the end.
   *
   * Implements: rados_monitor_log2.
   */
  override close(options?: CallOptions): Promise<void> {
    const closed = super.close(options)
    if (!this.open) this.#lines.end()
    return closed
  }
}
