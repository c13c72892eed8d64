/** This file is the command `rbdkit cleanup`. */

import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Leftover } from '../../copy/cleanup.js'
import { formatBytes } from '../../internal/text.js'
import { action } from '../action.js'
import { addOptions, type Flags } from '../options/options.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

interface CleanupFlags extends Flags {
  readonly directory?: string
  readonly dryRun?: boolean
}

function outcome({ action: what, done, inUse, error }: Leftover): string {
  if (error) return error.message
  if (inUse) return 'in use'
  const [will, did] = what === 'publish' ? ['to be named', 'named'] : ['to be removed', 'removed']
  return done ? did : will
}

function toReport(leftovers: readonly Leftover[]): Report {
  const rows = leftovers.map((left) => [
    left.kind,
    left.name,
    left.target,
    formatBytes(left.bytesDurable),
    outcome(left),
  ])
  const json = leftovers.map(({ error, ...left }) => (error ? { ...left, error: error.message } : left))
  const text = rows.length === 0 ? '' : table([['KIND', 'NAME', 'FOR', 'DURABLE', 'OUTCOME'], ...rows], [3])
  return { json, text }
}

async function clean(session: Session<CleanupFlags>, text: string | undefined): Promise<Report> {
  const { dryRun = false, directory } = session.flags
  const { cleanupCopies } = await import('../../copy/cleanup.js')
  const where =
    directory === undefined
      ? { ioctx: await session.ioctx(await session.poolSpec(text)) }
      : { directory: resolve(directory) }
  return toReport(await cleanupCopies(where, { dryRun, signal: session.signal }))
}

/** Clears up after copies that were killed. */
export function command(): Command {
  const cleanup = new Command('cleanup')
    .description('clear up after copies that were killed: name what is whole, remove the rest')
    .argument('[pool-spec]', 'pool[/namespace] (default: --pool)')
    .option('--directory <path>', 'look into a directory of files instead of a pool')
    .option('-n, --dry-run', 'only list what there is')
  return addOptions(cleanup, ['-n']).action(action<CleanupFlags, [string | undefined]>(clean))
}
