// A result as rows of text: for the terminal and for the document.
import { copyTable, copyVerdicts } from './copy/table.mjs'
import { goalText } from './goals.mjs'
import { number, range } from './text.mjs'

const MiB = 2 ** 20

const goalCell = (goals) =>
  goals.map((goal) => `${goalText(goal)}: ${goal.verdict ?? 'no figure'}`).join(', ')

function comparisonTable({ rows, sides, baseline = 'fio' }) {
  const labels = Object.fromEntries(sides.map(({ name, label }) => [name, label]))
  const lines = [
    [
      'Figure',
      'Side',
      'Median (range)',
      `Beside ${baseline === 'bare C loop' ? 'the bare loop' : baseline} (range)`,
      'Goal',
    ],
  ]
  let last
  for (const { metric, label, digits, side, figures, ratio, noise, goals } of rows) {
    const beside = noise ? `itself: ${range(noise, 2)}` : ratio ? range(ratio, 2) : ''
    lines.push([metric === last ? '' : label, labels[side], range(figures, digits), beside, goalCell(goals)])
    last = metric
  }
  return lines
}

function memoryTable({ points, first, reads }) {
  const lines = [
    ['Memory, MiB', 'At the start', `After ${number(first, 0)}`, `After ${number(reads, 0)}`, 'Growth since'],
  ]
  const kinds = {
    heapUsed: 'JavaScript heap',
    arrayBuffers: 'buffers',
    external: 'external',
    rss: 'resident (RSS)',
  }
  for (const [key, label] of Object.entries(kinds)) {
    const at = (point) => (points[point][key] / MiB).toFixed(1)
    const growth = (points.afterAll[key] - points.afterFirst[key]) / MiB
    lines.push([label, at('atStart'), at('afterFirst'), at('afterAll'), growth.toFixed(2)])
  }
  return lines
}

/** Rows of cells, the first one the heading. */
export const table = (result) =>
  ({ memory: memoryTable, comparison: comparisonTable, copy: copyTable })[result.kind](result)

/** What a result's goals came to: `{ case, label, side, goal, figure, verdict }` each. */
export function verdicts(result) {
  if (result.kind === 'copy') return copyVerdicts(result)
  if (result.kind !== 'comparison') return []
  const labels = Object.fromEntries(result.sides.map(({ name, label }) => [name, label]))
  return result.rows.flatMap(({ label, side, figures, ratio, digits, goals }) =>
    goals
      .filter((goal) => goal.verdict !== null)
      .map((goal) => ({
        case: result.case,
        label,
        side: labels[side],
        goal: goalText(goal),
        figure:
          goal.unit === undefined
            ? (goal.measured ?? ratio).median.toFixed(2)
            : figures.median.toFixed(digits),
        verdict: goal.verdict,
      })),
  )
}

export function printResult(result) {
  const lines = table(result)
  const widths = lines[0].map((_, column) => Math.max(...lines.map((cells) => cells[column].length)))
  console.log()
  for (const cells of lines) {
    console.log(`  ${cells.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd())
  }
  for (const { side, needs } of result.missing ?? []) {
    console.log(`  ${side} was left out; it needs ${needs}`)
  }
}

export function printVerdicts(results) {
  const all = results.flatMap(verdicts)
  if (all.length === 0) return
  const count = (kind) => all.filter(({ verdict }) => verdict === kind).length
  console.log(
    `\nGoals: ${count('met')} met, ${count('in noise')} inside fio's own spread, ${count('at the floor')} at the floor, ${count('missed')} missed`,
  )
  for (const { case: name, label, side, figure, goal, verdict } of all) {
    if (verdict === 'missed') console.log(`  missed: ${name}: ${label}, ${side}: ${figure}, goal ${goal}`)
  }
}
