/** This file is the command line of `rbdkit merge-diff`; the work is in ../runs/diffing.ts. */

import { Command, InvalidArgumentError } from 'commander'
import { action } from '../action.js'
import { addJsonOption, addProgressOption, type Flags } from '../options/options.js'
import { nothingOf, runDiff, toDiffInput, toDiffOutput } from '../runs/diffing.js'

/** Merges two diffs that follow each other into one. Needs no cluster. */
export function command(): Command {
  const merge = new Command('merge-diff')
    .description('merge two diffs that follow each other into one')
    .argument('<diff1-path>', 'the first diff, or - for standard input')
    .argument('<diff2-path>', 'the diff that begins where the first one ends')
    .argument('<path>', 'the file to make, or - for standard output')
  return addJsonOption(addProgressOption(merge)).action(
    action<Flags, [string, string, string]>(async (session, first, second, path) => {
      if (second === '-') throw new InvalidArgumentError("'-': only the first diff may be standard input")
      const merged = toDiffOutput(session, path)
      const { mergeDiffs } = await import('../../copy/merge-diffs.js')
      return runDiff(session, {
        from: `${first} + ${second}`,
        to: path,
        left: nothingOf(path),
        start: (options) => mergeDiffs([toDiffInput(first), { file: second }], merged, options),
      })
    }),
  )
}
