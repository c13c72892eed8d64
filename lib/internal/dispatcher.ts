import { performance } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'
import { native } from './addon.js'
import { type CallTrace, ended, failed, isTraced, submitted, takeTrace, traceCall } from './call-trace.js'
import { Kind, syscalls } from './io-kind.js'
import type { Task } from './native/core.js'
import type { Owner } from './owner.js'
import { patienceMs, type TaskOptions, type TaskState, withStack } from './task-options.js'
import { throwUncaught } from './uncaught.js'

export { Kind } from './io-kind.js'
export type { Owner } from './owner.js'
export type { TaskOptions } from './task-options.js'

/**
 * This file is the slot table: every operation in flight has a slot, which keeps its buffers alive and its promise.
 * Native code knows slots only by number; promises are made and settled here (docs/decisions/0002).
 */

type Resolve = (value: unknown) => void
type Reject = (reason: unknown) => void

const resolves: (Resolve | undefined)[] = []
const rejects: (Reject | undefined)[] = []
const owners: (Owner | undefined)[] = []
const payloads: unknown[] = []
const kinds: Kind[] = []
const lengths: number[] = []
const free: number[] = []
let active = 0

/** -ERANGE: native code's answer to a read of unknown size, or a write that is not known to end inside the image. */
const sizeUnknown = -34
/** -EINVAL: also librbd's answer to a read that begins at the image's end or after it (its clip_io()). */
const invalid = -22

/** -EILSEQ: compare-and-write found other bytes. */
const differs = -84

/** Native code brings so many results at once. */
const maxBatch = 1024
const results = new Float64Array(2 * maxBatch)
/** A turn of settling longer than this starves timers and sockets. */
const turnMs = 2
let turnStart = 0
let lastDispatch = 0
/** An immediate is due that ends this turn of the loop. */
let turnOpen = false

function begin(): void {
  if (active++ === 0) native.ref()
}

function end(): void {
  if (--active === 0) native.unref()
}

/** Keeps the process alive until `promise` has settled, or until nobody waits for it any more. */
export async function keepAlive<T>(promise: Promise<T>, left?: AbortSignal): Promise<T> {
  if (left?.aborted) return promise
  begin()
  let held = true
  const letGo = (): void => {
    if (held) end()
    held = false
  }
  left?.addEventListener('abort', letGo, { once: true })
  return promise.finally(() => {
    left?.removeEventListener('abort', letGo)
    letGo()
  })
}

function releaseIo(slot: number): Owner {
  const owner = owners[slot] as Owner
  owners[slot] = undefined
  payloads[slot] = undefined
  resolves[slot] = undefined
  rejects[slot] = undefined
  free.push(slot)
  end()
  if (--owner.inFlight === 0) owner.idle()
  return owner
}

/**
 * Rejects with an error that is made two microtasks later: by then the operation's promise follows this one's, so
 * V8 finds who awaits it and puts `at async caller (file:line)` on the stack. A successful operation pays nothing
 * (docs/decisions/0004).
 */
async function failLater(
  owner: Owner,
  result: number,
  syscall: string,
  trace: CallTrace | undefined,
): Promise<never> {
  await undefined
  await undefined
  const error = owner.makeError(result, syscall, undefined)
  if (trace) failed(trace, error)
  throw error
}

/** An invalid read has read no bytes if it began at the image's end, as read(2) has it there; else it failed. */
async function readAtEnd(owner: Owner, kind: Kind, buffer: unknown, position: number): Promise<unknown> {
  const size = await startTask(owner, native.rbd_get_size, [owner.handle as number])
  if (position < size) throw owner.makeError(invalid, syscalls[kind] as string, undefined)
  return kind === Kind.read ? { bytesRead: 0, buffer } : { bytesRead: 0, buffers: buffer }
}

function settleIo(slot: number, result: number): void {
  const kind = kinds[slot] as Kind
  const payload = payloads[slot]
  const resolve = resolves[slot] as Resolve
  const trace = takeTrace(slot)
  if (trace && result >= 0) ended(trace)
  if (result === invalid && (kind === Kind.read || kind === Kind.readv)) {
    if (trace) ended(trace) // what it means, the size tells
    resolve(readAtEnd(owners[slot] as Owner, kind, payload, lengths[slot] as number)) // before the owner can close
    releaseIo(slot)
    return
  }
  const owner = releaseIo(slot)
  if (kind === Kind.compareAndWrite && (result >= 0 || result === differs)) {
    if (trace && result < 0) ended(trace)
    resolve(result >= 0)
    return
  }
  if (result < 0) {
    resolve(failLater(owner, result, syscalls[kind] as string, trace))
    return
  }
  switch (kind) {
    case Kind.read:
      resolve({ bytesRead: result, buffer: payload })
      break
    case Kind.write:
      // librbd answers 0 for a write.
      resolve({ bytesWritten: lengths[slot], buffer: payload })
      break
    case Kind.readv:
      resolve({ bytesRead: result, buffers: payload })
      break
    case Kind.writev:
      resolve({ bytesWritten: lengths[slot], buffers: payload })
      break
    default:
      resolve(undefined)
  }
}

