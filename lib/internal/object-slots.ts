/** This file starts and settles asynchronous librados operations on objects. */

import { native } from './addon.js'
import { ended, failed, isTraced, submitted, takeTrace, traceCall } from './call-trace.js'
import { Kind } from './io-kind.js'
import { onAbort } from './on-abort.js'
import type { Owner } from './owner.js'
import { end, failLater, freeIo, payloads, type Resolve, releaseIo, resolves, take } from './slots.js'

/** An operation on an object. */
export interface ObjectIo<T> {
  /** The C function. */
  readonly syscall: string
  /** The object's name. */
  readonly object: string
  /** What the promise resolves with. */
  toResult(result: number): T
  /** Negative results that are no errors. */
  expects?(result: number): boolean
  /** @internal The dispatcher's: the caller waits no longer. */
  abandoned?: boolean
  /** @internal The dispatcher's: it is over. */
  settled?: () => void
}

/**
 * Starts one asynchronous librados operation on an object. `submit` gets the slot and answers 0 or a negative errno. `io`,
 * and what it holds, stays alive until the operation ends. Aborting rejects at once, and the operation goes on without its
 * caller.
 */
export function startObjectIo<T>(
  owner: Owner,
  io: ObjectIo<T>,
  submit: (slot: number) => number,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise<T>((resolve, reject) => {
    const slot = take(owner, Kind.object, io, 0, resolve as Resolve, reject)
    const about = { object: io.object }
    const trace = isTraced() ? traceCall(slot, io.syscall, { ...owner.about?.(), ...about }) : undefined
    let result: number
    try {
      result = submit(slot)
    } catch (error) {
      if (trace) failed(trace, error)
      takeTrace(slot)
      releaseIo(slot)
      throw error // rejects the promise
    }
    if (trace) submitted(trace)
    if (result < 0) {
      takeTrace(slot)
      const error = owner.makeError(result, io.syscall, undefined, about)
      if (trace) failed(trace, error)
      reject(error)
      releaseIo(slot)
    } else if (signal) {
      const leave = (): void => {
        io.abandoned = true
        native.abandonIo(1)
        end()
        takeTrace(slot)
        if (trace) failed(trace, signal.reason)
        reject(signal.reason)
      }
      io.settled = onAbort(signal, leave)
    }
  })
}

export function settleObjectIo(slot: number, result: number): void {
  const io = payloads[slot] as ObjectIo<unknown>
  if (io.abandoned) {
    native.abandonIo(-1)
    freeIo(slot)
    return
  }
  const resolve = resolves[slot] as Resolve
  const trace = takeTrace(slot)
  io.settled?.()
  const owner = releaseIo(slot)
  if (result < 0 && !io.expects?.(result)) {
    resolve(failLater(owner, result, io.syscall, trace, { object: io.object }))
    return
  }
  if (trace) ended(trace)
  resolve(io.toResult(result))
}
