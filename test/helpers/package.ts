/** The npm package as a release makes it, built once for all test files. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Paths of a package that was made. */
export interface MadePackage {
  readonly tarball: string
  /** The prebuilt binary that is in it. */
  readonly binary: string
}

/** Builds the binary and the tarball, or waits for the test file that does. */
export function makePackage(): MadePackage {
  const directory = join(root, '.rbdkit')
  mkdirSync(directory, { recursive: true })
  const args = [
    join(directory, 'package.lock'),
    process.execPath,
    join(root, 'test', 'package', 'prepare.mjs'),
  ]
  const tarball = execFileSync('flock', args, { encoding: 'utf8' })
  const prebuilds = join(dirname(tarball), 'prebuilds', `${process.platform}-${process.arch}`)
  const [name] = readdirSync(prebuilds)
  if (name === undefined) throw new Error(`no binary in ${prebuilds}`)
  return { tarball, binary: join(prebuilds, name) }
}
