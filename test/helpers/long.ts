/** What only the long run tries. */

/** `npm run test:long` tries all of every matrix; the usual run a part that has all sides of it, and ends in minutes. */
export const long = process.env.RBDKIT_TEST_LONG === '1'

/** All of them in the long run; else the one whose turn it is, so that with `turn` from a loop around it all have one. */
export function inTurn<T>(all: readonly T[], turn: number): readonly T[] {
  return long ? all : all.slice(turn % all.length, (turn % all.length) + 1)
}
