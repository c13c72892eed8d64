/**
 * This file makes errors of the command line of what commander's parsers say, and of what the library says of its
 * arguments.
 */

import { InvalidArgumentError } from 'commander'

/** Whether it is the command line that is wrong: a value out of range, or options that do not go together. */
export function isUsageError(error: unknown): boolean {
  if (error instanceof InvalidArgumentError) return true
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' && /^ERR_(?:OUT_OF_RANGE|INVALID_ARG)/.test(code)
}

/** What such an error says, with `--max-memory` for the library's `options.maxMemory`. */
export function usageMessage(message: string): string {
  return message.replace(
    /^The argument "options\.(\w+)" is invalid/,
    (_, name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  )
}
