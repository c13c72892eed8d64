/** Runs the C++ unit tests of the developer's build. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Counts } from './tap-report.js'

const PROGRAM = 'rbdkit_native_tests'
const TIME_LIMIT_MS = 15 * 60_000

/** Runs the native tests in `build`; what cannot be run or counted is one failure. */
export function runNativeTests(build: string): Counts {
  const broken: Counts = { passed: 0, failed: 1, skipped: 0 }
  const found = readdirSync(build, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.isFile() && entry.name === PROGRAM,
  )
  if (!found) {
    console.error(`${PROGRAM} is not in ${build}: npm run build makes it`)
    return broken
  }
  const done = spawnSync(join(found.parentPath, PROGRAM), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIME_LIMIT_MS,
  })
  process.stdout.write(done.stdout)
  const summary = /test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped/.exec(done.stdout)
  if (!summary) {
    console.error(
      `${PROGRAM} broke off: ${done.error?.message ?? done.signal ?? `exit status ${done.status}`}`,
    )
    return broken
  }
  const [passed, failed, skipped] = summary.slice(1).map(Number) as [number, number, number]
  // A sanitizer's finding at exit comes after the summary.
  const late = done.status !== 0 && failed === 0 ? 1 : 0
  if (late)
    console.error(`${PROGRAM} ended with ${done.signal ?? `exit status ${done.status}`} after its tests`)
  return { passed, failed: failed + late, skipped }
}
