/** This file makes tables as Ceph's tools print them: columns beside each other, two blanks between. */

import { printable } from '../../internal/text.js'

/** The rows as lines, the first one being the heads; `right` are the columns that are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const shown = rows.map((row) => row.map(printable))
  const widths = shown[0]?.map((_, i) => Math.max(...shown.map((row) => row[i]?.length ?? 0))) ?? []
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return shown.map((row) => `${line(row)}\n`).join('')
}
