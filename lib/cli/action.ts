/**
 * This file takes a command line to an exit status: it runs a command's work, prints what that reports, and says what
 * went wrong.
 */

import type { Command } from 'commander'
import { untilAborted } from '../internal/call-options.js'
import { withoutKeys } from '../internal/secrets.js'
import type { Flags } from './options/options.js'
import { isUsageError, usageMessage } from './options/usage-error.js'
import { type Report, Session } from './session.js'
import { noProgress, type ProgressView, progressLines } from './terminal/progress.js'
import { Interrupted, withSignals } from './terminal/signals.js'
import { print, printAside, say } from './terminal/terminal.js'

/** Milliseconds that ending may take after Ctrl-C before we say what is going on. */
const PATIENCE = 1000

/** Milliseconds that closing may take after Ctrl-C: on a cluster that does not answer it would wait. */
const CLOSING = 2000

/** Seconds between two lines of progress where stderr is no terminal. */
const LINES_EVERY = 10

async function viewFor({ progress = false }: Flags): Promise<ProgressView> {
  if (!progress) return noProgress
  if (!process.stderr.isTTY) return progressLines(process.stderr, LINES_EVERY)
  const { progressBar } = await import('./terminal/progress-bar.js')
  return progressBar(process.stderr)
}

/** The error as JSON: its message and what it has of its own (`code`, `syscall`, `pool`, `image`, `path`, ...). */
function toJson(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const own = Object.entries(error).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [[name, withoutKeys(value)]]
      : typeof value === 'number'
        ? [[name, value]]
        : [],
  )
  return { message: withoutKeys(error.message), ...Object.fromEntries(own) }
}

/** Ends the process with the status of a wrong command line, or sets the status of a failure. */
function fail(error: unknown, command: Command, json: boolean, status: number): void {
  const message = error instanceof Error ? error.message : String(error)
  if (isUsageError(error)) command.error(`error: ${usageMessage(message)}`)
  if (json) print(`${JSON.stringify({ error: toJson(error) }, null, 2)}\n`)
  say(message)
  process.exitCode = error instanceof Interrupted ? error.exitCode : status
}

async function run<F extends Flags>(
  work: (session: Session<F>) => Promise<Report>,
  flags: F,
  view: ProgressView,
  readOnly: boolean,
): Promise<Report> {
  return withSignals(
    async (signal) => {
      let patience: NodeJS.Timeout | undefined
      signal.addEventListener('abort', () => {
        view.stop()
        patience = setTimeout(() => say('interrupted, cleaning up; Ctrl-C again leaves at once'), PATIENCE)
      })
      const session = new Session(flags, signal, view)
      try {
        const report = work(session)
        return await (readOnly ? untilAborted(report, signal) : report)
      } finally {
        // What only reads has nothing to clean up.
        if (!readOnly || !signal.aborted)
          await session.close(signal.aborted ? AbortSignal.timeout(CLOSING) : undefined)
        clearTimeout(patience)
      }
    },
    () => say('left at once: something may be left under a temporary name (<name>.rbdkit-...)'),
  )
}

type Operands = (string | string[] | undefined)[]

/**
 * With `--image` an image that is the first operand is not there: the others are one place further on. As with rbd.
 */
function shiftOperands(command: Command, { image }: Flags, operands: Operands): Operands {
  const isFirst = /(?:image|snap)-spec$/.test(command.registeredArguments[0]?.name() ?? '')
  if (image === undefined || !isFirst) return operands
  const [first, rest] = operands
  // What may be given several times comes as a list.
  if (Array.isArray(rest)) return [undefined, typeof first === 'string' ? [first, ...rest] : rest]
  if (operands.at(-1) !== undefined)
    command.error(`error: --image names the image: '${operands.at(-1)}' is one operand too many`)
  return [undefined, ...operands.slice(0, -1)]
}

/**
 * What commander calls: runs `work` with a {@link Session} and the operands, prints its report. Exit status `trouble`
 * and one line on stderr when it fails, with `--json` an object `error` on stdout too; 2 for a wrong command line; 128
 * and the signal's number after one. A command that is `readOnly` ends at the first Ctrl-C, whatever is under way.
 */
export function action<F extends Flags, A extends Operands>(
  work: (session: Session<F>, ...operands: A) => Promise<Report>,
  trouble = 1,
  readOnly = false,
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command
    const flags = args.at(-2) as F
    const operands = shiftOperands(command, flags, args.slice(0, -2) as Operands) as A
    const json = flags.json === true || flags.format === 'json'
    const view = await viewFor(flags)
    try {
      const report = await run<F>((session) => work(session, ...operands), flags, view, readOnly)
      view.stop()
      const shown = json ? `${JSON.stringify(report.json, null, 2)}\n` : report.text
      const text = typeof shown === 'function' ? shown() : shown
      if (report.aside) printAside(text)
      else print(text)
      for (const trouble of report.troubles ?? []) say(trouble)
      process.exitCode = report.status ?? (report.troubles?.length ? 1 : 0)
    } catch (error) {
      view.stop()
      fail(error, command, json, trouble)
      if (readOnly && error instanceof Interrupted) process.exit()
    }
  }
}
