/** This file makes what the pages have in common: a page is one file, has no script and fetches nothing. */

import { micro } from '../../internal/text.js'
import { type Html, type HtmlValue, html, name } from './html.js'
import type { Run, Setting } from './run.js'
import { style } from './style.js'

/** A whole page. The policy forbids in the browser what the page does not do. */
export function page(title: string, body: HtmlValue): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}</style>
</head>
<body><main>
${body}
</main></body>
</html>
`.text
}

/** A tile: what, how much, and one line more. */
export function tile(what: string, value: string, more?: HtmlValue): Html {
  const [number = '', ...unit] = micro(value).split(' ')
  const shown = unit.length === 0 ? html`${number}` : html`${number}<small>${unit.join(' ')}</small>`
  return html`<div><dt>${what}</dt><dd>${shown}</dd>${more === undefined ? undefined : html`<p>${more}</p>`}</div>`
}

/** Names with values. */
export function settingsTable(rows: readonly Setting[]): Html {
  return html`<div class="card"><table class="words">${rows.map(([what, value]) => html`<tr><th scope="row">${name(what)}</th><td>${name(value)}</td></tr>`)}</table></div>`
}

/** When a run ended, in UTC: a page is read elsewhere. */
export function ended({ endedAt }: Run): string {
  const date = new Date(endedAt)
  if (endedAt === 0 || Number.isNaN(date.getTime())) return 'at an unknown time'
  return `${date.toISOString().replace('T', ' ').slice(0, 16)} UTC`
}
