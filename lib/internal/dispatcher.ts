import { performance } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'
import type { ErrorObject } from '../errors.js'
import { native } from './addon.js'
import type { TaskFunction } from './native/core.js'
import { throwUncaught } from './uncaught.js'

/**
 * The slot table: every operation in flight has a slot, which keeps its buffers alive and its promise. Native
 * code knows slots only by number; promises are made and settled here (docs/decisions/0002).
 */

/** Who an operation belongs to: told when it ends, asked to make its error. */
export interface Owner {
  /** The number native code knows it by; block I/O has one. */
  readonly handle?: number
  /** Operations in flight; counted up by whoever starts one, down here. */
  inFlight: number
  /** `inFlight` came down to zero. */
  idle(): void
  /**
   * The error of a negative result. `value` is what native code added: a text, or libvirt's error; `object` what
   * the call was about beyond the owner itself.
   */
  makeError(result: number, syscall: string, value: unknown, object?: ErrorObject): Error
}

/** What an operation's promise resolves with. */
export const Kind = {
  /** `{ bytesRead, buffer }` */
  read: 0,
  /** `{ bytesWritten, buffer }` */
  write: 1,
  /** `{ bytesRead, buffers }` */
  readv: 2,
  /** `{ bytesWritten, buffers }` */
  writev: 3,
  discard: 4,
  writeZeroes: 5,
  flush: 6,
  task: 7,
  writeSame: 8,
  /** Whether it was written: false when the image differed. */
  compareAndWrite: 9,
  /** Each extent has its own outcome. */
  readExtents: 10,
  writeExtents: 11,
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]

const syscalls = [
  'rbd_aio_read',
  'rbd_aio_write',
  'rbd_aio_readv',
  'rbd_aio_writev',
  'rbd_aio_discard',
  'rbd_aio_write_zeroes',
  'rbd_aio_flush',
  '',
  'rbd_aio_writesame',
  'rbd_aio_compare_and_write',
  'rbd_aio_read',
  'rbd_aio_write',
]

type Resolve = (value: unknown) => void
type Reject = (reason: unknown) => void

/** A blocking call under way. */
interface TaskState {
  syscall: string
  object: ErrorObject | undefined
  /** Holds the caller's stack, formatted only when needed. */
  at: { stack?: string }
  onProgress: ((value: unknown) => void) | undefined
  /** Set when the caller has been answered and the call still runs. */
  abandoned: ((value: unknown) => void) | undefined
  /** What the progress listener threw. */
  thrown: { error: unknown } | undefined
  /** Takes the abort listener off its signal. */
  settled: (() => void) | undefined
}

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

/** As many as native code brings at once. */
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
async function failLater(owner: Owner, result: number, syscall: string): Promise<never> {
  await undefined
  await undefined
  throw owner.makeError(result, syscall, undefined)
}

/** An invalid read has read no bytes if it began at the image's end, as read(2) has it there; else it failed. */
async function readAtEnd(owner: Owner, kind: Kind, buffer: unknown, position: number): Promise<unknown> {
  const size = await startTask<number, [number]>(owner, native.rbd_get_size, [owner.handle as number])
  if (position < size) throw owner.makeError(invalid, syscalls[kind] as string, undefined)
  return kind === Kind.read ? { bytesRead: 0, buffer } : { bytesRead: 0, buffers: buffer }
}

function settleIo(slot: number, result: number): void {
  const kind = kinds[slot] as Kind
  const payload = payloads[slot]
  const resolve = resolves[slot] as Resolve
  if (result === invalid && (kind === Kind.read || kind === Kind.readv)) {
    resolve(readAtEnd(owners[slot] as Owner, kind, payload, lengths[slot] as number)) // before the owner can close
    releaseIo(slot)
    return
  }
  const owner = releaseIo(slot)
  if (kind === Kind.compareAndWrite && (result >= 0 || result === differs)) {
    resolve(result >= 0)
    return
  }
  if (result < 0) {
    resolve(failLater(owner, result, syscalls[kind] as string))
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

function withStack(error: Error, at: { stack?: string }): Error {
  const frames = at.stack?.indexOf('\n') ?? -1
  error.stack = `${error.name}: ${error.message}${frames < 0 ? '' : at.stack?.slice(frames)}`
  return error
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
  if (task.abandoned) {
    if (result >= 0) task.abandoned(value)
    return
  }
  end()
  task.settled?.()
  if (result >= 0) {
    resolve(value === undefined && result > 0 ? result : value)
    // The call was over before it could be ended: what is done is done.
    if (task.thrown) throwUncaught(task.thrown.error)
  } else if (task.thrown) reject(task.thrown.error)
  else reject(withStack(owner.makeError(result, task.syscall, value, task.object), task.at))
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
    let result: number
    try {
      result = submit(slot)
    } catch (error) {
      releaseIo(slot)
      throw error // rejects the promise
    }
    if (result >= 0) return
    // Not taken: the caller is still on the stack.
    if (result === sizeUnknown && whenSizeUnknown)
      resolve(whenSizeUnknown(owner, kind, payload, length, submit)) // before the owner can close
    else reject(owner.makeError(result, syscalls[kind] as string, undefined))
    releaseIo(slot)
  })
}

/** How a task is watched and ended. */
export interface TaskOptions {
  /** What the call is about, for its error, when that is not the owner itself. */
  object?: ErrorObject
  /** Called with what native code reports, at most ten times a second. */
  onProgress?: ((value: never) => void) | undefined
  signal?: AbortSignal | undefined
  /**
   * `'cancel'` asks the call to end early and waits for it. `'leave'` does so while there are signs of life: a call that
   * has given none for `patienceMs`, as on a cluster that does not answer, goes on without its caller, and `left` is
   * told. `'abandon'` is for calls that cannot be asked: the promise rejects at once and the call ends in its own time
   * on its own thread. What a call without a caller opens is given to `abandoned`.
   */
  onAbort?: 'cancel' | 'leave' | 'abandon'
  left?: () => void
  abandoned?: (value: unknown) => void
}

/** How long a call that was asked to end may say nothing: a promise whose call hangs settles within a second. */
const patienceMs = 800

/** Starts a blocking call on a native thread. Rejects with `signal.reason` when aborted. */
export function startTask<T, A extends unknown[]>(
  owner: Owner,
  call: TaskFunction<A>,
  args: A,
  options: TaskOptions = {},
): Promise<T> {
  const { signal } = options
  if (signal?.aborted) return Promise.reject(signal.reason)
  const at: { stack?: string } = {}
  Error.captureStackTrace(at, startTask)
  let slot = -1
  const promise = new Promise<T>((resolve, reject) => {
    const task: TaskState = {
      syscall: call.name,
      object: options.object,
      at,
      onProgress: options.onProgress as ((value: unknown) => void) | undefined,
      abandoned: undefined,
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
        if (--owner.inFlight === 0) owner.idle()
        reject(task.thrown ? task.thrown.error : signal.reason)
      }
      const leaveWhenQuiet = (): void => {
        const left = patienceMs - native.quiet(slot)
        if (left > 0) {
          patience = setTimeout(leaveWhenQuiet, left)
          return
        }
        leave()
        options.left?.()
      }
      const abort = (): void => {
        if (options.onAbort === 'abandon') {
          leave()
          return
        }
        native.cancel(slot)
        if (options.onAbort === 'leave') patience = setTimeout(leaveWhenQuiet, patienceMs)
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
    try {
      call(slot, ...args)
    } catch (error) {
      settleTask(slot, -22, undefined)
      throw error
    }
  })
  return promise
}
