// Medians, ranges and ratios of runs that were made in turn.

/** The middle value, or the mean of the two middle ones. */
export function median(list) {
  const sorted = [...list].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** `null` for an empty list: one run has nothing to be compared with. */
export function spread(list) {
  if (list.length === 0) return null
  return { median: median(list), min: Math.min(...list), max: Math.max(...list), values: list }
}

/**
 * Run by run: the machine's speed drifts, and neighbours in time share it. A ratio of two medians would not.
 * Pairs of which one side has no such figure (`rbd bench` has no latency) are left out.
 */
export function pairwise(runs, baseline, value) {
  const ratios = runs.map((run, i) => value(run) / value(baseline[i]))
  return spread(ratios.filter((ratio) => Number.isFinite(ratio)))
}

/**
 * What the baseline differs from itself: each run beside the one before it. Of ABBA's neighbours half are next to each
 * other and half have all other sides between them, so this is rather too wide than too narrow.
 */
export function selfNoise(runs, value) {
  return pairwise(runs.slice(1), runs.slice(0, -1), value)
}
