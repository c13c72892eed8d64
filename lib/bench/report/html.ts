/** This file makes HTML in which whatever is put in is escaped, unless it is HTML already. */

/** Text that is HTML: what {@link html} makes, and constants of our own. */
export class Html {
  readonly text: string

  /** @internal `text` is taken as it is. */
  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What may stand in a template: lists are joined, `undefined` is nothing. */
export type HtmlValue = Html | string | number | undefined | readonly HtmlValue[]

function toHtml(value: HtmlValue): string {
  if (value === undefined) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(toHtml).join('')
  // Control characters are not allowed in HTML; a name may have them.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is replaced
  const clean = String(value).replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '\ufffd')
  return clean.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}

/** ``html`<b>${name}</b>` ``: values are escaped; attributes must be in double quotes. */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Html {
  return new Html(strings.map((text, i) => text + toHtml(values[i])).join(''))
}

/** A name that somebody chose: it does not turn the text around it. */
export function name(text: string): Html {
  return html`<bdi>${text}</bdi>`
}
