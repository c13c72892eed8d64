/**
 * This file changes sections of `ceph.conf` and of keyrings, line by line: what it is not about stays as somebody wrote
 * it. Names of options are the same with blanks, '-' and '_'.
 */

const HEAD = /^\s*\[([^\]]+)\]\s*(?:[;#].*)?$/

function optionName(name: string): string {
  return name.trim().replaceAll(/[\s_-]+/g, '_')
}

function optionOf(line: string): { name: string; value: string } | undefined {
  const [, name, value] = /^\s*([^;#=[][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? []
  if (name === undefined || value === undefined) return undefined
  const bare = /^"(.*)"/.exec(value)?.[1] ?? value.replace(/\s*[;#].*$/, '')
  return { name: optionName(name), value: bare }
}

/** The lines of all sections of the name: `[from, to)`, the head not among them. */
function sections(lines: readonly string[], section: string): [number, number][] {
  const found: [number, number][] = []
  for (const [at, line] of lines.entries()) {
    if (HEAD.exec(line)?.[1]?.trim() !== section) continue
    const next = lines.findIndex((other, i) => i > at && HEAD.test(other))
    found.push([at + 1, next < 0 ? lines.length : next])
  }
  return found
}

/** What an option of a section is set to; the last one counts, as for Ceph. */
export function findOption(text: string, section: string, option: string): string | undefined {
  const lines = text.split('\n')
  let found: string | undefined
  for (const [from, to] of sections(lines, section)) {
    for (const line of lines.slice(from, to)) {
      const parsed = optionOf(line)
      if (parsed?.name === optionName(option)) found = parsed.value
    }
  }
  return found
}

/** The text with these options in the section: those that are set otherwise changed, those that are not added. */
export function withOptions(
  text: string,
  section: string,
  options: Readonly<Record<string, string>>,
): string {
  const missing = Object.entries(options).filter(([name, value]) => findOption(text, section, name) !== value)
  if (missing.length === 0) return text
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const added: string[] = []
  for (const [name, value] of missing) {
    const line = `${name} = ${value}`
    const at = sections(lines, section).flatMap(([from, to]) =>
      lines.slice(from, to).flatMap((one, i) => (optionOf(one)?.name === optionName(name) ? [from + i] : [])),
    )
    const last = at.at(-1)
    if (last === undefined) added.push(line)
    else lines[last] = line
  }
  const place = sections(lines, section).at(-1)
  if (place !== undefined) {
    const [from, to] = place
    let end = to
    while (end > from && lines[end - 1]?.trim() === '') end--
    lines.splice(end, 0, ...added)
  } else if (added.length > 0) {
    if (lines.length > 0 && lines.at(-1)?.trim() !== '') lines.push('')
    lines.push(`[${section}]`, ...added)
  }
  return `${lines.join('\n')}\n`
}

/** The text without the section, and without the blank lines before it. */
export function withoutSection(text: string, section: string): string {
  const lines = text.split('\n')
  for (const [from, to] of sections(lines, section).reverse()) {
    let begin = from - 1
    while (begin > 0 && lines[begin - 1]?.trim() === '') begin--
    lines.splice(begin, to - begin, ...(to === lines.length ? [''] : begin > 0 ? [''] : []))
  }
  return lines.join('\n')
}
