/** This file takes options before the command, where `rbd` and `ceph` take them: `rbdkit -p images ls`. */

import { Command, type Option } from 'commander'
import { addFormatOption, addImageOptions, addOptions, addProgressOption } from './options.js'

/** Commands with commands below them: `rbdkit snap -p images ls`. */
const groups: readonly string[] = ['snap', 'completion']

/** The options that may stand there. */
function leadingOptions(): readonly Option[] {
  const command = addOptions(addProgressOption(new Command()))
  return addFormatOption(addImageOptions(command, { snapshot: true })).options
}

/** The options that may stand before what follows the words of `path`. */
export function optionsBefore(path: string): readonly Option[] {
  return path === '' || groups.includes(path) ? leadingOptions() : []
}

/** How many words the option takes at which `args` begin, itself included; 0 when it is none of those. */
function wordsOf(args: readonly string[], options: readonly Option[]): number {
  const [word = ''] = args
  if (!/^-./.test(word)) return 0
  const name = word.startsWith('--') ? word.replace(/=.*/s, '') : word.slice(0, 2)
  const option = options.find(({ long, short }) => name === long || name === short)
  if (option === undefined) return 0
  return option.required && word === name ? Math.min(2, args.length) : 1
}

/** The command line with the command's own words first, and the options that stood before it or among them after. */
export function commandFirst(args: readonly string[]): string[] {
  const known = leadingOptions()
  const path: string[] = []
  const options: string[] = []
  let rest = [...args]
  while (rest.length > 0) {
    const count = wordsOf(rest, known)
    if (count > 0) {
      options.push(...rest.slice(0, count))
      rest = rest.slice(count)
      continue
    }
    // A group's name is followed by one more word of the command.
    const [word = ''] = rest
    const isPath = !word.startsWith('-') && (path.length === 0 || groups.includes(path.join(' ')))
    if (!isPath) break
    path.push(word)
    rest = rest.slice(1)
    if (!groups.includes(path.join(' '))) break
  }
  return path.length === 0 ? [...args] : [...path, ...options, ...rest]
}
