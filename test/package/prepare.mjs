/**
 * Makes the npm package as a release does, from a clean copy of the sources in .rbdkit/package: the prebuilt binary,
 * dist, and the tarball, whose path it prints. What is there already from the same sources is kept. Run under flock:
 * several test files need it.
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const copy = join(root, '.rbdkit', 'package')
const binaryInputs = ['native', 'binding.gyp']
const builders = ['CMakeLists.txt', 'scripts/prebuild.mjs']
const otherInputs = [
  ...['lib', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'README.md', 'LICENSE'],
  ...['scripts/install.mjs', 'scripts/check-prebuilds.mjs'],
]

function filesOf(input) {
  const path = join(root, input)
  const below = existsSync(path) ? readdirSync(path, { recursive: true, withFileTypes: true }) : []
  return below.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** One digest of the content of files and directories. */
function digest(inputs) {
  const hash = createHash('sha256').update(process.version)
  for (const input of inputs) {
    const files = /^(native|lib)$/.test(input) ? filesOf(input).sort() : [join(root, input)]
    for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(file))
  }
  return hash.digest('hex')
}

function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: copy, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
  return stdout
}

/** Does `make` unless the file `stamp` says that it was done for these inputs. */
function once(stamp, inputs, make) {
  const path = join(copy, stamp)
  const wanted = digest(inputs)
  if (existsSync(path) && readFileSync(path, 'utf8') === wanted) return
  rmSync(path, { force: true })
  make()
  writeFileSync(path, wanted)
}

mkdirSync(copy, { recursive: true })
for (const input of [...binaryInputs, ...otherInputs]) {
  rmSync(join(copy, input), { recursive: true, force: true })
  cpSync(join(root, input), join(copy, input), { recursive: true })
}
if (!existsSync(join(copy, 'node_modules')))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))

once('.binary', [...binaryInputs, ...builders], () => {
  run(process.execPath, [join(root, 'scripts', 'prebuild.mjs'), copy])
})
once('.tarball', [...otherInputs, ...binaryInputs, ...builders], () => {
  rmSync(join(copy, 'dist'), { recursive: true, force: true })
  for (const name of readdirSync(copy).filter((one) => one.endsWith('.tgz'))) rmSync(join(copy, name))
  run('npm', ['run', 'build:ts'])
  run('npm', ['pack'])
})
const tarball = readdirSync(copy).find((name) => name.endsWith('.tgz'))
process.stdout.write(join(copy, tarball))
