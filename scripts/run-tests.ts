/**
 * The test runner behind `npm test`: native tests, then test files over one shared Ceph and libvirtd. The last line is
 * `N passed, N failed, N skipped`; the exit status is 0 only when something ran, nothing failed and the run ended.
 *
 * Arguments choose what to run: test files, directories, or groups ("native", "unit", "cluster", ...).
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalCluster, LocalHypervisor } from 'rbdkit/dev'
import { fuzz, parsers } from './fuzzers.js'
import { runNativeTests } from './native-tests.js'
import { type Counts, TapReport } from './tap-report.js'
import { runTestFiles } from './test-files.js'

/** The long run is for an idle machine and an evening. */
const TIME_LIMIT_MS = (process.env.RBDKIT_TEST_LONG === '1' ? 240 : 75) * 60_000
/** For each parser; `npm run fuzz` does it for longer. */
const FUZZ_SECONDS = 3
/** How many of the slowest files are named at the end. */
const SHOWN_SLOWEST = 10
const root = fileURLToPath(new URL('../', import.meta.url))
const logs = join(root, '.rbdkit/test-logs')

/** Groups that need no running Ceph, and those that need a libvirtd too. */
const WITHOUT_CLUSTER = ['unit', 'types', 'package']
const WITH_HYPERVISOR = ['libvirt', 'e2e']

const print = (line: string): void => console.log(line)
const group = (file: string): string => file.split('/')[1] ?? ''

function testFilesBelow(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(directory, name))
    .sort()
}

interface Selection {
  native: boolean
  files: string[]
}

function select(args: string[]): Selection {
  if (args.length === 0) return { native: true, files: testFilesBelow('test') }
  const files = new Set<string>()
  for (const arg of args.filter((word) => word !== 'native')) {
    const path = existsSync(join(root, 'test', arg)) ? join('test', arg) : relative(root, resolve(arg))
    if (!existsSync(join(root, path))) throw new Error(`no such test file or group: ${arg}`)
    const found = statSync(join(root, path)).isDirectory() ? testFilesBelow(path) : [path]
    for (const file of found) files.add(file)
  }
  return { native: args.includes('native'), files: [...files] }
}

/** The daemons that tests share, and the environment that tells tests of them (test/helpers). */
class Daemons {
  readonly env: Record<string, string> = {}
  #cluster: LocalCluster | undefined
  #hypervisor: LocalHypervisor | undefined

  async start(files: string[], signal: AbortSignal): Promise<void> {
    const groups = files.map(group)
    if (groups.every((name) => WITHOUT_CLUSTER.includes(name))) return
    const started = performance.now()
    this.#cluster = await LocalCluster.start({ signal })
    this.env.RBDKIT_TEST_CONF = this.#cluster.confFile
    if (groups.some((name) => WITH_HYPERVISOR.includes(name))) {
      this.#hypervisor = await LocalHypervisor.start({ signal })
      this.env.RBDKIT_TEST_LIBVIRT_URI = this.#hypervisor.uri
    }
    print(`daemons up in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  }

  async stop(keepLogs: boolean): Promise<void> {
    for (const daemon of [this.#hypervisor, this.#cluster]) {
      if (!daemon) continue
      const name = daemon === this.#cluster ? 'ceph' : 'libvirt'
      if (keepLogs) await cp(daemon.logs, join(logs, name), { recursive: true }).catch(console.error)
      await daemon.close()
    }
  }
}

/** Runs the files; counts in any case. */
async function runFiles(
  files: string[],
  env: Record<string, string>,
  signal: AbortSignal,
  add: (counts: Counts) => void,
): Promise<void> {
  const report = new TapReport(print)
  try {
    await runTestFiles(files, report, { root, env, logs, signal })
    signal.throwIfAborted()
    const slowest = report.slowest(SHOWN_SLOWEST)
    const named = slowest.map(({ file, seconds }) => `${file} ${seconds.toFixed(0)} s`)
    if (named.length > 1) print(`slowest: ${named.join(', ')}`)
  } finally {
    // Again at the end: whoever sees only a part of a long log sees the last lines.
    for (const name of report.failed) print(`failed: ${name}`)
    add(report.counts)
  }
}

async function main(): Promise<number> {
  const stop = new AbortController()
  const limit = AbortSignal.timeout(TIME_LIMIT_MS)
  const signal = AbortSignal.any([stop.signal, limit])
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)))
  }

  const total: Counts = { passed: 0, failed: 0, skipped: 0 }
  const add = (counts: Counts): void => {
    for (const name of ['passed', 'failed', 'skipped'] as const) total[name] += counts[name]
  }
  const daemons = new Daemons()
  await rm(logs, { recursive: true, force: true })
  await mkdir(logs, { recursive: true })
  let broken = false
  try {
    const { native, files } = select(process.argv.slice(2))
    if (native) {
      add(runNativeTests(join(root, 'build-cmake')))
      add(fuzz(parsers(), FUZZ_SECONDS, true))
    }
    if (files.length > 0) {
      await daemons.start(files, signal)
      await runFiles(files, daemons.env, signal, add)
    }
  } catch (error) {
    broken = true
    console.error(
      limit.aborted ? `the tests took longer than ${TIME_LIMIT_MS / 60_000} minutes` : String(error),
    )
  }
  await daemons.stop(broken || total.failed > 0).catch((error: unknown) => {
    broken = true
    console.error(error)
  })
  if (broken) {
    print('the run broke off: the counts are not whole')
    total.failed += 1
  }
  if (total.failed > 0) print(`logs: ${relative(root, logs)}`)
  print(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return total.failed > 0 || total.passed === 0 ? 1 : 0
}

process.exitCode = await main()
