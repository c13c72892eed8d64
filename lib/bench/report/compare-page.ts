/** This file makes the page of several runs beside each other. */

import { capitalized, formatRatio, formatSeconds, micro } from '../../internal/text.js'
import { bandwidthPlot, iopsPlot, percentilePlot, tailPlot } from './charts.js'
import { differences } from './differences.js'
import { type Html, html, name } from './html.js'
import { type ComparedMetric, compareCpu, compareRuns, verdict } from './metrics.js'
import { ended, page, settingsTable } from './page.js'
import { type Color, type Plot, plotHtml } from './plot.js'
import type { Direction, Run } from './run.js'

const palette: readonly Color[] = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6']

/** More lines than that cannot be told apart. */
export const MAX_COMPARED: number = palette.length

const arrows = { better: '\u25b2', worse: '\u25bc', same: '' }
const classes = { better: 'good', worse: 'bad', same: '' }

function metricRow(metric: ComparedMetric): Html {
  const cells = metric.shown.map((value, i) => {
    const ratio = metric.ratios[i]
    if (i === 0) return html`<td>${micro(value)}</td>`
    if (ratio === undefined) return html`<td>${micro(value)}</td><td>-</td>`
    const found = verdict(metric, ratio)
    // Which way is better is said in words too, not by colour alone.
    return html`<td>${micro(value)}</td><td><span class="ratio ${classes[found]}" title="${found}">${arrows[found]} ${formatRatio(ratio)}</span></td>`
  })
  return html`<tr><th scope="row">${capitalized(metric.name)}</th>${cells}</tr>`
}

function ratios(runs: readonly Run[]): Html {
  const groups = compareRuns(runs)
  const span = 2 * runs.length
  const body = groups.map(
    (group) =>
      html`${groups.length > 1 ? html`<tr class="group"><td colspan="${span}">${capitalized(group.name)}</td></tr>` : undefined}${group.metrics.map(metricRow)}`,
  )
  const cpu = runs.some((run) => run.cpu !== undefined) ? metricRow(compareCpu(runs)) : undefined
  const [first, ...others] = runs
  return html`<div class="card"><table><tr><th></th><th scope="col">${name(first?.label ?? '')}</th>${others.map(({ label }) => html`<th scope="col">${name(label)}</th><th scope="col">ratio</th>`)}</tr>${body}${cpu}</table></div>
<p class="note">Ratios are to ${name(first?.label ?? '')}; \u25b2 is better, \u25bc is worse.</p>`
}

interface Drawn {
  readonly run: Run
  readonly color: Color
  readonly direction: Direction
}

function charts(runs: readonly Run[]): Html[] {
  return compareRuns(runs).map((group, _i, groups) => {
    const drawn = runs.flatMap((run, i): Drawn[] => {
      const direction = run.directions.find((one) => one.name === group.name)
      return direction === undefined ? [] : [{ run, direction, color: palette[i] ?? 'soft' }]
    })
    const series = drawn
      .filter(({ direction }) => direction.series.length > 0)
      .map(({ run, direction, color }) => ({ name: run.label, color, series: direction.series }))
    const latencies = drawn.map(({ run, direction, color }) => ({
      name: run.label,
      color,
      latency: direction.latency,
    }))
    const plots: Plot[] = [percentilePlot('Latency by percentile', latencies)]
    if (series.length > 0) {
      plots.push(tailPlot('p99 latency', series, 'p99'), iopsPlot(series), bandwidthPlot(series))
    }
    const without = drawn.filter(({ direction }) => direction.series.length === 0)
    const note =
      without.length > 0
        ? html`<p class="note">No figures by the second in ${without.map(({ run }, i) => html`${i > 0 ? ', ' : ''}${name(run.label)}`)}.</p>`
        : undefined
    const heading = groups.length > 1 ? html`<h2>${capitalized(group.name)}</h2>` : undefined
    return html`${heading}<section class="grid2">${plots.map(plotHtml)}</section>${note}`
  })
}

function unequal(runs: readonly Run[]): Html | undefined {
  const rows = differences(runs)
  if (rows.length === 0) return undefined
  return html`<h2>What is not the same</h2><div class="card"><table class="words"><thead><tr><th></th>${runs.map(({ label }) => html`<th scope="col">${name(label)}</th>`)}</tr></thead>${rows.map((row) => html`<tr><th scope="row">${name(row.name)}</th>${row.values.map((value) => html`<td>${name(value)}</td>`)}</tr>`)}</table></div>`
}

/** One self-contained HTML page. */
export function comparePage(runs: readonly Run[]): string {
  const labels = runs.map(({ label }) => label)
  const about = runs.map(
    (run) =>
      [
        run.label,
        `${run.tool}: ${run.target}: ${run.title}, ${formatSeconds(run.seconds)}, ${ended(run)}`,
      ] as const,
  )
  const clat = runs.filter((run) => run.directions.some(({ latency }) => latency.kind === 'clat'))
  const note =
    clat.length > 0
      ? html`<p class="note">Latency of ${clat.map(({ label }, i) => html`${i > 0 ? ', ' : ''}${name(label)}`)} is fio's clat, which leaves submission out; for lat run fio with --lat_percentiles=1.</p>`
      : undefined
  const body = html`<header><small>rbdkit benchmark comparison</small><h1>${labels.map((label, i) => html`${i > 0 ? ' and ' : ''}${name(label)}`)}</h1></header>
${settingsTable(about)}
<h2>Figures</h2>${ratios(runs)}${note}
${charts(runs)}
${unequal(runs)}
<footer>Two runs differ by chance too: compare several of each, taken in turns.</footer>`
  return page(labels.join(' and '), body)
}
