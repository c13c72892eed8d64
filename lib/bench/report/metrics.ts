/** This file names the figures that are shown and compared, one direction at a time. */

import {
  formatBandwidth,
  formatBytes,
  formatCount,
  formatLatency,
  formatPercentile,
} from '../../internal/text.js'
import { type Direction, type DirectionName, latencyAt, type Run, totals } from './run.js'

/** One figure of a direction, or of a whole run. */
export interface Metric {
  readonly name: string
  /** `undefined`: which way is better cannot be said. */
  readonly better: 'higher' | 'lower' | undefined
  /** `undefined`: this run does not tell. */
  readonly value: (direction: Direction) => number | undefined
  readonly format: (value: number) => string
}

/** The percentiles that tables show. */
const percents = [50, 90, 95, 99, 99.9, 99.99]

const latency = (name: string, value: Metric['value']): Metric => ({
  name,
  better: 'lower',
  value,
  format: formatLatency,
})

/** Throughput first, then latency from the best to the worst. */
export const metrics: readonly Metric[] = [
  { name: 'IOPS', better: 'higher', value: ({ iops }) => iops, format: formatCount },
  { name: 'bandwidth', better: 'higher', value: ({ bandwidth }) => bandwidth, format: formatBandwidth },
  latency('latency mean', ({ latency }) => latency.mean),
  ...percents.map((percent) =>
    latency(`latency ${formatPercentile(percent)}`, (direction) => latencyAt(direction.latency, percent)),
  ),
  latency('latency max', ({ latency }) => latency.max),
]

/** What was done, where it is not a figure of merit. */
export const amounts: readonly Metric[] = [
  { name: 'operations', better: undefined, value: ({ operations }) => operations, format: formatCount },
  { name: 'bytes', better: undefined, value: ({ bytes }) => bytes, format: formatBytes },
]

/** A figure of several runs beside each other; the ratios are to the first. */
export interface ComparedMetric {
  readonly name: string
  readonly better: Metric['better']
  readonly values: readonly (number | undefined)[]
  readonly shown: readonly string[]
  readonly ratios: readonly (number | undefined)[]
}

/** What one direction has in several runs. */
export interface ComparedDirection {
  readonly name: DirectionName
  readonly metrics: readonly ComparedMetric[]
}

const none = '-'

function compared(metric: Omit<Metric, 'value'>, values: readonly (number | undefined)[]): ComparedMetric {
  const [first] = values
  return {
    name: metric.name,
    better: metric.better,
    values,
    shown: values.map((value) => (value === undefined ? none : metric.format(value))),
    ratios: values.map((value) => (value === undefined || !first ? undefined : value / first)),
  }
}

/** The directions that any of the runs has, and CPU per operation where known. */
export function compareRuns(runs: readonly Run[]): readonly ComparedDirection[] {
  const names = (['read', 'write', 'trim'] as const).filter((name) =>
    runs.some((run) => run.directions.some((one) => one.name === name)),
  )
  return names.map((name) => {
    const directions = runs.map((run) => run.directions.find((one) => one.name === name))
    const rows = metrics.map((metric) =>
      compared(
        metric,
        directions.map((direction) => direction && metric.value(direction)),
      ),
    )
    return { name, metrics: rows }
  })
}

/** CPU of the client for each operation: of the whole run, all directions. */
export function compareCpu(runs: readonly Run[]): ComparedMetric {
  const format = (us: number): string => formatLatency(us * 1000)
  const values = runs.map(({ cpu }) => cpu?.perOperation)
  return compared({ name: 'CPU per operation', better: 'lower', format }, values)
}

/** `better`, `worse`, or `same` within a hundredth. */
export function verdict({ better }: ComparedMetric, ratio: number | undefined): 'better' | 'worse' | 'same' {
  if (ratio === undefined || better === undefined || Math.abs(ratio - 1) < 0.01) return 'same'
  return ratio > 1 === (better === 'higher') ? 'better' : 'worse'
}

/** Percent of one CPU, while measuring. */
export function cpuPercent(run: Run): { user: number; system: number } | undefined {
  if (run.cpu === undefined || run.seconds === 0 || totals(run).operations === 0) return undefined
  return { user: (100 * run.cpu.user) / run.seconds, system: (100 * run.cpu.system) / run.seconds }
}
