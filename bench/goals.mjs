// What each figure is meant to be beside fio's, and whether it is.

/**
 * A goal for the median of a ratio to fio (`unit` absent) or for a figure itself. With `orNoise` a ratio that misses
 * the goal but is no further from 1 than fio from itself, one way or the other, counts as `in noise`.
 */
const goal = (side, metric, bound, more = {}) => ({ side, metric, ...bound, ...more })
const noise = { orNoise: true }

/** Timers and sockets of the user's process must get their turn, whatever the load. */
export const loopDelayGoals = ['rbdkit-promises', 'rbdkit-engine'].map((side) =>
  goal(side, 'loopDelay', { below: 20 }, { unit: 'ms' }),
)

const engine = (speed, cpu) => [
  goal('rbdkit-engine', speed, { atLeast: 1 }, noise),
  goal('rbdkit-engine', 'p99', { atMost: 1 }, noise),
  ...cpu.map((metric) => goal('rbdkit-engine', metric, { atMost: 1 }, noise)),
]

/** The way in and out of librbd, many at a time. */
export const overheadGoals = [
  goal('rbdkit-promises', 'iops', { atLeast: 1.3 }),
  goal('rbdkit-promises', 'cpu', { atMost: 0.75 }),
  goal('rbdkit-promises', 'cpuWarm', { atMost: 0.75 }),
  goal('rbdkit-promises', 'cpuWhole', { atMost: 0.75 }),
  ...engine('iops', ['cpu', 'cpuWhole']),
  ...loopDelayGoals,
]

/** One at a time: two more thread hops than fio has. */
export const overheadOneGoals = [
  goal('rbdkit-promises', 'mean', { atMost: 1.3 }),
  ...engine('iops', ['cpu', 'cpuWhole']),
  ...loopDelayGoals,
]

export const realGoals = [
  goal('rbdkit-promises', 'iops', { atLeast: 0.97 }),
  goal('rbdkit-promises', 'p99', { atMost: 1.1 }, noise),
  goal('rbdkit-promises', 'cpu', { atMost: 1.05 }),
  goal('rbdkit-promises', 'cpuWarm', { atMost: 1.05 }),
  goal('rbdkit-promises', 'cpuWhole', { atMost: 1.05 }),
  ...engine('iops', ['cpu', 'cpuWhole']),
  ...loopDelayGoals,
]

export const sequentialGoals = [
  goal('rbdkit-promises', 'bandwidth', { atLeast: 1 }, noise),
  goal('rbdkit-promises', 'cpuGiB', { atMost: 1 }),
  goal('rbdkit-promises', 'cpuGiBWarm', { atMost: 1 }),
  goal('rbdkit-promises', 'cpuGiBWhole', { atMost: 1 }),
  ...engine('bandwidth', ['cpuGiB', 'cpuGiBWhole']),
  ...loopDelayGoals,
]

/** `1.3` as `>= 1.3`. */
export function goalText({ atLeast, atMost, below, unit, against }) {
  const bound = atLeast !== undefined ? `>= ${atLeast}` : atMost !== undefined ? `<= ${atMost}` : `< ${below}`
  if (unit !== undefined) return `${bound} ${unit}`
  return typeof against === 'string' ? `${bound} beside ${against}` : bound
}

/** `met`, `in noise`, `missed`; `null` without a figure. `own` is fio's spread of ratios to itself. */
export function verdict({ atLeast, atMost, below, orNoise }, figure, own) {
  if (figure === null || !Number.isFinite(figure)) return null
  if (atLeast !== undefined && figure >= atLeast) return 'met'
  if (atMost !== undefined && figure <= atMost) return 'met'
  if (below !== undefined && figure < below) return 'met'
  if (orNoise && own) {
    // which of two runs is divided by which is chance
    const furthest = Math.max(own.max, 1 / own.min)
    if (figure <= furthest && figure >= 1 / furthest) return 'in noise'
  }
  return 'missed'
}
