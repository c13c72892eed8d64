/**
 * What npm runs when the package is installed: nothing more where the package's binary works; else a build from
 * source, and where that cannot be, one line that says what is missing.
 */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const require = createRequire(import.meta.url)

/** Debian's packages of the headers that the build needs. */
const HEADERS = {
  'rados/librados.h': 'librados-dev',
  'rbd/librbd.h': 'librbd-dev',
  'libvirt/libvirt.h': 'libvirt-dev',
  'libdeflate.h': 'libdeflate-dev',
  'zlib.h': 'zlib1g-dev',
  'zstd.h': 'libzstd-dev',
}

function works() {
  // A checkout that was built: `npx rbdkit` in it must not build again.
  if (existsSync(join(root, 'build-cmake', 'Release', 'rbdkit.node'))) return true
  if (process.env.npm_config_build_from_source === 'true') return false
  try {
    require('node-gyp-build')(root)
    return true
  } catch {
    return false
  }
}

function missing() {
  const succeeds = (program, args, input) => spawnSync(program, args, { input, stdio: 'pipe' }).status === 0
  const [compiler, ...flags] = (process.env.CXX ?? 'c++').split(' ')
  const programs = { [compiler]: 'g++', make: 'make', python3: 'python3' }
  const lacking = Object.entries(programs)
    .filter(([name]) => !succeeds(name, [...(name === compiler ? flags : []), '--version']))
    .map(([, debian]) => debian)
  const args = [...flags, '-x', 'c++', '-E', '-']
  for (const [header, debian] of Object.entries(HEADERS)) {
    // without a compiler nobody can tell: all of them then
    if (lacking.includes('g++') || !succeeds(compiler, args, `#include <${header}>\n`)) lacking.push(debian)
  }
  return lacking
}

function fail(text) {
  process.stderr.write(`rbdkit: ${text}\n`)
  process.exitCode = 1
}

function build() {
  const packages = missing()
  const platform = `${process.platform}-${process.arch}`
  if (packages.length > 0) {
    fail(
      `no binary of the package works on this ${platform}, and building one needs: apt-get install -y ${packages.join(' ')}`,
    )
    return
  }
  const program = join(dirname(require.resolve('node-gyp-build/package.json')), 'bin.js')
  const { status } = spawnSync(process.execPath, [program], { cwd: root, stdio: 'inherit' })
  if (status !== 0) fail('the build failed; its first error is above')
}

if (!works()) build()
