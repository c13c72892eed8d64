/** This file draws the charts of a report: figures over time, and the percentile curve. */

import {
  formatBandwidth,
  formatBytes,
  formatLatency,
  formatSeconds,
  formatShort,
  micro,
} from '../../internal/text.js'
import type { BenchInterval } from '../types.js'
import type { Color, Plot, PlotColumn, PlotLine } from './plot.js'
import { type LatencyFigures, latencyAt } from './run.js'
import { byteScale, linearScale, logScale, type Scale, timeScale } from './scale.js'

/** Rows of a series, and how they are called where there are several. */
export interface NamedSeries {
  readonly name: string
  readonly color: Color
  readonly series: readonly BenchInterval[]
}

/** More points than this are nothing but noise, and make the page heavy. */
const MAX_POINTS = 120

/** Merges several seconds: mean throughput, the middle median, the worst of p99 and max. */
function merge(group: readonly BenchInterval[]): BenchInterval {
  const mean = (value: (one: BenchInterval) => number): number =>
    group.reduce((sum, one) => sum + value(one), 0) / group.length
  const worst = (value: (one: BenchInterval) => number): number => Math.max(...group.map(value))
  const medians = group.map(({ lat_ns }) => lat_ns.p50).sort((a, b) => a - b)
  return {
    time: group.at(-1)?.time ?? 0,
    iops: mean(({ iops }) => iops),
    bw_bytes: mean(({ bw_bytes }) => bw_bytes),
    lat_ns: {
      mean: mean(({ lat_ns }) => lat_ns.mean),
      p50: medians[medians.length >> 1] ?? 0,
      p99: worst(({ lat_ns }) => lat_ns.p99),
      max: worst(({ lat_ns }) => lat_ns.max),
    },
  }
}

function thin(series: readonly BenchInterval[], per: number): BenchInterval[] {
  const groups: BenchInterval[] = []
  for (let i = 0; i < series.length; i += per) groups.push(merge(series.slice(i, i + per)))
  return groups
}

interface Value {
  readonly name: string
  readonly color: Color
  readonly of: (interval: BenchInterval) => number
  readonly area?: boolean
  readonly thin?: boolean
}

interface OverTime {
  readonly title: string
  readonly what: string
  /** What a point is where it stands for several seconds. */
  readonly coarse: string
  readonly scale: (values: readonly number[]) => Scale
  readonly format: (value: number) => string
}

/** One chart; its lines are `values` of each series. */
function overTime(
  { title, what, coarse, scale, format }: OverTime,
  sources: readonly { readonly series: readonly BenchInterval[]; readonly values: readonly Value[] }[],
): Plot {
  const longest = Math.max(...sources.map(({ series }) => series.length))
  const per = Math.ceil(longest / MAX_POINTS)
  const thinned = sources.map((source) => ({ ...source, series: thin(source.series, per) }))
  const end = Math.max(...thinned.map(({ series }) => series.at(-1)?.time ?? 0))
  const lines: PlotLine[] = thinned.flatMap(({ series, values }) =>
    values.map(({ of, ...rest }) => ({
      ...rest,
      // A value is that of the time before its mark: the first one begins at 0.
      points: series.flatMap((interval, i) => {
        const point = [interval.time, of(interval)] as const
        return i === 0 ? [[0, point[1]] as const, point] : [point]
      }),
    })),
  )
  const widest = thinned.reduce((a, b) => (b.series.length > a.series.length ? b : a))
  const times = widest.series.map(({ time }) => time)
  const columns = times.map((at, i): PlotColumn => {
    const [before, after] = [times[i - 1], times[i + 1]]
    const rows = thinned.flatMap(({ series, values }) => {
      const interval = series[i]
      if (interval === undefined) return []
      return values.map(({ name, color, of }) => ({
        name,
        color,
        y: of(interval),
        value: format(of(interval)),
      }))
    })
    return {
      from: before === undefined ? 0 : (before + at) / 2,
      to: after === undefined ? end : (at + after) / 2,
      at,
      label: per === 1 ? formatSeconds(at) : `${per} s to ${formatSeconds(at)}`,
      rows,
    }
  })
  return {
    title,
    caption: per === 1 ? `${what}, each second` : `${what}, each point is ${per} s${coarse}`,
    x: timeScale(end),
    y: scale(lines.flatMap(({ points }) => points.map(([, y]) => y))),
    lines,
    columns,
  }
}

const single = (all: readonly NamedSeries[], of: Value['of']) =>
  all.map(({ name, color, series }) => ({ series, values: [{ name, color, of, area: all.length === 1 }] }))

/** Operations a second. */
export function iopsPlot(all: readonly NamedSeries[]): Plot {
  const scale = (values: readonly number[]): Scale => linearScale(Math.max(...values), formatShort)
  const what = 'operations a second'
  return overTime(
    { title: 'IOPS', what, coarse: ': their mean', scale, format: formatShort },
    single(all, ({ iops }) => iops),
  )
}

