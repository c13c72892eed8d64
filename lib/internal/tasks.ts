/** This file starts and settles tasks: blocking calls on native threads. */

import { native } from './addon.js'
import { ended, failed, isTraced, submitted, takeTrace, traceCall } from './call-trace.js'
import { Kind } from './io-kind.js'
import type { Task } from './native/core.js'
import { onAbort } from './on-abort.js'
import type { Owner } from './owner.js'
import {
  end,
  freeSlot,
  over,
  owners,
  payloads,
  type Reject,
  type Resolve,
  rejects,
  resolves,
  take,
} from './slots.js'
import { patienceMs, type TaskOptions, type TaskState, withStack } from './task-options.js'
import { throwUncaught } from './uncaught.js'

/** Calls `then` once `signal` is aborted, unless the task is settled before. */
function whenAborted(signal: AbortSignal, task: TaskState, then: () => void): void {
  if (signal.aborted) {
    then()
    return
  }
  task.settled = onAbort(signal, then)
}

/** Starts a blocking call on a native thread. Rejects with `signal.reason` when aborted. */
export function startTask<A extends unknown[], R>(
  owner: Owner,
  call: Task<A, R>,
  args: A,
  options: TaskOptions = {},
): Promise<R> {
  const { signal } = options
  if (signal?.aborted) return Promise.reject(signal.reason)
  const at: { stack?: string } = {}
  Error.captureStackTrace(at, startTask)
  let slot = -1
  return new Promise<R>((resolve, reject) => {
    const task: TaskState = {
      syscall: call.name,
      object: options.object,
      at,
      onProgress: options.onProgress as ((value: unknown) => void) | undefined,
      abandoned: undefined,
      background: false,
      thrown: undefined,
      settled: undefined,
    }
    let rejectTask: Reject = reject
    if (signal) {
      let patience: NodeJS.Timeout | undefined
      const leave = (): void => {
        task.abandoned = options.abandoned ?? (() => {})
        task.settled?.()
        native.abandon(slot)
        end()
        const error = task.thrown ? task.thrown.error : signal.reason
        const trace = takeTrace(slot)
        if (trace) failed(trace, error)
        reject(error)
      }
      const leaveWhenQuiet = (): void => {
        const rest = patienceMs - native.quiet(slot)
        if (rest > 0) patience = setTimeout(leaveWhenQuiet, rest)
        else {
          leave()
          options.left?.()
        }
      }
      const abort = (): void => {
        native.cancel(slot)
        task.onProgress = undefined
        if (options.onAbort === 'abandon') leave()
        else if (options.onAbort === 'leave') patience = setTimeout(leaveWhenQuiet, patienceMs)
      }
      const unlisten = onAbort(signal, abort)
      task.settled = () => {
        clearTimeout(patience)
        unlisten()
      }
      // A call that failed because it was asked to end reports the signal's reason.
      rejectTask = (error) => reject(signal.aborted && !task.thrown ? signal.reason : error)
    }
    slot = take(owner, Kind.task, task, 0, resolve as Resolve, rejectTask)
    const trace = isTraced()
      ? traceCall(slot, call.name, { ...owner.about?.(), ...options.object })
      : undefined
    try {
      call(slot, ...args)
      if (trace) submitted(trace)
    } catch (error) {
      task.thrown = { error }
      settleTask(slot, 0, undefined)
      return
    }
    if (options.background)
      whenAborted(options.background, task, () => {
        task.background = true
        native.abandon(slot)
        end()
      })
  })
}

export function settleTask(slot: number, result: number, value: unknown): void {
  const owner = owners[slot] as Owner
  const task = payloads[slot] as TaskState
  const resolve = resolves[slot] as Resolve
  const reject = rejects[slot] as Reject
  freeSlot(slot)
  const trace = takeTrace(slot)
  if (task.abandoned) {
    if (result >= 0) task.abandoned(value, owner)
    over(owner)
    return
  }
  if (!task.background) end()
  task.settled?.()
  if (result >= 0) {
    resolve(value === undefined && result > 0 ? result : value)
    if (trace) ended(trace)
    // The call was over before it could be ended: what is done is done.
    if (task.thrown) throwUncaught(task.thrown.error)
  } else {
    const { thrown } = task
    const error = thrown
      ? thrown.error
      : withStack(owner.makeError(result, task.syscall, value, task.object), task.at)
    reject(error)
    if (trace) failed(trace, error)
  }
  // After resolving: a handle that was being opened joins its parent before the parent closes.
  over(owner)
}

export function progress(slot: number, value: unknown): void {
  // An event that was posted before its task ended may come after a slot has a new owner: never, because
  // events and ends of one task come in order.
  const task = payloads[slot] as TaskState | undefined
  if (task?.onProgress === undefined || task.abandoned) return
  try {
    task.onProgress(value)
  } catch (error) {
    // The listener's error asks the operation to end, which then rejects with it.
    task.onProgress = undefined
    task.thrown = { error }
    native.cancel(slot)
  }
}
