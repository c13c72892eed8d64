/**
 * `npm run prebuild:linux`: the binaries that the npm package carries, `prebuilds/linux-<arch>/`. They are the developer's,
 * which the tests run, without what only a debugger needs. Make them on the oldest distribution that they are to run on:
 * glibc's version comes from the machine. A directory may be given to make them in.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const built = join(root, 'build-cmake', 'Release')
const prebuilds = join(process.argv[2] ?? root, 'prebuilds')
const names = { 'rbdkit.node': 'rbdkit.glibc.node', 'rbdkit_copy_from.so': 'rbdkit_copy_from.so' }

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
}

run('npm', 'run', '--silent', 'build:native')
rmSync(prebuilds, { recursive: true, force: true })
const directory = join(prebuilds, `${process.platform}-${process.arch}`)
mkdirSync(directory, { recursive: true })
for (const [name, packed] of Object.entries(names))
  run('strip', '--strip-all', '-o', join(directory, packed), join(built, name))
