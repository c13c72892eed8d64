/** This file checks memory of the caller's that is lent to an operation. */

import { invalidArgType, invalidArgValue, outOfRange } from '../internal/validate.js'

/** librbd counts in size_t, iovec in int; both far above this. */
export const maxLength = 2 ** 31 - 1

function isDetached(memory: ArrayBufferLike): boolean {
  if (memory.byteLength > 0) return false
  try {
    new Uint8Array(memory) // Node 20 has no `memory.detached`
    return false
  } catch {
    return true
  }
}

/** A lent view: not detached, not resizable (its memory could go while librbd has it). */
export function checkView(name: string, view: unknown): ArrayBufferView {
  if (!ArrayBuffer.isView(view))
    throw invalidArgType(name, 'an instance of Buffer, TypedArray or DataView', view)
  const memory = view.buffer as ArrayBufferLike & { resizable?: boolean; growable?: boolean }
  if (memory.resizable || memory.growable) throw invalidArgValue(name, 'its memory is resizable')
  if (isDetached(memory)) throw invalidArgValue(name, 'its memory was transferred away')
  return view
}

/** The part of `view` that an operation uses. */
export function slice(view: ArrayBufferView, offset: number, length: number): ArrayBufferView {
  if (offset === 0 && length === view.byteLength && !(view instanceof DataView)) return view
  return new Uint8Array(view.buffer, view.byteOffset + offset, length)
}

/** Several lent views, without those of no bytes. */
export function checkViews(views: unknown): readonly ArrayBufferView[] {
  if (!Array.isArray(views)) throw invalidArgType('buffers', 'an array of ArrayBufferView', views)
  if (views.length === 0) throw invalidArgValue('buffers', 'must not be empty')
  if (views.length > 1024) throw invalidArgValue('buffers', 'must have at most 1024 entries')
  return views
    .map((view, i) => {
      const checked = checkView(`buffers[${i}]`, view)
      return checked instanceof DataView ? slice(checked, 0, checked.byteLength) : checked
    })
    .filter((view) => view.byteLength > 0)
}

/** Bytes of all of them together. */
export function total(views: readonly ArrayBufferView[]): number {
  let bytes = 0
  for (const view of views) bytes += view.byteLength
  if (bytes > maxLength) throw outOfRange('buffers', `at most ${maxLength} bytes together`, bytes)
  return bytes
}
