/** What `cp`, `import` and `export` share: a copy with its progress, and what is said of it. */

import { statSync } from 'node:fs'
import { formatBandwidth, formatBytes, formatSeconds } from '../bench/report/format.js'
import type { CopyDestination, CopyProgress, CopySource } from '../copy/types.js'
import { formatImageSpec, type ImageSpec } from './image-spec.js'
import type { CopyFlags } from './options.js'
import { toLayout } from './options.js'
import type { Progress } from './progress.js'
import type { Report, Session } from './session.js'
import { Interrupted } from './signals.js'

/** One end of a copy. */
export type End = ImageSpec | { readonly file: string } | { readonly fd: 0 | 1 }

/** What `-` is. */
export const standardInput: End = { fd: 0 }
export const standardOutput: End = { fd: 1 }

const words: Readonly<Record<CopyProgress['phase'], string>> = {
  prepare: 'preparing',
  copy: 'copying',
  flush: 'flushing',
  verify: 'verifying',
  publish: 'finishing',
  done: 'done',
}

function toProgress({ phase, bytesDone, bytesTotal, bytesPerSecond, stalled }: CopyProgress): Progress {
  const share = bytesTotal === 0 ? 0 : bytesDone / bytesTotal
  const seconds = bytesPerSecond > 0 ? Math.ceil((bytesTotal - bytesDone) / bytesPerSecond) : 0
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %  `
  // How much a stream has only its end tells.
  const amount =
    bytesTotal === 0
      ? formatBytes(bytesDone)
      : `${percent}${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`
  const moving = stalled ? 'nothing has completed for ten seconds' : formatBandwidth(bytesPerSecond)
  return {
    phase: words[phase],
    share,
    figures: bytesTotal + bytesDone === 0 ? '' : `${amount}  ${moving}`,
    left:
      phase === 'copy' && bytesTotal > 0 && seconds > 0 && !stalled ? `${formatSeconds(seconds)} left` : '',
  }
}

function nameOf(end: End): string {
  if ('fd' in end) return '-'
  return 'file' in end ? end.file : formatImageSpec(end)
}

/** Whether what an interrupted copy has written stays. */
function isInPlace(end: End): boolean {
  if ('fd' in end) return true
  const there = 'file' in end ? statSync(end.file, { throwIfNoEntry: false }) : undefined
  return there !== undefined && !there.isFile()
}

async function toSource(session: Session, end: End): Promise<CopySource> {
  if ('file' in end || 'fd' in end) return end
  const { image, snapshot } = end
  return { ioctx: await session.ioctx(end), image, ...(snapshot === undefined ? {} : { snapshot }) }
}

async function toDestination(session: Session<CopyFlags>, end: End): Promise<CopyDestination> {
  if ('file' in end || 'fd' in end) return end
  return { ioctx: await session.ioctx(end), image: end.image, ...toLayout(session.flags) }
}

/** Copies. A copy that fails or is interrupted leaves nothing. */
export async function runCopy(session: Session<CopyFlags>, from: End, to: End): Promise<Report> {
  const { flags, signal, progress } = session
  const destination = await toDestination(session, to)
  const source = await toSource(session, from)
  const { copy } = await import('../copy/copy.js')
  const onProgress = (p: CopyProgress): void => {
    if (!signal.aborted && p.phase !== 'done') progress.update(toProgress(p))
  }
  try {
    const options = {
      signal,
      onProgress,
      ...(flags.maxMemory === undefined ? {} : { maxMemory: flags.maxMemory }),
      ...(flags.replace === undefined ? {} : { replace: flags.force ? ('force' as const) : flags.replace }),
      ...(flags.resume === undefined ? {} : { resume: flags.resume }),
      ...(flags.deep === undefined ? {} : { deep: flags.deep }),
    }
    const result = await copy(source, destination, options)
    const { bytes, bytesWritten, seconds, digest } = result
    const rate = formatBandwidth(bytes / Math.max(seconds, 1e-3))
    const text =
      `${nameOf(from)} -> ${nameOf(to)}: ${formatBytes(bytes)} (${formatBytes(bytesWritten)} of it data) ` +
      `in ${formatSeconds(seconds)}, ${rate}, ${digest}\n`
    const { bytesResumed, replaced } = result
    const old = replaced && (replaced.name === undefined ? `in the trash: ${replaced.id}` : replaced.name)
    const more =
      (bytesResumed > 0 ? `${formatBytes(bytesResumed)} of it were there already\n` : '') +
      (old === undefined ? '' : `the image that it replaces is ${old}\n`)
    const json = { source: nameOf(from), destination: nameOf(to), ...result }
    return { json, text: text + more, aside: 'fd' in to }
  } catch (error) {
    if (error instanceof Interrupted && !isInPlace(to))
      error.message += `; nothing is left of '${nameOf(to)}'`
    throw error
  }
}
