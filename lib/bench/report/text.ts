/** This file writes a run, and several beside each other, as text for a terminal. */

import { formatCount, formatLatency, formatRatio, formatSeconds, printable } from '../../internal/text.js'
import { differences } from './differences.js'
import { amounts, compareCpu, compareRuns, cpuPercent, metrics, verdict } from './metrics.js'
import type { Run, Setting } from './run.js'

/** Rows of cells: the first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  return rows.map((row) => `${indent}${line(row).trimEnd()}\n`).join('')
}

/** `name  value` lines; long values stay on their line. */
function listing(rows: readonly Setting[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `  ${printable(name).padEnd(width)}  ${printable(value)}\n`).join('')
}

function figures(run: Run): string {
  const header = ['', ...run.directions.map(({ name }) => name)]
  const rows = [...metrics, ...amounts].map((metric) => [
    metric.name,
    ...run.directions.map((direction) => {
      const value = metric.value(direction)
      return value === undefined ? '-' : metric.format(value)
    }),
  ])
  return table([header, ...rows], '  ')
}

/** Of the client's many settings those that are asked about first; the others are in the JSON and on the page. */
const first = new Set(['cluster handles', 'rbd_cache', 'rbd_io_scheduler', 'ms_client_mode'])

function settingsText(topic: string, rows: readonly Setting[]): string[] {
  // Which cluster: whoever runs the command knows.
  if (topic === 'Cluster') return []
  const shown =
    topic === 'Client' ? rows.filter(([name, value]) => first.has(name) || isLimit(name, value)) : rows
  if (topic === 'Versions') {
    const versions = shown.filter(([, value]) => value !== '').map((row) => row.map(printable).join(' '))
    return [`Versions: ${versions.join(', ')}\n`]
  }
  return shown.length === 0 ? [] : [`${printable(topic)}\n${listing(shown)}`]
}

/** A limit that is in force explains more than anything else. */
function isLimit(name: string, value: string): boolean {
  return name.startsWith('rbd_qos_') && value !== '0'
}

/** What was measured, then what it depends on. */
export function runText(run: Run): string {
  const parts = [
    `${printable(run.target)}: ${printable(run.title)}, ${formatSeconds(run.seconds)}\n`,
    figures(run),
  ]
  const more: [string, string][] = []
  for (const { name, iopsRange } of run.directions) {
    if (iopsRange === undefined) continue
    const { min, max, stddev } = iopsRange
    const spread = `${formatCount(min)} to ${formatCount(max)}, standard deviation ${formatCount(stddev)}`
    more.push([`${name} IOPS by the second`, spread])
  }
  if (run.flush !== undefined) {
    const { count, mean, max } = run.flush
    more.push(['flushes', `${formatCount(count)}, mean ${formatLatency(mean)}, max ${formatLatency(max)}`])
  }
  if (run.unstarted > 0)
    more.push(['never begun', `${formatCount(run.unstarted)}: the cluster did not keep up with the rate`])
  const percent = cpuPercent(run)
  if (run.cpu !== undefined && percent !== undefined) {
    const share = `${percent.user.toFixed(0)} % user and ${percent.system.toFixed(0)} % system of one CPU`
    more.push([
      'CPU per operation',
      `${formatLatency(run.cpu.perOperation * 1000)} (${share}, whole process)`,
    ])
  }
  const seed = run.options.find(([option]) => option === 'randseed')
  if (seed !== undefined) more.push(['seed', seed[1]])
  if (more.length > 0) parts.push(listing(more))
  parts.push(...run.settings.flatMap(({ topic, rows }) => settingsText(topic, rows)))
  return parts.join('\n')
}

const marks = { better: '+', worse: '-', same: ' ' }

/** Runs beside each other; ratios are to the first, `+` where that is better and `-` where it is worse. */
export function comparisonText(runs: readonly Run[]): string {
  const parts = [
    table(
      runs.map(({ label, tool, title, target, seconds }) => [
        printable(label),
        `${printable(tool)}: ${printable(target)}: ${printable(title)}, ${formatSeconds(seconds)}`,
      ]),
    ).replaceAll(/ {2} +(?=rbdkit|fio)/g, '  '),
  ]
  const ratioHeads = runs.slice(1).flatMap(({ label }) => [printable(label), 'ratio'])
  const header = (name: string): string[] => [name, printable(runs[0]?.label ?? ''), ...ratioHeads]
  const body = ({ shown, ratios, ...metric }: ReturnType<typeof compareCpu>): string[] => [
    `  ${metric.name}`,
    shown[0] ?? '',
    ...shown.slice(1).flatMap((value, i) => {
      const ratio = ratios[i + 1]
      const mark = marks[verdict({ shown, ratios, ...metric }, ratio)]
      return [value, ratio === undefined ? '-' : `${formatRatio(ratio)} ${mark}`.padEnd(7)]
    }),
  ]
  const groups = compareRuns(runs).map(({ name, metrics }) => table([header(name), ...metrics.map(body)]))
  parts.push(...groups)
  if (runs.some(({ cpu }) => cpu !== undefined))
    parts.push(table([header('process'), body(compareCpu(runs))]))
  const different = differences(runs)
  if (different.length > 0) {
    const rows = different.map(({ name, values }) => [`  ${printable(name)}`, ...values.map(printable)])
    parts.push(table([['not the same', ...runs.map(({ label }) => printable(label))], ...rows]))
  }
  const notes = runs.filter((run) => run.directions.some(({ latency }) => latency.kind === 'clat'))
  for (const { label } of notes)
    parts.push(`${printable(label)}: latency is fio's clat; for lat run fio with --lat_percentiles=1\n`)
  return parts.join('\n')
}
