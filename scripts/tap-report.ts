/** Counting and showing what tap reports. */
import { inspect } from 'node:util'
import { Parser, type Result } from 'tap-parser'

/** What became of the tests. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/**
 * Reads tap's output, prints one line for each test file and every failure, and counts tests: a test is a
 * `t.test()` without inner ones, however many assertions it makes (or a file that has only assertions). A file
 * that breaks off counts as a failed test.
 */
export class TapReport {
  readonly parser = new Parser()
  readonly #tests = new Map<string, keyof Counts>()
  readonly #seconds = new Map<string, number>()

  constructor(print: (line: string) => void) {
    this.parser.on('result', (result: Result) => {
      this.#count(result)
      if (!result.ok && !result.todo) print(failure(result))
    })
    this.parser.on('assert', (result: Result) => {
      const seconds = (result.time ?? 0) / 1000
      this.#seconds.set(result.name, seconds)
      print(`${result.ok ? 'ok    ' : 'FAILED'} ${result.name} ${seconds.toFixed(1)} s`)
    })
  }

  /** Whether the report is whole: files were planned, and each of them reported. */
  get complete(): boolean {
    const results = this.parser.results
    return results !== null && results.count > 0 && results.count === results.plan.end
  }

  /** The files that took longest, the slowest first. */
  slowest(count: number): { file: string; seconds: number }[] {
    const files = [...this.#seconds].map(([file, seconds]) => ({ file, seconds }))
    return files.sort((a, b) => b.seconds - a.seconds).slice(0, count)
  }

  get counts(): Counts {
    const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
    for (const outcome of this.#tests.values()) counts[outcome] += 1
    return counts
  }

  #count(result: Result): void {
    if (result.skip || result.todo) {
      this.#tests.set(result.fullname, 'skipped')
      return
    }
    // An assertion's full name is its test's, ' > ', and its own; a file that broke off has no test above it.
    const own = ` > ${result.name}`
    const test = result.fullname.endsWith(own) ? result.fullname.slice(0, -own.length) : result.fullname
    if (!result.ok) this.#tests.set(test, 'failed')
    else if (this.#tests.get(test) !== 'failed') this.#tests.set(test, 'passed')
  }
}

/** What tap tells of how it ran a file: of no use to a reader. */
const INTERNAL = ['stdio', 'cwd', 'command', 'args', 'jobId', 'externalID']

function failure(result: Result): string {
  const lines = Object.entries(result.diag ?? {})
    .filter(([name]) => !INTERNAL.includes(name))
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : inspect(value, { depth: 6 })}`)
  return ['', `not ok: ${result.fullname}`, ...lines].join('\n').trimEnd().replaceAll('\n', '\n  ')
}
