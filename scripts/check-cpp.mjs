/**
 * Checks the C++ of native/ and bench/: its format with clang-format (`--write` corrects it), or with `--tidy` native's
 * content with clang-tidy, which needs the compile commands of `npm run build:native`.
 */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

function cppFiles() {
  const found = (directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(cc|h)$/.test(name))
      .map((name) => join(directory, name))
  return [...found('native'), ...found('bench')].sort()
}

function format(write) {
  const program = fileURLToPath(import.meta.resolve('clang-format'))
  const mode = write ? ['-i'] : ['--dry-run', '-Werror']
  const { status, error } = spawnSync(process.execPath, [program, ...mode, ...cppFiles()], {
    cwd: root,
    stdio: 'inherit',
  })
  if (error) throw error
  return status === 0
}

function clangTidy() {
  const names = ['clang-tidy', 'clang-tidy-14']
  const found = names.find((name) => spawnSync(name, ['--version']).status === 0)
  if (found === undefined) throw new Error('clang-tidy is missing: apt-get install clang-tidy')
  return found
}

const tidyDirectory = join('build-cmake', 'tidy')

/**
 * The files of native/ that the developer's build compiles. Writes their compile commands for clang: without the
 * precompiled header, which only the compiler that made it can read.
 */
function compiledFiles() {
  const path = join(root, 'build-cmake', 'compile_commands.json')
  if (!existsSync(path)) throw new Error('build-cmake/compile_commands.json is missing: npm run build:native')
  const commands = readFileSync(path, 'utf8').replaceAll(/-Winvalid-pch|-include \S+cmake_pch\.hxx/g, '')
  mkdirSync(join(root, tidyDirectory), { recursive: true })
  writeFileSync(join(root, tidyDirectory, 'compile_commands.json'), commands)
  const files = JSON.parse(commands).map(({ file }) => relative(root, file))
  return [...new Set(files)].filter((file) => file.startsWith('native/')).sort()
}

function run(program, args) {
  return new Promise((resolve, reject) => {
    let output = ''
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        output += data
      })
    }
    child.on('error', reject)
    child.on('close', (status) => resolve({ output, status }))
  })
}

async function tidy(chosen) {
  const program = clangTidy()
  const compiled = compiledFiles()
  const files = chosen.length > 0 ? chosen : compiled
  let ok = true
  async function work() {
    for (let file = files.shift(); file !== undefined; file = files.shift()) {
      const { output, status } = await run(program, [
        '-p',
        tidyDirectory,
        '--quiet',
        '--warnings-as-errors=*',
        file,
      ])
      if (status === 0) continue
      ok = false
      // Without clang's counts of warnings in headers that are not ours.
      process.stdout.write(
        output.replace(/^(\d+ warnings? generated|Suppressed .*|Use -header-filter.*)\.?\n/gm, ''),
      )
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return ok
}

const [mode, ...files] = process.argv.slice(2)
if (mode !== undefined && mode !== '--write' && mode !== '--tidy') throw new Error(`unknown option ${mode}`)
const ok = mode === '--tidy' ? await tidy(files) : format(mode === '--write')
process.exitCode = ok ? 0 : 1
