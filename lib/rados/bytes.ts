// This file checks bytes that go to an object or come from it in one call.
import { invalidArgType, toSize } from '../internal/validate.js'

/** More than this in one call is no small object; the cluster's own limit (`osd_max_object_size`) is lower. */
export const maxBytes = 1024 * 1024 * 1024

export function toBytes(name: string, value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw invalidArgType(name, 'an instance of Uint8Array', value)
  toSize(`${name}.length`, value.byteLength, 0, maxBytes)
  return value
}
