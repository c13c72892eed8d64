import { copies } from '../copy/cases.mjs'
import { deepCopies } from '../copy/deep-cases.mjs'
import { diffs } from '../copy/diff-cases.mjs'
import { merges } from '../copy/merge-cases.mjs'
import { pipes } from '../copy/pipe-cases.mjs'
import { serverSides } from '../copy/server-side-cases.mjs'
import { context } from './context.mjs'
import { inventories } from './inventory.mjs'
import { libvirt } from './libvirt.mjs'
import { listings } from './listing.mjs'
import { loop } from './loop.mjs'
import { memory } from './memory.mjs'
import { objects } from './objects.mjs'
import { overhead } from './overhead.mjs'
import { real } from './real.mjs'
import { sequential } from './sequential.mjs'

/** In the order in which they run: those of one store together. */
export const cases = [
  ...overhead,
  ...objects,
  loop[0],
  memory,
  ...real,
  ...sequential,
  loop[1],
  ...context,
  ...copies,
  ...serverSides,
  ...deepCopies,
  ...pipes,
  ...diffs,
  ...merges,
  ...inventories,
  ...listings,
  ...libvirt,
]

/** A case by its name, several by the beginning of theirs: `real-read-32`, `real-read`, `real`. */
export function chooseCases(names) {
  if (names.length === 0) return cases
  const chosen = new Set()
  for (const name of names) {
    const exact = cases.filter((each) => each.name === name)
    const found = exact.length > 0 ? exact : cases.filter((each) => each.name.startsWith(`${name}-`))
    if (found.length === 0) {
      throw new Error(`no case '${name}'; there are ${cases.map((each) => each.name).join(', ')}`)
    }
    for (const each of found) chosen.add(each)
  }
  return cases.filter((each) => chosen.has(each))
}
