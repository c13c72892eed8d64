/** How far a run is, on stderr: a line that is redrawn on a terminal, a line a second elsewhere, or nothing. */

import { SingleBar } from 'cli-progress'
import { formatBandwidth, formatLatency, formatSeconds, formatShort } from '../bench/report/format.js'
import type { BenchProgress } from '../bench/types.js'

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
  if (p.secondsTotal === 0) return formatSeconds(Math.floor(p.seconds))
  return `${formatSeconds(Math.max(0, Math.ceil(p.secondsTotal - p.seconds)))} left`
}

/** Told of the progress; `stop()` leaves the terminal as it was. */
export interface ProgressView {
  update(progress: BenchProgress): void
  stop(): void
}

function onTerminal(stream: NodeJS.WriteStream): ProgressView {
  const bar = new SingleBar({
    stream,
    format: '{phase} {bar}{figures}{left}',
    barsize: 20,
    barCompleteChar: '=',
    barIncompleteChar: '-',
    formatBar: (share, options) => {
      const size = options.barsize ?? 20
      const done = Math.round(Math.min(1, share) * size)
      return `[${'='.repeat(done)}${' '.repeat(size - done)}]  `
    },
    hideCursor: true,
    clearOnComplete: true,
    // Its own exit handler would be one more that listens to SIGINT.
    gracefulExit: false,
    fps: 10,
  })
  bar.start(1, 0, { phase: words.prepare, figures: '', left: '' })
  return {
    update(p) {
      const share = p.secondsTotal === 0 ? 0 : p.seconds / p.secondsTotal
      const left = p.phase === 'run' ? `  ${timeLeft(p)}` : ''
      bar.update(share, { phase: words[p.phase].padEnd(9), figures: figures(p), left })
    },
    stop: () => bar.stop(),
  }
}

function asLines(stream: NodeJS.WriteStream): ProgressView {
  let last = 0
  return {
    update(p) {
      const now = performance.now()
      // Reports come ten times a second and are not exact.
      if (now - last < 950) return
      last = now
      stream.write(`${words[p.phase]} ${figures(p)}  ${timeLeft(p)}\n`)
    },
    stop() {},
  }
}

/** `when` is fio's `--eta`. */
export function showProgress(when: 'auto' | 'always' | 'never', stream: NodeJS.WriteStream): ProgressView {
  if (when === 'never' || (when === 'auto' && !stream.isTTY)) return { update() {}, stop() {} }
  return stream.isTTY ? onTerminal(stream) : asLines(stream)
}
