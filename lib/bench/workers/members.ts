/** This file keeps the workers that a controller knows, and what it last heard of each. */

import type { NotifyResult } from '../../rados/watch.js'
import { BenchWorkersError, type FailedWorker } from './errors.js'
import { decodeReport, type Report } from './protocol.js'
import type { BenchWorkersProgress } from './types.js'

export interface Member {
  clientId: bigint
  report: Report
  /** When it was heard, of `performance.now()`. */
  heard: number
}

const phases = ['prepare', 'warmup', 'run', 'flush', 'done'] as const

/** An earlier job's operations are waited for ten seconds at most. */
const takeTimeoutMs = 15_000

/** Takes the workers' answers out of a notify's. Two of one name could not be told apart. */
export function readReplies({ replies }: NotifyResult): Member[] {
  const now = performance.now()
  const members: Member[] = []
  for (const { clientId, payload } of replies) {
    const report = decodeReport(payload)
    if (report === undefined) continue
    const twin = members.find((member) => member.report.name === report.name)
    if (twin !== undefined) {
      throw new BenchWorkersError(
        'ERR_RBDKIT_BENCH_WORKER_NAME',
        `two workers are called '${report.name}', pid ${twin.report.pid} on ${twin.report.host} and pid ` +
          `${report.pid} on ${report.host}`,
      )
    }
    members.push({ clientId, report, heard: now })
  }
  return members
}

/** The workers of one job, by name. */
export class Members {
  readonly #job: string
  readonly #timeoutMs: number
  readonly #members: Map<string, Member>
  readonly #since = performance.now()
  /** The workers that have taken the job. */
  readonly #joined = new Set<string>()

  constructor(job: string, timeoutMs: number, members: readonly Member[]) {
    this.#job = job
    this.#timeoutMs = timeoutMs
    this.#members = new Map(members.map((member) => [member.report.name, member]))
  }

  all(): Member[] {
    return [...this.#members.values()]
  }

  /** A worker that was started anew under an old name is another one: the old one is silent. */
  update(replies: readonly Member[]): void {
    for (const reply of replies) {
      const known = this.#members.get(reply.report.name)
      if (known === undefined || known.clientId !== reply.clientId) continue
      this.#members.set(reply.report.name, reply)
      if (reply.report.job === this.#job) this.#joined.add(reply.report.name)
    }
  }

  /** Says that nobody could be heard for so many milliseconds, which was no silence of the workers. */
  excuse(ms: number): void {
    const now = performance.now()
    for (const member of this.#members.values()) member.heard = Math.min(now, member.heard + Math.max(0, ms))
  }

  /** Throws when there are some that failed, died or gave up. */
  check(): void {
    const failed = this.all().flatMap((member) => this.#failure(member) ?? [])
    if (failed.length === 0) return
    const names = failed.length === 1 ? 'worker failed:' : 'workers failed:'
    throw new BenchWorkersError(
      'ERR_RBDKIT_BENCH_WORKER_FAILED',
      `${failed.length} of ${this.#members.size} ${names}`,
      failed,
    )
  }

  #failure({ report, heard }: Member): FailedWorker | undefined {
    const { name, host, pid, state, error } = report
    const failed = (code: string, message: string): FailedWorker => ({ name, host, pid, code, message })
    const silence = performance.now() - heard
    if (silence > this.#timeoutMs) {
      return failed('DEAD', `has not answered for ${(silence / 1000).toFixed(1)} s: it is dead or cut off`)
    }
    if (report.job !== this.#job) {
      if (this.#joined.has(name)) return failed('GONE', 'has given the job up')
      // It may be ending an earlier one.
      const patience = Math.max(this.#timeoutMs, takeTimeoutMs)
      const waited = performance.now() - this.#since
      return waited > patience ? failed('IDLE', 'does not take the job') : undefined
    }
    if (state === 'failed') return failed(error?.code ?? '', error?.message ?? 'unknown')
    return undefined
  }

  /** Whether all are at least so far with the job. */
  reached(...states: Report['state'][]): boolean {
    return this.all().every(({ report }) => report.job === this.#job && states.includes(report.state))
  }

  /** The workers that answer and still have the job. */
  busy(): boolean {
    const now = performance.now()
    return this.all().some(({ report, heard }) => report.job === this.#job && now - heard < this.#timeoutMs)
  }

  progress(): BenchWorkersProgress {
    const workers = this.all().map(({ report: { name, host, state, progress } }) => ({
      name,
      host,
      // What has ended reports nothing any more: its last word was of the run.
      phase: state === 'saving' || state === 'done' ? ('done' as const) : (progress?.phase ?? 'prepare'),
      iops: progress?.iops ?? 0,
      bw_bytes: progress?.bw_bytes ?? 0,
      progress,
    }))
    const parts = workers.flatMap(({ progress }) => progress ?? [])
    const sum = (of: (part: (typeof parts)[number]) => number): number =>
      parts.reduce((total, part) => total + of(part), 0)
    const most = (of: (part: (typeof parts)[number]) => number): number =>
      parts.reduce((highest, part) => Math.max(highest, of(part)), 0)
    const iops = sum((part) => part.iops)
    const slowest = Math.min(...workers.map(({ phase }) => phases.indexOf(phase)))
    return {
      phase: phases[slowest] ?? 'prepare',
      seconds: most((part) => part.seconds),
      secondsTotal: most((part) => part.secondsTotal),
      operations: sum((part) => part.operations),
      bytes: sum((part) => part.bytes),
      iops,
      bw_bytes: sum((part) => part.bw_bytes),
      lat_ns: {
        mean: iops > 0 ? sum((part) => part.lat_ns.mean * part.iops) / iops : 0,
        p50: most((part) => part.lat_ns.p50),
        p99: most((part) => part.lat_ns.p99),
        max: most((part) => part.lat_ns.max),
      },
      stalled: parts.some((part) => part.stalled),
      workers: workers.map(({ progress, ...worker }) => worker),
    }
  }
}
