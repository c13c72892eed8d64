/** This file is the command `rbdkit completion`. */

import { Command } from 'commander'
import { action } from '../action.js'
import { addOptions, type Flags } from '../options/options.js'
import type { Session } from '../session.js'
import { print } from '../terminal/terminal.js'

type NamesFlags = Flags & { readonly connect?: string }

async function names(
  session: Session<NamesFlags>,
  kind: string,
  word: string,
): Promise<{ json: unknown; text: string }> {
  const { completions, domainNames } = await import('../terminal/complete-names.js')
  const found =
    kind === 'domain'
      ? await domainNames(session.flags.connect, session.signal, word)
      : await completions(session, kind, word)
  return { json: found, text: found.map((name) => `${name}\n`).join('') }
}

/** Prints a shell's script; the script asks `completion names`, which is not listed, for names of the cluster. */
export function command(): Command {
  const bash = new Command('bash')
    .description('print a script for bash; use it with: source <(rbdkit completion bash)')
    .action(async () => {
      const { createProgram } = await import('../program.js')
      const { bashScript } = await import('../terminal/bash-completion.js')
      print(bashScript(await createProgram()))
    })
  return new Command('completion')
    .description('completion of commands, options, pools, images, snapshots and domains in a shell')
    .addCommand(bash)
    .addCommand(
      addOptions(new Command('names'))
        .argument('<kind>')
        .argument('<word>')
        .option('--connect <uri>')
        .action(action<NamesFlags, [string, string]>(names)),
      { hidden: true },
    )
}
