/** This file makes the page of one run. */

import {
  capitalized,
  formatBandwidth,
  formatBytes,
  formatCount,
  formatLatency,
  formatSeconds,
  micro,
} from '../../internal/text.js'
import type { BenchInterval } from '../types.js'
import { bandwidthPlot, iopsPlot, latencyPlot, type NamedSeries, percentilePlot } from './charts.js'
import { type Html, type HtmlValue, html, name } from './html.js'
import { amounts, cpuPercent, metrics } from './metrics.js'
import { ended, page, settingsTable, tile } from './page.js'
import { type Color, plotHtml } from './plot.js'
import { type Direction, latencyAt, type Run, totals } from './run.js'

const colors: Readonly<Record<Direction['name'], Color>> = { read: 'c1', write: 'c2', trim: 'c1' }

/** Read and write beside each other, under one number for both. */
function parts(run: Run, value: (direction: Direction) => string): string | undefined {
  if (run.directions.length < 2) return undefined
  return run.directions.map((direction) => `${direction.name} ${micro(value(direction))}`).join(', ')
}

function tiles(run: Run): Html {
  const sum = totals(run)
  const [only] = run.directions
  const range = run.directions.length === 1 ? only?.iopsRange : undefined
  const spread = range && `${formatCount(range.min)} to ${formatCount(range.max)} by the second`
  const latencies = run.directions.flatMap(({ name, latency }) => {
    const title = run.directions.length === 1 ? 'Latency' : `${capitalized(name)} latency`
    return [50, 99, 99.9].flatMap((percent) => {
      const value = latencyAt(latency, percent)
      if (value === undefined || (percent !== 99 && run.directions.length > 1)) return []
      const [what, ns] =
        percent === 50
          ? ['mean', latency.mean]
          : percent === 99
            ? ['p99.99', latencyAt(latency, 99.99) ?? latency.max]
            : ['max', latency.max]
      const more = `${what} ${micro(formatLatency(ns))}`
      return [tile(`${title} p${percent}`, formatLatency(value), more)]
    })
  })
  const percent = cpuPercent(run)
  const cpu =
    run.cpu && percent
      ? tile(
          'CPU per operation',
          formatLatency(run.cpu.perOperation * 1000),
          `${percent.user.toFixed(0)} % user, ${percent.system.toFixed(0)} % system of one CPU`,
        )
      : undefined
  return html`<dl class="tiles">${[
    tile('IOPS', formatCount(sum.iops), parts(run, ({ iops }) => formatCount(iops)) ?? spread),
    tile(
      'Bandwidth',
      formatBandwidth(sum.bandwidth),
      parts(run, ({ bandwidth }) => formatBandwidth(bandwidth)) ?? `${formatBytes(sum.bytes)} in all`,
    ),
    ...latencies,
    cpu,
  ]}</dl>`
}

function charts(run: Run): Html {
  const series: NamedSeries[] = run.directions
    .filter((one) => one.series.length > 0)
    .map((one) => ({ name: one.name, color: colors[one.name], series: one.series }))
  const latencies = run.directions.map(({ name, latency }) => ({ name, color: colors[name], latency }))
  const over = series.map((one) =>
    latencyPlot(series.length > 1 ? `${capitalized(one.name)} latency` : 'Latency', one.series),
  )
  const plots = [
    ...(series.length > 0 ? [iopsPlot(series), bandwidthPlot(series), ...over] : []),
    percentilePlot('Latency by percentile', latencies),
  ]
  const missing =
    series.length === 0 ? html`<p class="note">The file has no figures by the second.</p>` : undefined
  return html`<section class="grid2">${plots.map(plotHtml)}</section>${missing}`
}

function figures(run: Run): Html {
  const rows = [...metrics, ...amounts].map(
    (metric) =>
      html`<tr><th scope="row">${capitalized(metric.name)}</th>${run.directions.map((direction) => {
        const value = metric.value(direction)
        return html`<td>${value === undefined ? '-' : micro(metric.format(value))}</td>`
      })}</tr>`,
  )
  const flush =
    run.flush &&
    html`<p class="note">Flushes: ${formatCount(run.flush.count)}, mean ${micro(formatLatency(run.flush.mean))}, max ${micro(formatLatency(run.flush.max))}.</p>`
  const unstarted =
    run.unstarted > 0
      ? html`<p class="note">${formatCount(run.unstarted)} operations were never begun: the cluster did not keep up with the rate.</p>`
      : undefined
  const clat = run.directions.some(({ latency }) => latency.kind === 'clat')
    ? html`<p class="note">Latency is fio's clat; its lat_ns has no percentiles here.</p>`
    : undefined
  return html`<div class="card"><table><tr><th></th>${run.directions.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr>${rows}</table></div>${flush}${unstarted}${clat}`
}

function seconds({ series }: Direction): Html[] {
  return series.map(
    ({ time, iops, bw_bytes, lat_ns }: BenchInterval) =>
      html`<tr><th scope="row">${Number(time.toFixed(2))}</th><td>${formatCount(iops)}</td><td>${formatBandwidth(bw_bytes)}</td>${[lat_ns.mean, lat_ns.p50, lat_ns.p99, lat_ns.max].map((ns) => html`<td>${micro(formatLatency(ns))}</td>`)}</tr>`,
  )
}

/** What the charts show, for those who cannot see them. */
function asTable(run: Run): HtmlValue {
  return run.directions
    .filter(({ series }) => series.length > 0)
    .map(
      (direction) =>
        html`<details><summary>Each second as a table: ${direction.name}</summary><div class="card"><table><tr><th>second</th><th>IOPS</th><th>bandwidth</th><th>mean</th><th>p50</th><th>p99</th><th>max</th></tr>${seconds(direction)}</table></div></details>`,
    )
}

/** One self-contained HTML page. */
export function reportPage(run: Run): string {
  const options = run.options.length === 0 ? undefined : settingsTable(run.options)
  const body = html`<header><small>${run.tool} benchmark</small><h1>${run.title}</h1>
<p>${name(run.target)} &middot; ${formatSeconds(run.seconds)} &middot; ${ended(run)}</p></header>
${tiles(run)}
${charts(run)}
<div class="cards"><section><h2>Figures</h2>${figures(run)}${asTable(run)}</section>
<section>${options && html`<h2>Options</h2>${options}`}</section>
${run.settings.map(({ topic, rows }) => html`<section><h2>${name(topic)}</h2>${settingsTable(rows)}</section>`)}</div>
<footer>Latency counts ${run.options.some(([option]) => option === 'rate_iops') ? 'from the intended start of an operation' : 'from submission to completion'}. IOPS and bandwidth are means over ${formatSeconds(run.seconds)}; CPU is of the whole client process.</footer>`
  return page(`${run.target}: ${run.title}`, body)
}
