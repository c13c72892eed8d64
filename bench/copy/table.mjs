// A copy's result as rows of text.
import { goalText } from '../goals.mjs'
import { range } from '../text.mjs'
import { copyMetrics } from './metrics.mjs'

const names = {
  rbd: 'rbd',
  rados: 'rados',
  virsh: 'virsh',
  'python-loop': "Python's loop",
  'python-bulk': "Python's bulk call",
  'qemu-img': 'qemu-img',
  ordinary: 'an ordinary copy',
}

/** `>= 1.1 of the best of rbd, qemu-img`. */
function boundText({ against, ...goal }) {
  if (against === undefined) return goalText(goal)
  const whom = against.map((side) => names[side]).join(', ')
  return `${goalText(goal)} beside ${against.length > 1 ? `the best of ${whom}` : whom}`
}

const reached = ({ figures, unit, metric }) =>
  figures === null ? '' : figures.median.toFixed(unit === undefined ? 2 : copyMetrics[metric].digits)

const goalCell = (goals) =>
  goals
    .map((goal) =>
      goal.figures === null ? boundText(goal) : `${boundText(goal)}: ${reached(goal)}, ${goal.verdict}`,
    )
    .join('; ')

export function copyTable({ rows, sides, goals }) {
  const labels = Object.fromEntries(sides.map(({ name, label }) => [name, label]))
  const lines = [['Figure', 'Side', 'Median (range)', 'rbdkit beside it', 'It beside itself', 'Goal']]
  let last
  for (const { metric, label, digits, side, figures, ratio, noise } of rows) {
    const own = side === 'rbdkit' ? goals.filter((goal) => goal.metric === metric) : []
    lines.push([
      metric === last ? '' : label,
      labels[side],
      range(figures, digits),
      ratio ? range(ratio, 2) : '',
      noise ? range(noise, 2) : '',
      goalCell(own),
    ])
    last = metric
  }
  return lines
}

/** As the other cases tell theirs. */
export function copyVerdicts({ case: name, goals }) {
  return goals
    .filter(({ verdict }) => verdict !== null)
    .map((goal) => ({
      case: name,
      label: copyMetrics[goal.metric].label,
      side: 'rbdkit',
      goal: boundText(goal),
      figure: reached(goal),
      verdict: goal.verdict,
    }))
}
