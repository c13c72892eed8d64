import { monitorEventLoopDelay } from 'node:perf_hooks'

const resolution = 10

/** Watches how late timers are. Node's histogram has the time between two ticks, so one period is taken off again. */
export function watchLoop() {
  const histogram = monitorEventLoopDelay({ resolution })
  histogram.enable()
  return () => {
    histogram.disable()
    const ms = (ns) => Math.max(0, ns / 1e6 - resolution)
    return { p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), max: ms(histogram.max) }
  }
}
