/**
 * This file draws a chart: lines in an SVG that stretches with the page, labels in HTML that do not. What is under
 * the pointer is shown by style sheets alone, because the page has no script.
 */

import { type Html, html, name } from './html.js'
import type { Scale } from './scale.js'

/** The colours of style.ts. */
export type Color = 'c1' | 'c2' | 'c3' | 'c4' | 'c5' | 'c6' | 'soft'

/** A line of a chart. */
export interface PlotLine {
  readonly name: string
  readonly color: Color
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Filled down to the axis. */
  readonly area?: boolean
  readonly thin?: boolean
}

/** A part of the x axis and what the lines have there. */
export interface PlotColumn {
  /** Values on the x axis. */
  readonly from: number
  readonly to: number
  readonly at: number
  readonly label: string
  readonly rows: readonly {
    readonly name: string
    readonly color: Color
    readonly y: number
    readonly value: string
  }[]
}

/** All of a chart. */
export interface Plot {
  readonly title: string
  /** What is on the axes, and what a point stands for. */
  readonly caption: string
  readonly x: Scale
  readonly y: Scale
  readonly lines: readonly PlotLine[]
  readonly columns: readonly PlotColumn[]
}

const place = (value: number): string => String(Math.round(Math.min(Math.max(value, 0), 1) * 1000))
const percent = (value: number): string => `${Number((Math.min(Math.max(value, 0), 1) * 100).toFixed(2))}%`

function path(points: PlotLine['points'], { x, y }: Plot): string {
  const places = points.map(([a, b]) => `${place(x.place(a))} ${1000 - Number(place(y.place(b)))}`)
  // A single point: a line of no length, whose round ends make a dot.
  if (places.length === 1) places.push(places[0] ?? '')
  return `M${places.filter((one, i) => i < 2 || one !== places[i - 1]).join('L')}`
}

function line(one: PlotLine, plot: Plot): Html {
  const first = one.points[0]
  const last = one.points.at(-1)
  if (first === undefined || last === undefined) return html``
  const d = path(one.points, plot)
  const down = `${d}L${place(plot.x.place(last[0]))} 1000L${place(plot.x.place(first[0]))} 1000Z`
  const area = one.area ? html`<path class="area ${one.color}" d="${down}"/>` : undefined
  return html`${area}<path class="line ${one.color}${one.thin ? ' thin' : ''}" d="${d}"/>`
}

function column(one: PlotColumn, { x, y }: Plot): Html {
  const [from, to, at] = [one.from, one.to, one.at].map((value) =>
    Math.min(Math.max(x.place(value), 0), 1),
  ) as [number, number, number]
  const width = Math.max(to - from, 1e-6)
  const inside = percent((at - from) / width)
  const dots = one.rows.map(
    (row) => html`<i class="${row.color}" style="left:${inside};bottom:${percent(y.place(row.y))}"></i>`,
  )
  const rows = one.rows.map(
    (row) => html`<span><b class="key ${row.color}"></b>${name(row.name)}<em>${row.value}</em></span>`,
  )
  const side = at > 0.5 ? 'left' : 'right'
  return html`<div class="col" style="left:${percent(from)};width:${percent(width)}"><u style="left:${inside}"></u>${dots}<p class="${side}"><strong>${one.label}</strong>${rows}</p></div>`
}

/** Draws a mark. Of many marks a narrow screen shows every other one. */
function tick(at: number, label: string, i: number): Html {
  const classes = `${at > 0.94 ? 'last ' : ''}${i % 2 === 1 ? 'odd' : ''}`
  return html`<span class="${classes}" style="left:${percent(at)}">${label}</span>`
}

/** A chart as HTML. */
export function plotHtml(plot: Plot): Html {
  const { x, y, lines } = plot
  const legend =
    lines.length > 1
      ? html`<span class="legend">${lines.map((one) => html`<span><b class="key ${one.color}"></b>${name(one.name)}</span>`)}</span>`
      : undefined
  const grid = y.ticks.map(
    ({ at }) =>
      html`<line x1="0" x2="1000" y1="${1000 - Number(place(at))}" y2="${1000 - Number(place(at))}"/>`,
  )
  return html`<figure class="plot">
<figcaption><h3>${plot.title}</h3>${legend}<small>${plot.caption}</small></figcaption>
<div class="frame"><div class="ys">${y.ticks.map(({ at, label }) => html`<span style="bottom:${percent(at)}">${label}</span>`)}</div>
<div class="field"><svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="${plot.title}: ${lines.map((one) => one.name).join(', ')}"><g class="grid">${grid}</g>${lines.map((one) => line(one, plot))}</svg>${plot.columns.map((one) => column(one, plot))}</div>
<div class="xs">${x.ticks.map(({ at, label }, i) => tick(at, label, i))}</div></div>
</figure>`
}
