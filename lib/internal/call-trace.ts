import { tracingChannel } from 'node:diagnostics_channel'
import { debuglog, inspect } from 'node:util'
import { type ErrorObject, objectPath } from '../errors.js'

/**
 * What listeners of the diagnostics channel `tracing:rbdkit:call:*` are given: one object for a native call, the same one
 * from its start to its end. It has names only: neither arguments nor results, which may be secrets.
 *
 * @since 0.1.0
 */
export interface NativeCall extends ErrorObject {
  /** The C function (`'rbd_open'`), or the addon's own (`'copy'`). */
  readonly syscall: string
  /** `performance.now()` when it was started. */
  readonly startedMs: number
  /** How long it took, once it has ended. */
  durationMs?: number
  /** What it rejected with. */
  error?: unknown
}

/** A call under way that somebody listens to. */
export type CallTrace = NativeCall

const { start, end, asyncStart, asyncEnd, error: failure } = tracingChannel<unknown, CallTrace>('rbdkit:call')

/** Whether anybody listens. Asked before each call: nothing else is done when nobody does. */
export function isTraced(): boolean {
  return start.hasSubscribers || asyncEnd.hasSubscribers || failure.hasSubscribers
}

/** Calls under way that somebody listens to, by slot. */
const traces = new Map<number, CallTrace>()

/** A call is about to be given to native code. */
export function traceCall(slot: number, syscall: string, object: ErrorObject = {}): CallTrace {
  const given = Object.entries(object).filter(([, name]) => name !== undefined && name !== '')
  const trace: CallTrace = { syscall, ...Object.fromEntries(given), startedMs: performance.now() }
  traces.set(slot, trace)
  start.publish(trace)
  return trace
}

/** The slot's call is over, or its caller has gone. */
export function takeTrace(slot: number): CallTrace | undefined {
  if (traces.size === 0) return undefined
  const trace = traces.get(slot)
  traces.delete(slot)
  return trace
}

/** Native code has it. */
export function submitted(trace: CallTrace): void {
  end.publish(trace)
}

/** Says that the call's promise resolves. */
export function ended(trace: CallTrace): void {
  trace.durationMs = performance.now() - trace.startedMs
  asyncStart.publish(trace)
  asyncEnd.publish(trace)
}

/** Says that the call's promise rejects with `error`. */
export function failed(trace: CallTrace, error: unknown): void {
  trace.error = error
  failure.publish(trace)
  ended(trace)
}

function describe({ syscall, dest, libvirtObject, ...object }: CallTrace): string {
  const path = libvirtObject ?? objectPath(object)
  // Quoted by inspect(), because names of others go to a terminal.
  return `${syscall}${path === '' ? '' : ` ${inspect(path)}`}${dest === undefined ? '' : ` -> ${inspect(dest)}`}`
}

/** NODE_DEBUG=rbdkit: a line on stderr when a call starts and when it ends. */
function print(): void {
  const log = debuglog('rbdkit')
  if (!log.enabled) return
  start.subscribe((call) => log('%s', describe(call as CallTrace)))
  asyncEnd.subscribe((call) => {
    const { durationMs = 0, error } = call as CallTrace
    const outcome = error === undefined ? '' : `: ${inspect(error instanceof Error ? error.message : error)}`
    log('%s ended after %s ms%s', describe(call as CallTrace), durationMs.toFixed(1), outcome)
  })
}

print()
