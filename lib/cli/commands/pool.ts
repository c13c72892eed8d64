/** This file is the command `rbdkit pool`, which is about pools of images. */

import { Command } from 'commander'
import { formatBytes } from '../../internal/text.js'
import { action } from '../action.js'
import { addFormatOption, addOptions, type Flags } from '../options/options.js'
import type { Report, Session } from '../session.js'

async function stats(session: Session, text: string | undefined): Promise<Report> {
  const { poolStats } = await import('../../rbd/pool.js')
  const found = await poolStats(await session.ioctx(await session.poolSpec(text)), { signal: session.signal })
  const lines = [found, found.trash].map(
    (one, i) =>
      `${i === 0 ? 'images' : 'trash'}: ${one.images}, ${one.snapshots} snapshots, ` +
      `${formatBytes(one.provisionedBytes)} provisioned, ${formatBytes(one.maxProvisionedBytes)} with snapshots\n`,
  )
  return { json: found, text: lines.join('') }
}

/** Pools of images. */
export function command(): Command {
  const init = new Command('init')
    .description('ready a pool for images')
    .argument('[pool]', 'the pool (default: --pool)')
    .option('--force', 'also one that serves another application')
  const counting = new Command('stats')
    .description('what images and snapshots a pool has')
    .argument('[pool-spec]', 'pool[/namespace] (default: --pool)')
  return new Command('pool')
    .description('ready pools for images, count what they have')
    .addCommand(
      addOptions(init).action(
        action<Flags & { force?: boolean }, [string | undefined]>(async (session, text) => {
          const { pool } = await session.poolSpec(text)
          const { force = false } = session.flags
          const { poolInit } = await import('../../rbd/pool.js')
          await poolInit(await session.ioctx({ pool, namespace: '' }), { force, signal: session.signal })
          return { json: { initialized: pool }, text: '' }
        }),
      ),
    )
    .addCommand(
      addOptions(addFormatOption(counting)).action(action<Flags, [string | undefined]>(stats, 1, true)),
    )
}