function settleTask(slot: number, result: number, value: unknown): void {
  const owner = owners[slot] as Owner
  const task = payloads[slot] as TaskState
  const resolve = resolves[slot] as Resolve
  const reject = rejects[slot] as Reject
  owners[slot] = undefined
  payloads[slot] = undefined
  resolves[slot] = undefined
  rejects[slot] = undefined
  free.push(slot)
  const trace = takeTrace(slot)
  if (task.abandoned) {
    if (result >= 0) task.abandoned(value, owner)
    if (--owner.inFlight === 0) owner.idle()
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
  if (--owner.inFlight === 0) owner.idle()
}

function progress(slot: number, value: unknown): void {
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

function dispatch(count: number, tasks?: unknown[]): void {
  const start = performance.now()
  if (!turnOpen && start - lastDispatch > turnMs) {
    // After a while without results this is a new turn, unless the last results' reactions took that long.
    turnStart = start
    turnOpen = true
    setImmediate(endTurn)
  }
  for (let i = 0; i < count; i++) settleIo(results[2 * i] as number, results[2 * i + 1] as number)
  if (tasks !== undefined) {
    for (let i = 0; i < tasks.length; i += 4) {
      const slot = tasks[i + 1] as number
      if (tasks[i]) settleTask(slot, tasks[i + 2] as number, tasks[i + 3])
      else progress(slot, tasks[i + 3])
    }
  }
  lastDispatch = performance.now()
  if (count === maxBatch || lastDispatch - turnStart > turnMs) {
    // Without the pause a fast device keeps one turn of the loop going for 100 ms (docs/decisions/0002).
    native.pause()
    setImmediate(resume)
  }
}

function endTurn(): void {
  turnOpen = false
}

function resume(): void {
  turnStart = performance.now()
  native.resume()
}

native.start(dispatch, results, isMainThread)

function take(
  owner: Owner,
  kind: Kind,
  payload: unknown,
  length: number,
  resolve: Resolve,
  reject: Reject,
): number {
  const slot = free.pop() ?? owners.length
  owners[slot] = owner
  kinds[slot] = kind
  payloads[slot] = payload
  lengths[slot] = length
  resolves[slot] = resolve
  rejects[slot] = reject
  owner.inFlight++
  begin()
  return slot
}

type WhenSizeUnknown<T, O extends Owner> = (
  owner: O,
  kind: Kind,
  payload: unknown,
  length: number,
  submit: (slot: number) => number,
) => Promise<T>

/**
 * Starts one asynchronous librbd operation. `submit` gets the slot and answers 0 or a negative errno.
 * `payload` stays alive until the operation ends. `length` is what a write resolves with; for a read its position.
 * `whenSizeUnknown` takes over what native code does not take until the image's size has been asked for. It gets all
 * that it needs: a closure for each read would show.
 */
export function startIo<T, O extends Owner = Owner>(
  owner: O,
  kind: Kind,
  payload: unknown,
  length: number,
  submit: (slot: number) => number,
  whenSizeUnknown?: WhenSizeUnknown<T, O>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const slot = take(owner, kind, payload, length, resolve as Resolve, reject)
    const trace = isTraced() ? traceCall(slot, syscalls[kind] as string, owner.about?.()) : undefined
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
    if (result >= 0) return
    // Not taken: the caller is still on the stack.
    takeTrace(slot)
    if (result === sizeUnknown && whenSizeUnknown) {
      if (trace) ended(trace) // another call takes its place
      resolve(whenSizeUnknown(owner, kind, payload, length, submit)) // before the owner can close
    } else {
      const error = owner.makeError(result, syscalls[kind] as string, undefined)
      if (trace) failed(trace, error)
      reject(error)
    }
    releaseIo(slot)
  })
}

/** Calls `then` once `signal` is aborted, unless the task is settled before. */
function whenAborted(signal: AbortSignal, task: TaskState, then: () => void): void {
  if (signal.aborted) {
    then()
    return
  }
  signal.addEventListener('abort', then, { once: true })
  task.settled = () => signal.removeEventListener('abort', then)
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
      signal.addEventListener('abort', abort, { once: true })
      task.settled = () => {
        clearTimeout(patience)
        signal.removeEventListener('abort', abort)
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
