/** This file is the command `rbdkit lock`, which is about the locks of an image. */

import { Command } from 'commander'
import { aboutImage, type Operand, onImage } from '../one-image.js'
import { addFormatOption, type Flags } from '../options/options.js'
import { table } from '../terminal/table.js'

const cookie: Operand = ['lock-id', 'what the lock is called']
const locker: Operand = ['locker', 'who holds it, as lock ls shows: client.4123']

/** The locks of an image. */
export function command(): Command {
  const listing = new Command('ls').alias('list').description('list who holds a lock of an image')
  const adding = new Command('add')
    .description('take an advisory lock, which stays until it is removed')
    .option('--shared <tag>', 'together with others who give the same tag')
  const removing = new Command('rm')
    .alias('remove')
    .description('take a lock away; who holds it is shut out from the cluster')
  return new Command('lock')
    .description('list, add, remove locks of an image')
    .addCommand(
      aboutImage(addFormatOption(listing), { snapshot: 'none', readOnly: true }, async (image) => {
        const lockers = await image.locks.lockers()
        const rows = lockers.map(({ client, cookie: id, address, mode }) => [client, id, address, mode])
        return {
          json: lockers.map(({ cookie: id, client, address }) => ({ id, locker: client, address })),
          text: rows.length === 0 ? '' : table([['LOCKER', 'ID', 'ADDRESS', 'MODE'], ...rows]),
        }
      }),
    )
    .addCommand(
      onImage<Flags & { shared?: string }, 'none'>(
        adding,
        { done: 'locked', snapshot: 'none', operands: [cookie] },
        (image, _, { flags: { shared } }, id = '') =>
          image.locks.add(id, shared === undefined ? {} : { shared }),
      ),
    )
    .addCommand(
      onImage(
        removing,
        { done: 'unlocked', snapshot: 'none', operands: [cookie, locker] },
        (image, _, __, id = '', client = '') => image.locks.remove(id, { client }),
      ),
    )
}
