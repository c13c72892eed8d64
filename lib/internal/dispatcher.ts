/**
 * This file starts asynchronous librbd operations on images, and settles all that native code brings
 * (docs/decisions/0002). It is the entrance to what the slot table does.
 */

import { performance } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'
import { native } from './addon.js'
import { ended, failed, isTraced, submitted, takeTrace, traceCall } from './call-trace.js'
import { Kind, syscalls } from './io-kind.js'
import { settleObjectIo } from './object-slots.js'
import type { Owner } from './owner.js'
import {
  failLater,
  kinds,
  lengths,
  owners,
  payloads,
  type Resolve,
  releaseIo,
  resolves,
  take,
} from './slots.js'
import { progress, settleTask, startTask } from './tasks.js'

export { Kind } from './io-kind.js'
export { type ObjectIo, startObjectIo } from './object-slots.js'
export type { Owner } from './owner.js'
export { keepAlive } from './slots.js'
export type { TaskOptions } from './task-options.js'
export { startTask } from './tasks.js'

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

/** An invalid read has read no bytes if it began at the image's end, as read(2) has it there; else it failed. */
async function readAtEnd(owner: Owner, kind: Kind, buffer: unknown, position: number): Promise<unknown> {
  const size = await startTask(owner, native.rbd_get_size, [owner.handle as number])
  if (position < size) throw owner.makeError(invalid, syscalls[kind] as string, undefined)
  return kind === Kind.read ? { bytesRead: 0, buffer } : { bytesRead: 0, buffers: buffer }
}

function settleIo(slot: number, result: number): void {
  const kind = kinds[slot] as Kind
  if (kind === Kind.object) {
    settleObjectIo(slot, result)
    return
  }
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
