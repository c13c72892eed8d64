/** This file does what `cp`, `import` and `export` share: a copy with its progress, and what is said of it. */

import { fstatSync, statSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import type { CompareProgress } from '../../copy/compare.js'
import type {
  CopyDestination,
  CopyProgress,
  CopyResult,
  CopySource,
  DiskSource,
  FileSource,
  ImageSource,
} from '../../copy/types.js'
import { formatBandwidth, formatBytes, formatSeconds } from '../../internal/text.js'
import { formatImageSpec, type ImageSpec } from '../options/image-spec.js'
import { type CopyFlags, toJobOptions, toLayout } from '../options/options.js'
import type { Report, Session } from '../session.js'
import type { Progress } from '../terminal/progress.js'
import { Interrupted } from '../terminal/signals.js'
import { interrupted } from '../terminal/warnings.js'

/** An image, a snapshot or a file. */
export type DiskEnd = ImageSpec | FileSource

/** One end of a copy. */
export type End = DiskEnd | { readonly fd: 0 | 1 }

/** What `-` is. */
export const standardInput: End = { fd: 0 }
export const standardOutput: End = { fd: 1 }

/** Throws commander's error when standard output cannot be had for `what`. */
export function checkStandardOutput(session: Session, what: string): void {
  if (process.stdout.isTTY) throw new InvalidArgumentError(`'-': ${what} does not belong on a terminal`)
  if (session.flags.json) throw new InvalidArgumentError('--json needs standard output for itself')
}

type JobProgress = CopyProgress | CompareProgress

const words: Readonly<Record<JobProgress['phase'], string>> = {
  prepare: 'preparing',
  copy: 'copying',
  compare: 'comparing',
  flush: 'flushing',
  verify: 'verifying',
  publish: 'finishing',
  done: 'done',
}

function toProgress({ phase, bytesDone, bytesTotal, bytesPerSecond, stalled }: JobProgress): Progress {
  const share = bytesTotal === 0 ? 0 : bytesDone / bytesTotal
  const seconds = bytesPerSecond > 0 ? Math.ceil((bytesTotal - bytesDone) / bytesPerSecond) : 0
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %  `
  // How much a stream has only its end tells.
  const amount =
    bytesTotal === 0
      ? formatBytes(bytesDone)
      : `${percent}${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`
  const timed = phase === 'copy' || phase === 'compare' || phase === 'verify'
  const moving = stalled ? 'nothing has completed for ten seconds' : formatBandwidth(bytesPerSecond)
  return {
    phase: words[phase],
    share,
    figures: bytesTotal + bytesDone === 0 ? '' : `${amount}  ${moving}`,
    left: timed && bytesTotal > 0 && seconds > 0 && !stalled ? `${formatSeconds(seconds)} left` : '',
  }
}

/** What every job is given: Ctrl-C ends it, its progress is shown. */
export function watched({ signal, progress }: Session): {
  signal: AbortSignal
  onProgress(p: JobProgress): void
} {
  return {
    signal,
    onProgress(p) {
      if (!signal.aborted && p.phase !== 'done') progress.update(toProgress(p))
    },
  }
}

/** How a command calls it. */
export function nameOf(end: End): string {
  if ('fd' in end) return '-'
  return 'file' in end ? end.file : formatImageSpec(end)
}

/** Whether what an interrupted copy has written stays. */
function isInPlace(end: End): boolean {
  if ('fd' in end) return true
  const there = 'file' in end ? statSync(end.file, { throwIfNoEntry: false }) : undefined
  return there !== undefined && !there.isFile()
}

/** `-`, or a path such as /dev/stdout. */
function isStandardOutput(end: End): boolean {
  if (!('file' in end)) return 'fd' in end
  const there = statSync(end.file, { throwIfNoEntry: false })
  const output = fstatSync(1)
  return there?.dev === output.dev && there.ino === output.ino
}

/** What `copy()` and its like take for an image or a snapshot that is read. */
export async function toImageSource(session: Session, spec: ImageSpec): Promise<ImageSource> {
  const { image, snapshot } = spec
  return { ioctx: await session.ioctx(spec), image, ...(snapshot === undefined ? {} : { snapshot }) }
}

/** Likewise, for files too. */
export async function toDiskSource(session: Session, end: DiskEnd): Promise<DiskSource> {
  return 'file' in end ? end : toImageSource(session, end)
}

async function toDestination(session: Session<CopyFlags>, end: End): Promise<CopyDestination> {
  if ('file' in end || 'fd' in end) return end
  const { flags } = session
  return { ioctx: await session.destination(flags).ioctx(end), image: end.image, ...toLayout(flags) }
}

async function toSource(session: Session, end: End): Promise<CopySource> {
  return 'fd' in end ? end : toDiskSource(session, end)
}

function serverSideText({ bytes, refused }: NonNullable<CopyResult['serverSide']>): string {
  return refused === undefined
    ? `${formatBytes(bytes)} of it copied by the OSDs\n`
    : `the OSDs copied nothing: ${refused}\n`
}

/** Copies. A copy that fails or is interrupted leaves nothing. */
export async function runCopy(session: Session<CopyFlags>, from: End, to: End): Promise<Report> {
  const { flags } = session
  const destination = await toDestination(session, to)
  const source = await toSource(session, from)
  const { copy } = await import('../../copy/copy.js')
  try {
    const options = {
      ...watched(session),
      ...toJobOptions(flags),
      ...(flags.verify === undefined ? {} : { verify: flags.verify }),
      ...(flags.replace === undefined ? {} : { replace: flags.force ? ('force' as const) : flags.replace }),
      ...(flags.replaceLoses === undefined ? {} : { replaceLoses: flags.replaceLoses }),
      ...(flags.resume === undefined ? {} : { resume: flags.resume }),
      ...(flags.deep === undefined ? {} : { deep: flags.deep }),
      ...(flags.keepParent === undefined ? {} : { keepParent: flags.keepParent }),
      ...(flags.serverSide === undefined ? {} : { serverSide: flags.serverSide }),
    }
    const result = await copy(source, destination, options)
    const { bytes, bytesWritten, seconds, digest, serverSide } = result
    const data = bytesWritten + (serverSide?.bytes ?? 0)
    const rate = formatBandwidth(bytes / Math.max(seconds, 1e-3))
    const again = (flags.verify ?? 'checksum') === 'checksum' ? '' : ', verified'
    const checked = digest === '' ? '' : `, ${digest}${again}`
    const text =
      `${nameOf(from)} -> ${nameOf(to)}: ${formatBytes(bytes)} (${formatBytes(data)} of it data) ` +
      `in ${formatSeconds(seconds)}, ${rate}${checked}\n`
    const { bytesResumed, replaced } = result
    const old = replaced && (replaced.name === undefined ? `in the trash: ${replaced.id}` : replaced.name)
    const more =
      (bytesResumed > 0 ? `${formatBytes(bytesResumed)} of it were there already\n` : '') +
      (serverSide === undefined ? '' : serverSideText(serverSide)) +
      (old === undefined ? '' : `the image that it replaces is ${old}\n`)
    const json = { source: nameOf(from), destination: nameOf(to), ...result }
    return { json, text: text + more, aside: isStandardOutput(to) }
  } catch (error) {
    if (error instanceof Interrupted && !isInPlace(to))
      error.message = interrupted(error.message, `nothing is left of '${nameOf(to)}'`)
    throw error
  }
}
