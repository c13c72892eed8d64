// One workload, all sides in turn.
import { verdict } from './goals.mjs'
import { metrics } from './metrics.mjs'
import { peers, baseline as usualBaseline } from './peers/index.mjs'
import { median, pairwise, selfNoise, spread } from './statistics.mjs'

/** Start-up is measured that many times a side; the median counts. */
const startups = 3

const say = (line) => console.log(line)

function runLine(name, run) {
  const cpu = metrics.cpuWhole.value(run)
  const rate = `${Math.round(run.iops)} IOPS`.padStart(14)
  const stolen =
    run.stolen > 0.02 ? `, ${Math.round(run.stolen * 100)} % of the machine taken by its host` : ''
  return `  ${name.padEnd(16)}${rate}${`${cpu.toFixed(2)} us CPU an operation`.padStart(34)}${stolen}`
}

/** Sides that are installed, and what is missing for the others. */
export function chooseSides(names) {
  const sides = []
  const missing = []
  for (const name of names) {
    const peer = peers.get(name)
    const needs = peer.missing()
    if (needs === null) sides.push(peer)
    else missing.push({ side: name, needs })
  }
  return { sides, missing }
}

async function startupSeconds(peer, target, workload) {
  const seconds = []
  for (let i = 0; i < startups; i++) {
    const run = await peer.run(target, workload, { seconds: 5, operations: 1 })
    seconds.push(run.cpuSeconds)
  }
  return median(seconds)
}

/** Each side in turn: A B C, C B A, ... so that what drifts, and what one leaves to the next, hits all alike. */
async function runPairs(sides, target, workload, { pairs, seconds }) {
  const runs = Object.fromEntries(sides.map((peer) => [peer.name, []]))
  for (let pair = 0; pair < pairs; pair++) {
    for (const peer of pair % 2 === 0 ? sides : [...sides].reverse()) {
      const expectedIops = runs[sides[0].name].at(-1)?.iops
      const run = await peer.run(target, workload, { seconds, expectedIops })
      runs[peer.name].push(run)
      say(runLine(peer.name, run))
    }
  }
  return runs
}

/** A goal that names another side than the baseline has a ratio of its own. */
function besideWhom({ side, against }, runs, value, startup) {
  if (against === undefined || runs[against] === undefined) return null
  const own = runs[side].map((run) => ({ figure: value(run, startup[side]) }))
  const theirs = runs[against].map((run) => ({ figure: value(run, startup[against]) }))
  return pairwise(own, theirs, ({ figure }) => figure)
}

/**
 * Figures of every side and metric: the medians, the ratios to the baseline pair by pair, and verdicts on the goals.
 */
export function summarise(workload, runs, startup) {
  const { baseline = usualBaseline } = workload
  const base = runs[baseline]
  const rows = []
  for (const key of workload.metrics) {
    const { label, digits, value } = metrics[key]
    const noise = base === undefined ? null : selfNoise(base, (run) => value(run, startup[baseline]))
    for (const [side, list] of Object.entries(runs)) {
      const figures = spread(list.map((run) => value(run, startup[side])).filter(Number.isFinite))
      if (figures === null) continue
      // Start-up differs from side to side, so each side's own value function makes its part of the ratio.
      const own = list.map((run) => ({ figure: value(run, startup[side]) }))
      const theirs = base?.map((run) => ({ figure: value(run, startup[baseline]) })) ?? []
      const ratio =
        side === baseline || base === undefined ? null : pairwise(own, theirs, ({ figure }) => figure)
      const goals = workload.goals
        .filter((goal) => goal.side === side && goal.metric === key)
        .map((goal) => {
          const measured =
            goal.unit === undefined ? (besideWhom(goal, runs, value, startup) ?? ratio) : figures
          return { ...goal, measured, verdict: verdict(goal, measured?.median ?? null, noise) }
        })
      rows.push({
        metric: key,
        label,
        digits,
        side,
        figures,
        ratio,
        noise: side === baseline ? noise : null,
        goals,
      })
    }
  }
  return rows
}

/** Runs a comparison; `options` are pairs and seconds. */
export async function compare(workload, target, options) {
  const { sides, missing } = chooseSides(workload.sides)
  const startup = {}
  for (const peer of sides) startup[peer.name] = await startupSeconds(peer, target, workload)
  // Not counted: the first run finds colder caches than all others.
  await sides[0].run(target, workload, { seconds: Math.min(2, options.seconds) })
  const runs = await runPairs(sides, target, workload, options)
  const { operation, pattern, blockSize, depth } = workload
  const { pairs, seconds } = options
  return {
    kind: 'comparison',
    baseline: workload.baseline === undefined ? 'fio' : peers.get(workload.baseline).label,
    workload: { operation, pattern, blockSize, depth },
    pairs,
    seconds,
    sides: sides.map((peer) => ({
      name: peer.name,
      label: peer.label,
      version: peer.version(),
      startupCpuSeconds: startup[peer.name],
      runs: runs[peer.name],
    })),
    missing,
    rows: summarise(workload, runs, startup),
  }
}
