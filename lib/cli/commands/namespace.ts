/** This file is the command `rbdkit namespace`, which is about the namespaces of a pool. */

import { Command, InvalidArgumentError } from 'commander'
import { printable } from '../../internal/text.js'
import type { IoCtx } from '../../rados/ioctx.js'
import { action } from '../action.js'
import { addFormatOption, addOptions, type Flags } from '../options/options.js'
import type { Report, Session } from '../session.js'

/** The ioctx is the pool's default namespace, where librbd keeps what the pool has. */
async function named(
  session: Session,
  text: string | undefined,
  work: (ioctx: IoCtx, name: string) => Promise<void>,
  done: string,
): Promise<Report> {
  const { pool, namespace } = await session.poolSpec(text)
  if (namespace === '') throw new InvalidArgumentError('name a namespace: pool/namespace, or --namespace')
  await work(await session.ioctx({ pool, namespace: '' }), namespace)
  return { json: { [done]: `${pool}/${namespace}` }, text: '' }
}

async function create(session: Session, text: string | undefined): Promise<Report> {
  const { namespaceCreate } = await import('../../rbd/pool.js')
  return named(session, text, namespaceCreate, 'created')
}

async function remove(session: Session, text: string | undefined): Promise<Report> {
  const { namespaceRemove } = await import('../../rbd/pool.js')
  return named(session, text, namespaceRemove, 'removed')
}

async function list(session: Session, text: string | undefined): Promise<Report> {
  const { pool } = await session.poolSpec(text)
  const { namespaceList } = await import('../../rbd/pool.js')
  const names = await namespaceList(await session.ioctx({ pool, namespace: '' }))
  return {
    json: names.map((name) => ({ name })),
    text: names.map((name) => `${printable(name)}\n`).join(''),
  }
}

/** The namespaces of a pool. */
export function command(): Command {
  const creating = new Command('create').description('make a namespace')
  const removing = new Command('rm').alias('remove').description('remove a namespace that has no images')
  const listing = new Command('ls').alias('list').description('list the namespaces of a pool')
  return new Command('namespace')
    .description('create, list, remove namespaces of a pool')
    .addCommand(
      addOptions(creating)
        .argument('[pool-spec]', 'pool/namespace')
        .action(action<Flags, [string | undefined]>(create)),
    )
    .addCommand(
      addOptions(addFormatOption(listing))
        .argument('[pool]', 'the pool (default: --pool)')
        .action(action<Flags, [string | undefined]>(list, 1, true)),
    )
    .addCommand(
      addOptions(removing)
        .argument('[pool-spec]', 'pool/namespace')
        .action(action<Flags, [string | undefined]>(remove)),
    )
}
