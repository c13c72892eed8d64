/**
 * This file opens the files that a command writes at its end, so that whether they can be written is found out at its
 * beginning.
 */

import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'

/** Throws commander's error when nothing can be written there: a long run must not be lost for that. */
export function checkOutput(flag: string, file: string): void {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
      throw new InvalidArgumentError(`${flag}: '${file}' is a directory`)
    }
    accessSync(dirname(resolve(file)), constants.W_OK)
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error
    throw new InvalidArgumentError(`${flag}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
