// Where a copy's files are, and whether both ends of it are the same.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { floorName } from './commands.mjs'

const local = (path) => fileURLToPath(new URL(path, import.meta.url))

/**
 * A directory that goes with this process. Not in `/tmp`, which may be memory: then there is no O_DIRECT, and files cost
 * nothing.
 */
export function makeWorkspace() {
  const directory = mkdtempSync(join(local('../../.rbdkit'), 'copy-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Throws unless both ends have the same bytes. */
export function compareEnds(...ends) {
  execFileSync(local('../../.rbdkit/floor-compare'), ends.map(floorName), { stdio: 'pipe' })
}
