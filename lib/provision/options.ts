/** This file checks what the functions of this module are given, with Node's own error codes. */

/** The options that a function takes: all of them, or it does not compile. */
export type KnownOptions<T> = { readonly [K in keyof T & string]-?: true }

/** `TypeError` with code `ERR_INVALID_ARG_VALUE`. */
export function invalid(name: string, reason: string): TypeError & { code: string } {
  return Object.assign(new TypeError(`The argument "${name}" is invalid: ${reason}`), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
}

function wrongType(name: string, expected: string, value: unknown): TypeError & { code: string } {
  const type = value === null ? 'null' : typeof value
  return Object.assign(new TypeError(`The "${name}" argument must be ${expected}. Received type ${type}`), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
}

/** An object with none but known options; `undefined` counts as an empty one. */
export function checkOptions<T extends object>(
  name: string,
  value: T | undefined,
  known: KnownOptions<NoInfer<T>>,
): Partial<T> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrongType(name, 'of type object', value)
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(known, key)) continue
    const shown = /^[\w-]{1,40}$/.test(key) ? key : '...'
    throw invalid(`${name}.${shown}`, `there is no such option; known are ${Object.keys(known).join(', ')}`)
  }
  return value
}

/** A text of one line that is not empty. */
export function checkLine(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(name, 'of type string', value)
  if (value === '' || /[\p{Cc}\p{Surrogate}]/u.test(value))
    throw invalid(name, 'must be a line of text that is not empty')
  return value
}

/** A boolean, or the default. */
export function checkBoolean(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw wrongType(name, 'of type boolean', value)
  return value
}

/** An instance of a class. */
export function checkInstance<T>(
  name: string,
  value: unknown,
  type: { readonly prototype: T; readonly name: string },
): T {
  // The constructors of some are private.
  if (value instanceof (type as unknown as new () => object)) return value as T
  throw wrongType(name, `an instance of ${type.name}`, value)
}

/** The signal and the listener that every provisioning takes. */
export function checkProgress(options: { signal?: unknown; onProgress?: unknown }): void {
  const { signal, onProgress } = options
  if (signal !== undefined) checkInstance('options.signal', signal, AbortSignal)
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw wrongType('options.onProgress', 'of type function', onProgress)
}
