/**
 * This file checks arguments, with Node's own error codes. All checks happen here; native code re-checks only what
 * memory safety needs.
 */

import { nearest } from './nearest.js'
import { withoutKeys } from './secrets.js'

/** An error with Node's `code` on it. */
export interface CodedError extends Error {
  code: string
}

function coded<E extends Error>(error: E, code: string): E & CodedError {
  return Object.assign(error, { code })
}

function show(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') {
    const text = withoutKeys(value)
    return `type string ('${text.length > 28 ? `${text.slice(0, 25)}...` : text}')`
  }
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value === 'object') return `an instance of ${value.constructor?.name ?? 'Object'}`
  return `type ${typeof value} (${String(value)})`
}

/** `TypeError` with code `ERR_INVALID_ARG_TYPE`. */
export function invalidArgType(name: string, expected: string, actual: unknown): TypeError & CodedError {
  return coded(
    new TypeError(`The "${name}" argument must be ${expected}. Received ${show(actual)}`),
    'ERR_INVALID_ARG_TYPE',
  )
}

/** The same for what may be a secret: only its type is told. */
export function invalidSecretType(name: string, expected: string, actual: unknown): TypeError & CodedError {
  const type = actual === null ? 'null' : typeof actual
  return coded(
    new TypeError(`The "${name}" argument must be ${expected}. Received type ${type}`),
    'ERR_INVALID_ARG_TYPE',
  )
}

/** `TypeError` with code `ERR_INVALID_ARG_VALUE`. */
export function invalidArgValue(name: string, reason: string): TypeError & CodedError {
  return coded(new TypeError(`The argument "${name}" is invalid: ${reason}`), 'ERR_INVALID_ARG_VALUE')
}

/** `RangeError` with code `ERR_OUT_OF_RANGE`. */
export function outOfRange(name: string, range: string, actual: unknown): RangeError & CodedError {
  return coded(
    new RangeError(
      `The value of "${name}" is out of range. It must be ${range}.${actual === undefined ? '' : ` Received ${String(actual)}`}`,
    ),
    'ERR_OUT_OF_RANGE',
  )
}

/** A size, offset or length in bytes: `number | bigint`, 0 to 2^53-1. */
export function toSize(name: string, value: unknown, min = 0, max: number = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'bigint') {
    if (value < BigInt(min) || value > BigInt(max)) throw outOfRange(name, `>= ${min} and <= ${max}`, value)
    return Number(value)
  }
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number or bigint', value)
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value)
  if (value < min || value > max) throw outOfRange(name, `>= ${min} and <= ${max}`, value)
  return value
}

/** An opaque unsigned 64-bit id (snapshot id, cookie, feature mask). */
export function toUint64(name: string, value: unknown): bigint {
  const big = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof big !== 'bigint') throw invalidArgType(name, 'of type bigint', value)
  if (big < 0n || big > 0xffffffffffffffffn) throw outOfRange(name, '>= 0 and < 2^64', value)
  return big
}

/** With the flag `u` a surrogate pair is one character, and of no such category. */
const loneSurrogate = /\p{Surrogate}/u

/**
 * A non-empty string that C gets as it is: it would cut it at a NUL, unless it is told the length (`nul`), and a lone
 * surrogate has no UTF-8 and would become U+FFFD. Either names another object.
 */
export function toText(
  name: string,
  value: unknown,
  options: { empty?: boolean; nul?: boolean } = {},
): string {
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value)
  if (value.length === 0 && !options.empty) throw invalidArgValue(name, 'must not be empty')
  if (value.includes('\0') && !options.nul) throw invalidArgValue(name, 'must not contain a NUL byte')
  if (loneSurrogate.test(value)) throw invalidArgValue(name, 'must not contain a lone surrogate')
  return value
}

type KeyOf<T> = T extends unknown ? keyof T : never

/**
 * The options that a function takes: `true`, or the names that they have elsewhere and by which somebody may ask for
 * them. All of them, and no others: an option that is added to `T` and not here does not compile.
 */
export type Known<T> = { readonly [K in KeyOf<T> & string]-?: true | readonly string[] }

/** Throws for an option that is not known: ignored, it would be another operation than the caller asked for. */
function checkNames(
  name: string,
  given: object,
  known: Readonly<Record<string, true | readonly string[]>>,
): void {
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(known, key)) continue
    const meant = nearest(key, known)
    const names = Object.keys(known).map((each) => `'${each}'`)
    const hint = meant === undefined ? `known are ${names.join(', ')}` : `did you mean '${meant}'?`
    // What is odd about it, or long, may be a value in the wrong place.
    const shown = /^[\w-]{1,40}$/.test(key) ? key : '...'
    throw invalidArgValue(`${name}.${shown}`, `there is no such option; ${hint}`)
  }
}

/** An options object with none but `known` options; `undefined` counts as an empty one. */
export function toOptions<T extends object>(
  name: string,
  value: T | undefined,
  known: Known<NoInfer<T>>,
): Partial<T> {
  if (value === undefined) return {}
  const given = toRecord(name, value)
  checkNames(name, given, known)
  return given
}

/** An object whose keys are the caller's own; `undefined` counts as an empty one. */
export function toRecord<T extends object>(name: string, value: T | undefined): Partial<T> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidArgType(name, 'of type object', value)
  return value
}

/** A boolean, or the default when `undefined`. */
export function toBoolean(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw invalidArgType(name, 'of type boolean', value)
  return value
}

/** One of a closed set of strings. */
export function toOneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((entry) => entry === value)
  if (found === undefined)
    throw invalidArgValue(name, `must be one of ${allowed.map((a) => `'${a}'`).join(', ')}`)
  return found
}

/** An `AbortSignal`, or `undefined`. */
export function toSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value
  throw invalidArgType('signal', 'an instance of AbortSignal', value)
}
