/** This file says how a value stands in a document's text: one codec a kind, read and checked in both directions. */

import { invalidArgType, invalidArgValue, toOneOf, toText } from '../../../internal/validate.js'
import { toHost, toInteger, toLine, toObjectName, toPath, toToken, toUuid } from '../fields.js'
import { XmlError } from '../parse.js'

/** How a value is read from an attribute or an element's text, and written there. `what` is for the error. */
export interface Codec<T> {
  read(text: string, what: string): T
  write(value: T, what: string): string
}

/** A text that is read as it stands, and checked when it is written. */
function checked(check: (name: string, value: unknown) => string): Codec<string> {
  return { read: (text) => text, write: (value, what) => check(what, value) }
}

/** One line of text. */
export const line = checked(toLine)
/** Text of any number of lines; empty too. */
export const anyText = checked((name, value) => toText(name, value, { empty: true }))
/** A name of libvirt's own. */
export const name = checked(toObjectName)
/** An absolute path. */
export const path = checked((what, value) => (value === '/' ? value : toPath(what, value)))
/** A host's name or address. */
export const host = checked(toHost)
/** A word whose list is longer than what is kept here: models, machine types, devices. */
export const token = checked(toToken)
/** An address, an interface's or a device's name: no white space, and none of what separates options. */
export const bare = checked((what, value) => {
  const text = toLine(what, value)
  if (/[\s,;'"<>&]/.test(text)) throw invalidArgValue(what, 'must be one word without quotes or commas')
  return text
})
/** A MAC address. */
export const mac = checked((what, value) => {
  const text = toText(what, value)
  if (!/^[\da-f]{2}(?::[\da-f]{2}){5}$/i.test(text)) throw invalidArgValue(what, 'must be a MAC address')
  return text
})

/** A UUID; libvirt allows white space around it. */
export const uuid: Codec<string> = {
  read: (text) => text.trim(),
  write: (value, what) => toUuid(what, value),
}

/**
 * One of libvirt's words. A word that a newer libvirt has is read as it stands; only those that are known can be set, so
 * that a slip of the pen is no setting.
 */
export function word<const T extends string>(...words: readonly T[]): Codec<T> {
  return { read: (text) => text.trim() as T, write: (value, what) => toOneOf(what, value, words) }
}

/** A whole number, decimal or as `0x1f`. */
export function integer(min = 0, max = Number.MAX_SAFE_INTEGER): Codec<number> {
  return {
    read(text, what) {
      const trimmed = text.trim()
      const value = /^(?:0x[\da-f]+|-?\d+)$/i.test(trimmed) ? Number(trimmed) : Number.NaN
      if (Number.isSafeInteger(value) && value >= min && value <= max) return value
      throw new XmlError(`The ${what} is not a number from ${min} to ${max}`)
    },
    write: (value, what) =>
      String(toInteger(what, typeof value === 'bigint' ? Number(value) : value, min, max)),
  }
}

function either(yes: string, no: string): Codec<boolean> {
  return {
    read(text, what) {
      if (text === yes || text === no) return text === yes
      throw new XmlError(`The ${what} is neither '${yes}' nor '${no}'`)
    },
    write(value, what) {
      if (typeof value !== 'boolean') throw invalidArgType(what, 'of type boolean', value)
      return value ? yes : no
    },
  }
}

/** `yes` or `no`. */
export const yesNo = either('yes', 'no')
/** `on` or `off`. */
export const onOff = either('on', 'off')
/** Seconds since 1970. */
export const seconds: Codec<Date> = {
  read: (text, what) => new Date(integer().read(text, what) * 1000),
  write(value, what) {
    if (!(value instanceof Date) || Number.isNaN(value.getTime()))
      throw invalidArgType(what, 'a valid Date', value)
    return String(Math.floor(value.getTime() / 1000))
  },
}

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  byte: 1,
  bytes: 1,
  ...Object.fromEntries(
    [...'KMGTPE'].flatMap((letter, index) => [
      [letter.toLowerCase(), 1024 ** (index + 1)],
      [`${letter.toLowerCase()}ib`, 1024 ** (index + 1)],
      [`${letter.toLowerCase()}b`, 1000 ** (index + 1)],
    ]),
  ),
}

/** What libvirt writes, in KiB, for a limit that there is not. */
export const UNLIMITED = '9007199254740991'

/** The bytes of a number with libvirt's unit; `Infinity` for more than a number holds, by which libvirt means no limit. */
export function toBytes(text: string, unit: string, what: string): number {
  const factor = UNITS[unit.toLowerCase()]
  if (factor === undefined) throw new XmlError(`The unit of the ${what} is not one of libvirt's`)
  const size = integer().read(text, what) * factor
  return size <= Number.MAX_SAFE_INTEGER ? size : Number.POSITIVE_INFINITY
}
