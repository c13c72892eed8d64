// libvirt's typed parameters, on their way between an object of JavaScript's and native code.

import { type ParameterTable, parameterTypes } from '../internal/generated/parameters.js'
import type { NativeParameter } from '../internal/native/libvirt-objects.js'
import { invalidArgType, type Known, toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import { toTexts } from './host-arguments.js'

type TypeName = keyof typeof parameterTypes

function toValue(name: string, type: TypeName, value: unknown): string | number | boolean {
  switch (type) {
    case 'string':
      return toText(name, value)
    case 'boolean':
      return toBoolean(name, value, false)
    case 'int':
      return toSize(name, value, -(2 ** 31), 2 ** 31 - 1)
    case 'uint':
      return toSize(name, value, 0, 2 ** 32 - 1)
    case 'llong':
      return toSize(name, value, Number.MIN_SAFE_INTEGER)
    case 'ullong':
      return toSize(name, value)
    case 'double':
      if (typeof value === 'number') return value
      throw invalidArgType(name, 'of type number', value)
  }
}

/** What JavaScript has given, for native code; what is undefined is left as it is. */
export function toParameters<T extends object>(
  name: string,
  given: T,
  table: ParameterTable<T>,
): NativeParameter[] {
  const known = Object.fromEntries(Object.keys(table).map((key) => [key, true])) as unknown as Known<T>
  const entries = Object.entries(toOptions(name, given, known)).filter(([, value]) => value !== undefined)
  return entries.flatMap(([key, value]): NativeParameter[] => {
    const [own, type] = table[key as keyof T]
    if (type !== 'strings') return [[own, parameterTypes[type], toValue(`${name}.${key}`, type, value)]]
    return toTexts(`${name}.${key}`, value).map((text) => [own, parameterTypes.string, text])
  })
}

/** What native code has read, without parameters that are newer than rbdkit. */
export function fromParameters<T extends object>(
  pairs: readonly (readonly [name: string, value: unknown])[],
  table: ParameterTable<T>,
): T {
  const keys = new Map((Object.keys(table) as (keyof T & string)[]).map((key) => [table[key][0], key]))
  return Object.fromEntries(
    pairs.flatMap(([own, value]) => (keys.has(own) ? [[keys.get(own), value]] : [])),
  ) as T
}
