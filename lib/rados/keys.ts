/** This file checks keys of omaps and reads what native code says of them. */
import type { NativeOmap } from '../internal/native/rados.js'
import { toText } from '../internal/validate.js'

/** A key, or the empty text, which is before all of them. `nul`: C is told its length. */
export function toKey(name: string, value: unknown, options: { nul?: boolean } = {}): string {
  return toText(name, value, { ...options, empty: true })
}

/** A key that there may be: of any characters, since C is told its length. */
export function toKeyName(name: string, value: unknown): string {
  return toText(name, value, { nul: true })
}

/** Names and bytes that come in turn. */
export function toMap(entries: readonly (string | Buffer)[]): Map<string, Buffer> {
  const map = new Map<string, Buffer>()
  for (let i = 0; i < entries.length; i += 2) map.set(entries[i] as string, entries[i + 1] as Buffer)
  return map
}

/** The names among them. */
export function toNames({ entries }: NativeOmap): string[] {
  return entries.filter((one) => typeof one === 'string')
}
