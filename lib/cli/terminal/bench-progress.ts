/**
 * This file shows on stderr how far a benchmark is: a line that is redrawn on a terminal, a line a second elsewhere,
 * or nothing.
 */

import type { BenchProgress } from '../../bench/types.js'
import { formatBandwidth, formatLatency, formatSeconds, formatShort } from '../../internal/text.js'
import { noProgress, type Progress, progressLines } from './progress.js'
import { progressBar } from './progress-bar.js'

const words: Readonly<Record<BenchProgress['phase'], string>> = {
  prepare: 'preparing',
  warmup: 'warm-up',
  run: 'measuring',
  flush: 'flushing',
  done: 'done',
}

function figures({ iops, bw_bytes, lat_ns, stalled }: BenchProgress): string {
  if (stalled) return 'nothing has completed for ten seconds'
  const parts = [`${formatShort(Math.round(iops))} IOPS`, formatBandwidth(bw_bytes)]
  // Known once a whole second has been measured.
  if (lat_ns.p50 > 0) parts.push(`p50 ${formatLatency(lat_ns.p50)}`, `p99 ${formatLatency(lat_ns.p99)}`)
  return parts.join('  ')
}

function timeLeft(p: BenchProgress): string {
  if (p.phase !== 'run') return ''
  if (p.secondsTotal === 0) return formatSeconds(Math.floor(p.seconds))
  return `${formatSeconds(Math.max(0, Math.ceil(p.secondsTotal - p.seconds)))} left`
}

function toProgress(p: BenchProgress): Progress {
  const share = p.secondsTotal === 0 ? 0 : p.seconds / p.secondsTotal
  return { phase: words[p.phase], share, figures: figures(p), left: timeLeft(p) }
}

/** `when` is fio's `--eta`. */
export function showProgress(
  when: 'auto' | 'always' | 'never',
  stream: NodeJS.WriteStream,
): { update(progress: BenchProgress): void; stop(): void } {
  if (when === 'never' || (when === 'auto' && !stream.isTTY)) return noProgress
  const view = stream.isTTY ? progressBar(stream) : progressLines(stream, 1)
  if (stream.isTTY) view.update({ phase: words.prepare, share: 0, figures: '', left: '' })
  return {
    update(progress) {
      // The result says that it is done.
      if (progress.phase !== 'done') view.update(toProgress(progress))
    },
    stop: () => view.stop(),
  }
}
