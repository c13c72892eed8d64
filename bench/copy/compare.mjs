// One copy, all sides in turn.
import { timed } from '../process.mjs'
import { selfNoise, spread } from '../statistics.mjs'
import { judgeGoals } from './goals.mjs'
import { copyMetrics } from './metrics.mjs'
import { sides } from './sides.mjs'

/** Longer than any of them takes; one that hangs ends the benchmark. */
const limitSeconds = 300

function runLine(name, run) {
  const times = `${run.seconds.toFixed(3)} s${run.copySeconds ? `, of it the copy ${run.copySeconds.toFixed(3)} s` : ''}`
  const stolen =
    run.stolen > 0.02 ? `, ${Math.round(run.stolen * 100)} % of the machine taken by its host` : ''
  return `  ${name.padEnd(10)}${run.cpuSeconds.toFixed(3).padStart(8)} s CPU ${String(Math.round(run.maxRss / 2 ** 20)).padStart(5)} MiB  ${times}${stolen}`
}

async function runSide(side, { bytes, env, prepare, countClient, verify, discard, ...job }, verified) {
  prepare?.()
  const before = countClient?.()
  const { stdout, ...taken } = await timed(side.command({ bytes, ...job }), { env, limitSeconds })
  const counted = countClient && { clientBytes: countClient() - before }
  const run = { bytes, ...taken, ...counted, ...side.own?.(job, stdout) }
  console.log(runLine(side.name, run))
  if (verified) verify(side.name)
  discard()
  return run
}

/** The medians of every side and metric, and how rbdkit is beside each. */
export function summariseCopy(metrics, runs) {
  const first = Object.keys(runs)[0]
  return metrics.flatMap((metric) => {
    const { label, digits, value, beside } = copyMetrics[metric]
    return Object.entries(runs).flatMap(([side, list]) => {
      const figures = spread(list.map(value).filter(Number.isFinite))
      if (figures === null) return []
      const ratio =
        side === 'rbdkit' || runs.rbdkit === undefined
          ? null
          : spread(runs.rbdkit.map((run, i) => beside(value(run), value(list[i]))).filter(Number.isFinite))
      const noise = side === first ? selfNoise(list, value) : null
      return [{ metric, label, digits, side, figures, ratio, noise }]
    })
  })
}

/**
 * `job` says what is done (`commands.mjs`; or by which `commands` each side does it), to how many `bytes` of data, and in which file rbdkit's side reports;
 * `verify(side)` throws when what a side made is not right, `discard()` removes it. What each side made first and last is
 * verified.
 */
export async function compareCopies(one, job, { pairs }) {
  const chosen = one.sides.map((name) => sides.get(name))
  const there = chosen.filter((side) => side.missing() === null)
  const runs = Object.fromEntries(there.map((side) => [side.name, []]))
  // Not counted: the first run finds colder caches than all others.
  await runSide(there[0], job, false)
  for (let pair = 0; pair < pairs; pair++) {
    for (const side of pair % 2 === 0 ? there : [...there].reverse()) {
      runs[side.name].push(await runSide(side, job, pair === 0 || pair === pairs - 1))
    }
  }
  return {
    kind: 'copy',
    pairs,
    sides: there.map(({ name, label, version }) => ({ name, label, version: version(), runs: runs[name] })),
    missing: chosen
      .filter((side) => !there.includes(side))
      .map((side) => ({ side: side.name, needs: side.missing() })),
    rows: summariseCopy(one.metrics, runs),
    goals: judgeGoals(one.goals, runs),
  }
}
