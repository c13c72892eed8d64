// What a copy is meant to be beside the other tools, and whether it is.
import { verdict } from '../goals.mjs'
import { pairwise, spread } from '../statistics.mjs'
import { copyMetrics } from './metrics.mjs'

/** At this share of the bare loop's speed nothing is left to gain, whatever the goal. */
const floorShare = 0.95

/**
 * At least `atLeast` times as fast as the fastest of `against`: the copy beside their processes, and the whole process
 * beside them as well.
 */
export const faster = (against, atLeast, more = {}) =>
  ['copySeconds', 'seconds'].map((metric) => ({ metric, against, atLeast, ...more }))

/** At most `atMost` of the lowest CPU of `against`. */
export const cheaper = (against, atMost, metrics, more = {}) =>
  metrics.map((metric) => ({ metric, against, atMost, ...more }))

/** Of every copy: the default `maxMemory` is 64 MiB. */
export const always = [
  { metric: 'grownRss', atMost: 2 * 64 + 16, unit: 'MiB' },
  { metric: 'loopDelay', below: 20, unit: 'ms' },
]

/** rbdkit's runs beside the best of others, round by round. */
function besideBest({ metric, against }, runs) {
  const { value, beside } = copyMetrics[metric]
  const best = runs.rbdkit.map((_, i) => Math.min(...against.map((side) => value(runs[side][i]))))
  return spread(runs.rbdkit.map((run, i) => beside(value(run), best[i])))
}

function reached(goal, runs) {
  if (goal.unit !== undefined) {
    return spread(runs.rbdkit.map(copyMetrics[goal.metric].value).filter(Number.isFinite))
  }
  return goal.against.every((side) => runs[side]) ? besideBest(goal, runs) : null
}

function judge(goal, runs) {
  const figures = reached(goal, runs)
  const plain = verdict(goal, figures?.median ?? null, null)
  if (plain !== 'missed' || goal.atLeast === undefined || runs.floor === undefined) return { figures, plain }
  const { value } = copyMetrics[goal.metric]
  const floor = pairwise(runs.floor, runs.rbdkit, value)
  return { figures, plain: floor.median >= floorShare ? 'at the floor' : plain }
}

/** Goals with `figures` and `verdict`. Of goals that share an `either`, one that is met does for all. */
export function judgeGoals(goals, runs) {
  if (runs.rbdkit === undefined) return []
  const judged = goals.map((goal) => {
    const { figures, plain } = judge(goal, runs)
    return { ...goal, figures, verdict: plain }
  })
  const reachedOne = (either) => judged.some((goal) => goal.either === either && goal.verdict === 'met')
  return judged.map((goal) =>
    goal.verdict === 'missed' && goal.either !== undefined && reachedOne(goal.either)
      ? { ...goal, verdict: 'not needed' }
      : goal,
  )
}
