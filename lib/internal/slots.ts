/**
 * This file is the slot table: every operation in flight has a slot, which keeps its buffers alive and its promise.
 * Native code knows slots only by number; promises are made and settled by JavaScript (docs/decisions/0002).
 */

import type { ErrorObject } from '../errors.js'
import { native } from './addon.js'
import { type CallTrace, failed } from './call-trace.js'
import type { Kind } from './io-kind.js'
import { onAbort } from './on-abort.js'
import type { Owner } from './owner.js'

export type Resolve = (value: unknown) => void
export type Reject = (reason: unknown) => void

export const resolves: (Resolve | undefined)[] = []
export const rejects: (Reject | undefined)[] = []
export const owners: (Owner | undefined)[] = []
export const payloads: unknown[] = []
export const kinds: Kind[] = []
export const lengths: number[] = []
const free: number[] = []
let active = 0

export function begin(): void {
  if (active++ === 0) native.ref()
}

export function end(): void {
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
  const unlisten = left && onAbort(left, letGo)
  return promise.finally(() => {
    unlisten?.()
    letGo()
  })
}

export function take(
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

/** Gives a slot back; its operation counts as in flight until `over()`. */
export function freeSlot(slot: number): void {
  owners[slot] = undefined
  payloads[slot] = undefined
  resolves[slot] = undefined
  rejects[slot] = undefined
  free.push(slot)
}

/** An operation of `owner` is over. */
export function over(owner: Owner): void {
  if (--owner.inFlight === 0) owner.idle()
}

/** Both, of an operation whose caller has left. */
export function freeIo(slot: number): Owner {
  const owner = owners[slot] as Owner
  freeSlot(slot)
  over(owner)
  return owner
}

/** The same, and it keeps the process alive no longer. */
export function releaseIo(slot: number): Owner {
  end()
  return freeIo(slot)
}

/**
 * Rejects with an error that is made two microtasks later: by then the operation's promise follows this one's, so
 * V8 finds who awaits it and puts `at async caller (file:line)` on the stack. A successful operation pays nothing
 * (docs/decisions/0004).
 */
export async function failLater(
  owner: Owner,
  result: number,
  syscall: string,
  trace: CallTrace | undefined,
  object?: ErrorObject,
): Promise<never> {
  await undefined
  await undefined
  const error = owner.makeError(result, syscall, undefined, object)
  if (trace) failed(trace, error)
  throw error
}
