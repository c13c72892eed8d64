/** Builds and runs the fuzzers of native/test/fuzz: libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Counts } from './tap-report.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const build = join(root, 'build-fuzz')
const sources = join(root, 'native/test/fuzz')
/** Kept between runs: what the fuzzers have found that leads to new code, and the inputs that failed. */
const kept = join(root, '.rbdkit/fuzz')

/** No input may take longer or need more; what a parser is promised to bear is in native/test. */
const limits = ['-timeout=5', '-rss_limit_mb=512', '-malloc_limit_mb=16', '-max_len=65536']

/** Names of the parsers that have a fuzzer. */
export function parsers(): string[] {
  return readdirSync(sources)
    .filter((name) => name.endsWith('_fuzz.cc'))
    .map((name) => name.replace(/_fuzz\.cc$/, ''))
    .sort()
}

function run(program: string, args: string[], quiet: boolean): boolean {
  const done = spawnSync(program, args, { cwd: root, encoding: 'utf8', stdio: quiet ? 'pipe' : 'inherit' })
  if (done.status === 0) return true
  if (quiet) process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`)
  const why = done.error?.message ?? done.signal ?? `exit status ${done.status}`
  console.error(`${program} ${args.join(' ')}: ${why}`)
  return false
}

function buildAll(quiet: boolean): boolean {
  const configure = ['-S', root, '-B', build, '-DRBDKIT_FUZZERS=ON', '-DRBDKIT_WERROR=ON']
  const compiler = ['-DCMAKE_CXX_COMPILER=clang++', '-DCMAKE_CXX_FLAGS=-O1']
  return (
    run('cmake', [...configure, ...compiler], quiet) &&
    run('cmake', ['--build', build, '--parallel', '2'], quiet)
  )
}

/** Fuzzes each of `names` for so many seconds; one count a parser. `quiet`: prints only what is wrong. */
export function fuzz(names: readonly string[], seconds: number, quiet: boolean): Counts {
  if (!buildAll(quiet)) return { passed: 0, failed: names.length, skipped: 0 }
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const name of names) {
    const corpus = join(kept, name)
    const failures = join(kept, `${name}-failures`)
    for (const directory of [corpus, failures]) mkdirSync(directory, { recursive: true })
    const time = [`-max_total_time=${seconds}`, '-print_final_stats=1', `-artifact_prefix=${failures}/`]
    const program = join(build, 'native/test/fuzz', `${name}_fuzz`)
    const ok = run(program, [...time, ...limits, corpus, join(sources, 'seeds', name)], quiet)
    console.log(`fuzzed ${name} for ${seconds} s: ${ok ? 'nothing found' : `failed, see ${failures}`}`)
    counts[ok ? 'passed' : 'failed']++
  }
  return counts
}