/** Bytes a second. */
export function bandwidthPlot(all: readonly NamedSeries[]): Plot {
  const scale = (values: readonly number[]): Scale =>
    byteScale(Math.max(...values), (value) => `${formatBytes(Number(value.toFixed(3)))}`)
  const what = 'bytes a second'
  return overTime(
    { title: 'Bandwidth', what, coarse: ': their mean', scale, format: formatBandwidth },
    single(all, ({ bw_bytes }) => bw_bytes),
  )
}

const latencyScale = (values: readonly number[]): Scale => {
  const seen = values.filter((value) => value > 0)
  return logScale(Math.min(...seen, Number.MAX_VALUE), Math.max(...seen, 1), shortLatency)
}

const shownLatency = (ns: number): string => micro(formatLatency(ns))

/** Marks on an axis are round numbers: `1 ms`, not `1.00 ms`. */
function shortLatency(ns: number): string {
  return shownLatency(ns).replace(/\.0+ /, ' ')
}

/** p50, p99 and the worst, of one direction of one run. */
export function latencyPlot(title: string, series: readonly BenchInterval[]): Plot {
  const values: Value[] = [
    { name: 'max', color: 'soft', of: ({ lat_ns }) => lat_ns.max, thin: true },
    { name: 'p99', color: 'c4', of: ({ lat_ns }) => lat_ns.p99 },
    { name: 'p50', color: 'c3', of: ({ lat_ns }) => lat_ns.p50 },
  ]
  const what = 'logarithmic'
  const coarse = ': the worst p99 and max, the middle p50'
  return overTime({ title, what, coarse, scale: latencyScale, format: shownLatency }, [{ series, values }])
}

/** One percentile of several runs. */
export function tailPlot(title: string, all: readonly NamedSeries[], of: 'p50' | 'p99'): Plot {
  const sources = all.map(({ name, color, series }) => ({
    series,
    values: [{ name, color, of: ({ lat_ns }: BenchInterval) => lat_ns[of] }],
  }))
  const coarse = of === 'p99' ? ': the worst' : ': the middle'
  return overTime({ title, what: 'logarithmic', coarse, scale: latencyScale, format: shownLatency }, sources)
}

/** Latencies, and how they are called where there are several. */
export interface NamedLatency {
  readonly name: string
  readonly color: Color
  readonly latency: LatencyFigures
}

/** 0 for 0 %, 1 for 90 %, 2 for 99 %, ...: each step has a tenth of the operations before it. */
const tail = (percent: number): number => -Math.log10(Math.max(1 - percent / 100, 1e-9))

/** Where percentiles end: at the one slowest operation. */
const lastTail = ({ count }: LatencyFigures): number => Math.log10(Math.max(count, 10))

function curve(latency: LatencyFigures): [number, number][] {
  const end = lastTail(latency)
  const { bins, percentiles } = latency
  if (bins.length === 0) {
    const known = percentiles.map(([percent, ns]): [number, number] => [tail(percent), ns])
    return [...known.filter(([x]) => x < end), [end, latency.max]]
  }
  const total = bins.reduce((sum, [, n]) => sum + n, 0)
  const points: [number, number][] = [[0, latency.min]]
  let seen = 0
  for (const [ns, n] of bins) {
    seen += n
    const x = seen === total ? end : Math.min(tail((100 * seen) / total), end)
    const y = Math.min(ns, latency.max)
    // As fine as can be drawn: what lies that near to the point before the last takes the last one's place.
    const before = points.at(-2)
    if (before !== undefined && x - before[0] < end / 400) points.pop()
    points.push([x, y])
  }
  points.push([end, latency.max])
  return points
}

const marks = [0, 90, 99, 99.9, 99.99, 99.999, 99.9999, 99.99999]
const pointed = [50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999]

/** Latency by percentile; the x axis is logarithmic in what is slower, so that the tail can be seen. */
export function percentilePlot(title: string, all: readonly NamedLatency[]): Plot {
  const end = Math.max(...all.map(({ latency }) => lastTail(latency)))
  const lines = all.map(({ name, color, latency }) => ({ name, color, points: curve(latency) }))
  const ys = lines.flatMap(({ points }) => points.map(([, y]) => y))
  const percents = pointed.filter((percent) => tail(percent) <= end)
  const columns = percents.map((percent, i): PlotColumn => {
    const [before, at, after] = [percents[i - 1], percent, percents[i + 1]].map((one) =>
      one === undefined ? undefined : tail(one),
    ) as [number | undefined, number, number | undefined]
    const rows = all.flatMap(({ name, color, latency }) => {
      const y = at > lastTail(latency) ? undefined : latencyAt(latency, percent)
      return y === undefined ? [] : [{ name, color, y, value: shownLatency(y) }]
    })
    const [from, to] = [
      before === undefined ? 0 : (before + at) / 2,
      after === undefined ? end : (at + after) / 2,
    ]
    return { from, to, at, label: `${percent} % are no slower`, rows }
  })
  const ticks = marks
    .filter((percent) => tail(percent) <= end)
    .map((percent) => ({ at: tail(percent) / end, label: `${percent}%` }))
  return {
    title,
    caption: 'both axes logarithmic; ends at the slowest operation',
    x: { ticks, place: (value) => value / end },
    y: latencyScale(ys),
    lines,
    columns,
  }
}
