/**
 * This file does what the commands on diffs share: `-` for standard input or output, progress, what is said at the
 * end.
 */

import type { DiffInfo, DiffInput, DiffOptions, DiffOutput } from '../../copy/diff.js'
import type { CopyProgress } from '../../copy/types.js'
import type { Job } from '../../internal/job.js'
import { formatBytes } from '../../internal/text.js'
import type { Report, Session } from '../session.js'
import { Interrupted } from '../terminal/signals.js'
import { interrupted } from '../terminal/warnings.js'
import { checkStandardOutput, watched } from './copying.js'

/** The diff that an operand names. */
export function toDiffInput(path: string): DiffInput {
  return path === '-' ? { fd: 0 } : { file: path }
}

/** Where an operand says that a diff goes. */
export function toDiffOutput(session: Session, path: string): DiffOutput {
  if (path !== '-') return { file: path }
  checkStandardOutput(session, 'a diff')
  return { fd: 1 }
}

/** What was left by Ctrl-C of a diff, or another stream, that was to be written. */
export function nothingOf(path: string, what = 'diff'): string {
  return path === '-' ? `the ${what} is not whole` : `nothing is left of '${path}'`
}

/** One run of a job on diffs. */
interface DiffRun {
  readonly from: string
  readonly to: string
  /** What was left of it by Ctrl-C. */
  readonly left: string
  start(options: DiffOptions): Job<CopyProgress, DiffInfo>
}

/** Runs it. What it did is told on stderr when standard output has the diff. */
export async function runDiff(session: Session, { from, to, left, start }: DiffRun): Promise<Report> {
  try {
    const info = await start(watched(session))
    const { dataBytes, zeroBytes, fileBytes, digest } = info
    const changes = `${formatBytes(dataBytes)} of data, ${formatBytes(zeroBytes)} of zeros`
    return {
      json: { source: from, destination: to, ...info },
      text: `${from} -> ${to}: ${changes}, a diff of ${formatBytes(fileBytes)}, ${digest}\n`,
      aside: to === '-',
    }
  } catch (error) {
    if (error instanceof Interrupted) error.message = interrupted(error.message, left)
    throw error
  }
}
