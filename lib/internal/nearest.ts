/** This file guesses which of the known names somebody meant who wrote another one. */

/** How a name sounds, however it is written: `conf-file`, `CONF_FILE` and `confFile` are the same. */
const sound = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')

/** Letters to add, drop, change or swap with their neighbour to get from `a` to `b` (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same)
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1)
      row[j] = least
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}

/** Longer names are nobody's slip of the finger, and comparing takes the square of the length. */
const longest = 64

/**
 * The name that was probably meant: one that has `given` among its other names, else one that takes few changes to get
 * to (one in three letters at most), else one that begins with it or that it begins with; `undefined` when none is near.
 */
export function nearest(
  given: string,
  known: Readonly<Record<string, true | readonly string[]>>,
): string | undefined {
  if (given.length > longest) return undefined
  const wanted = sound(given)
  if (wanted === '') return undefined
  let best: { name: string; changes: number } | undefined
  for (const [name, others] of Object.entries(known)) {
    if (others !== true && others.some((other) => sound(other) === wanted)) return name
    const own = sound(name)
    const changes = distance(wanted, own)
    if (changes * 3 <= Math.max(own.length, wanted.length) && changes < (best?.changes ?? Infinity)) {
      best = { name, changes }
    }
  }
  if (best || wanted.length < 3) return best?.name
  return Object.keys(known).find((name) => {
    const own = sound(name)
    return own.startsWith(wanted) || (own.length > 2 && wanted.startsWith(own))
  })
}
