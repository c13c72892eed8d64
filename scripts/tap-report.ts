/** Counting and showing what test files report. */
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { inspect } from 'node:util'
import { Parser, type Result } from 'tap-parser'

/** So many characters of what was wrong are repeated at the end. */
const SHOWN_REASON = 600

/** What became of the tests. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** How a test file's process ended. */
export interface Ending {
  seconds: number
  status: number | null
  signal: NodeJS.Signals | null
}

/**
 * Reads what test files print, prints one line for each file and every failure, and counts tests: a test is a `t.test()`
 * without inner ones, however many assertions it makes (or a file that has only assertions). A file that breaks off, or
 * that reports nothing, counts as a failed test.
 */
export class TapReport {
  readonly #print: (line: string) => void
  readonly #tests = new Map<string, keyof Counts>()
  readonly #seconds = new Map<string, number>()
  readonly #reasons = new Map<string, string>()

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /** Reads a file's output, and settles when it is told how the process ended. */
  async read(file: string, output: Readable, ended: Promise<Ending>): Promise<void> {
    const parser = new Parser()
    let failed = false
    parser.on('result', (result: Result) => {
      this.#count(file, result)
      if (result.ok || result.todo) return
      failed = true
      this.#print(failure(`${file} > ${result.fullname}`, result))
    })
    output.pipe(parser as unknown as NodeJS.WritableStream)
    const [ending] = await Promise.all([ended, finished(output).then(() => once(parser))])
    const whole = parser.results?.ok === true && parser.results.count > 0
    if (!failed && (!whole || ending.status !== 0)) {
      failed = true
      this.#tests.set(file, 'failed')
      const how = ending.signal ?? `status ${ending.status}`
      this.#print(`\nnot ok: ${file}\n  ${whole ? '' : 'its report is not whole; '}it ended with ${how}`)
    }
    this.#seconds.set(file, ending.seconds)
    this.#print(`${failed ? 'FAILED' : 'ok    '} ${file} ${ending.seconds.toFixed(1)} s`)
  }

  /** The files that took longest, the slowest first. */
  slowest(count: number): { file: string; seconds: number }[] {
    const files = [...this.#seconds].map(([file, seconds]) => ({ file, seconds }))
    return files.sort((a, b) => b.seconds - a.seconds).slice(0, count)
  }

  /** Names of the tests that failed, and of the files that broke off, each with what was first seen of it. */
  get failed(): string[] {
    const names = [...this.#tests].filter(([, outcome]) => outcome === 'failed').map(([name]) => name)
    return names.map((name) => [name, this.#reasons.get(name) ?? []].flat().join(': '))
  }

  get counts(): Counts {
    const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
    for (const outcome of this.#tests.values()) counts[outcome] += 1
    return counts
  }

  #count(file: string, result: Result): void {
    const fullname = `${file} > ${result.fullname}`
    if (result.skip || result.todo) {
      this.#tests.set(fullname, 'skipped')
      return
    }
    // An assertion's full name is its test's, ' > ', and its own.
    const test = fullname.slice(0, -` > ${result.name}`.length)
    if (!result.ok) {
      this.#tests.set(test, 'failed')
      if (!this.#reasons.has(test)) this.#reasons.set(test, reason(result))
    } else if (this.#tests.get(test) !== 'failed') this.#tests.set(test, 'passed')
  }
}

/** When the parser has read all. */
function once(parser: Parser): Promise<void> | undefined {
  return parser.results === null
    ? new Promise((resolve) => parser.on('complete', () => resolve()))
    : undefined
}

/** What was not so, on one line and cut: whoever sees only the end of a long log sees this. */
function reason({ name, diag }: Result): string {
  const { diff = '' } = (diag ?? {}) as { diff?: string }
  return `${name} ${diff}`.replaceAll(/\s+/g, ' ').trim().slice(0, SHOWN_REASON)
}

function failure(name: string, result: Result): string {
  const lines = Object.entries(result.diag ?? {}).map(
    ([key, value]) => `${key}: ${typeof value === 'string' ? value : inspect(value, { depth: 6 })}`,
  )
  return ['', `not ok: ${name}`, ...lines].join('\n').trimEnd().replaceAll('\n', '\n  ')
}
