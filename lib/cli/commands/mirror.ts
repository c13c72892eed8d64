/** This file is the command `rbdkit mirror`, which is about mirroring to other clusters. */

import { readFile } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { formatTime, printable } from '../../internal/text.js'
import type { MirrorImageMode, MirrorSiteStatus, MirrorStatus } from '../../rbd/mirror.js'
import type { MirrorPeers, PeerDirection } from '../../rbd/mirror-peers.js'
import type { Mirror, MirrorMode } from '../../rbd/mirror-pool.js'
import { aboutImage, type Operand, onImage, withOperands } from '../one-image.js'
import { formatImageSpec, type PoolSpec } from '../options/image-spec.js'
import { addFormatOption, addOptions, type Flags } from '../options/options.js'
import { mirrorScheduleCommand } from '../runs/schedules.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

type ForceFlags = Flags & { readonly force?: boolean }

function onPool<F extends Flags>(
  command: Command,
  operands: readonly Operand[],
  work: (mirror: Mirror, spec: PoolSpec, session: Session<F>, ...operands: string[]) => Promise<Report>,
  readOnly = false,
): Command {
  addOptions(command).argument('[pool-spec]', 'pool[/namespace] (default: --pool)')
  return withOperands<F>(
    command,
    operands,
    async (session, text, ...rest) => {
      const spec = await session.poolSpec(text)
      const { Mirror } = await import('../../rbd/mirror-pool.js')
      return work(new Mirror(await session.ioctx(spec)), spec, session, ...rest)
    },
    readOnly,
  )
}

async function info(mirror: Mirror, _: PoolSpec, session: Session): Promise<Report> {
  const { Mirror } = await import('../../rbd/mirror-pool.js')
  const mode = await mirror.mode()
  if (mode === 'disabled') return { json: { mode }, text: 'Mode: disabled\n' }
  const [siteName, peers] = [await Mirror.siteName(await session.cluster()), await mirror.peers.list()]
  const rows = peers.map((peer) => [peer.uuid, peer.siteName, peer.clientName, peer.direction])
  const listed = table([['UUID', 'SITE', 'CLIENT', 'DIRECTION'], ...rows])
  return {
    json: { mode, site_name: siteName, peers },
    text: `Mode: ${mode}\nSite name: ${printable(siteName)}\nPeers:${rows.length === 0 ? ' none\n' : `\n${listed}`}`,
  }
}

function siteLine(name: string, { state, description, up, lastUpdate }: MirrorSiteStatus): string {
  const when = lastUpdate === undefined ? '' : `, ${formatTime(lastUpdate)}`
  return `  ${name}: ${up ? 'up' : 'down'}, ${state}${description === '' ? '' : `, ${printable(description)}`}${when}\n`
}

/** Whether an image is the primary one a list does not tell. */
type Told = Omit<MirrorStatus, 'info'> & { info: { state: string; primary?: boolean } }

function statusText(status: Told): string {
  const { info: about, local, remotes } = status
  const role = about.primary === undefined ? '' : about.primary ? 'primary, ' : 'not primary, '
  return [
    `${printable(status.image)}: ${role}${about.state}\n`,
    ...(local === undefined ? [] : [siteLine('here', local)]),
    ...remotes.map((site) => siteLine(site.mirrorUuid, site)),
  ].join('')
}

async function status(
  mirror: Mirror,
  _: PoolSpec,
  { flags }: Session<Flags & { verbose?: boolean }>,
): Promise<Report> {
  const summary = await mirror.summary()
  const images: Told[] = []
  if (flags.verbose) for await (const one of mirror.statuses()) images.push(one)
  const counted = Object.entries(summary).map(([state, count]) => `  ${count} ${state}\n`)
  return {
    json: { states: summary, ...(flags.verbose ? { images } : {}) },
    text: `images:${counted.length === 0 ? ' none\n' : `\n${counted.join('')}`}${images.map(statusText).join('')}`,
  }
}

/** What of a peer is set by which word. The file of a key is read, and its content stays unsaid. */
async function setPeer(peers: MirrorPeers, uuid: string, key: string, value: string): Promise<void> {
  if (key === 'client') await peers.setClientName(uuid, value)
  else if (key === 'site-name') await peers.setSiteName(uuid, value)
  else if (key === 'mon-host')
    await peers.setAttributes(uuid, { ...(await peers.attributes(uuid)), monHost: value })
  else if (key === 'key-file')
    await peers.setAttributes(uuid, {
      ...(await peers.attributes(uuid)),
      key: (await readFile(value, 'utf8')).trim(),
    })
  else if (key === 'direction' && (value === 'rx-only' || value === 'rx-tx'))
    await peers.setDirection(uuid, value === 'rx-only' ? 'rx' : value)
  else if (key === 'direction') throw new InvalidArgumentError(`'${value}' is not rx-only or rx-tx`)
  else throw new InvalidArgumentError(`'${key}' is not client, direction, key-file, mon-host or site-name`)
}

/** Promotes or demotes each mirrored image of a pool that is not so already; one that fails does not keep back the others. */
async function turnAll(
  mirror: Mirror,
  session: Session<ForceFlags>,
  spec: PoolSpec,
  how: 'promote' | 'demote',
): Promise<Report> {
  const { Image } = await import('../../rbd/image.js')
  const ioctx = await session.ioctx(spec)
  const { force = false } = session.flags
  const [turned, troubles]: [string[], string[]] = [[], []]
  for await (const { id } of mirror.images()) {
    session.signal.throwIfAborted()
    try {
      await using image = await Image.open(ioctx, { id })
      const about = await image.mirror.info()
      if (about === undefined || about.primary === (how === 'promote')) continue
      await (how === 'promote' ? image.mirror.promote({ force }) : image.mirror.demote())
      turned.push(image.name)
    } catch (error) {
      troubles.push((error as Error).message)
    }
  }
  return {
    json: { [`${how}d`]: turned },
    text: `${how === 'promote' ? 'Promoted' : 'Demoted'} ${turned.length} mirrored images\n`,
    troubles,
  }
}

function peerCommand(): Command {
  const uuid: Operand = ['uuid', 'as mirror pool info shows it']
  const directed = (command: Command): Command =>
    command.addOption(
      new Option('--direction <direction>', 'where images go').choices(['rx-only', 'rx-tx']).default('rx-tx'),
    )
  const creating = new Command('create').description(
    'make a token, with which another cluster becomes a peer',
  )
  const importing = directed(
    new Command('import').description("make the cluster that made a token this pool's peer"),
  )
  const adding = directed(
    new Command('add').description('add a peer by its names; its address and key are its own matter'),
  )
  const removing = new Command('remove').alias('rm').description('remove a peer')
  const toDirection = (given: 'rx-only' | 'rx-tx'): 'rx' | 'rx-tx' => (given === 'rx-only' ? 'rx' : given)
  type DirectionFlags = Flags & { readonly direction: 'rx-only' | 'rx-tx' }
  const bootstrap = new Command('bootstrap')
    .description('peers by a token')
    .addCommand(
      onPool(creating, [], async (mirror) => {
        const token = await mirror.createToken()
        return { json: { token }, text: `${token}\n` }
      }),
    )
    .addCommand(
      onPool<DirectionFlags>(
        importing,
        [['token-path', 'the file with the token']],
        async (mirror, { pool }, { flags }, path = '') => {
          const token = (await readFile(path, 'utf8')).trim()
          await mirror.importToken(token, { direction: toDirection(flags.direction) })
          return { json: { imported: pool }, text: '' }
        },
      ),
    )
  return new Command('peer')
    .description("the clusters that are a pool's peers")
    .addCommand(bootstrap)
    .addCommand(
      onPool<DirectionFlags>(
        adding,
        [['remote-cluster-spec', '[client@]site']],
        async (mirror, _, { flags }, spec = '') => {
          const at = spec.indexOf('@')
          const direction: PeerDirection = toDirection(flags.direction)
          const client = at < 0 ? 'client.admin' : spec.slice(0, at)
          const added = await mirror.peers.add(spec.slice(at + 1), client, { direction })
          return { json: { added }, text: `${added}\n` }
        },
      ),
    )
    .addCommand(
      onPool(removing, [uuid], async (mirror, _, __, one = '') => {
        await mirror.peers.remove(one)
        return { json: { removed: one }, text: '' }
      }),
    )
    .addCommand(
      onPool(
        new Command('set').description('change what is known of a peer'),
        [uuid, ['key', 'client, direction, key-file, mon-host or site-name'], ['value', 'what it is set to']],
        async (mirror, _, __, one = '', key = '', value = '') => {
          await setPeer(mirror.peers, one, key, value)
          return { json: { set: { [key]: key === 'key-file' ? 'read' : value } }, text: '' }
        },
      ),
    )
}

function poolCommand(): Command {
  const enabling = new Command('enable').description(
    'mirror the images of a pool: all with journaling, or single ones',
  )
  const disabling = new Command('disable').description('mirror no image of a pool')
  const about = addFormatOption(new Command('info').description('what of a pool is mirrored, and where to'))
  const telling = addFormatOption(
    new Command('status').description('how far the images of a pool are'),
  ).option('--verbose', 'each image too')
  const set =
    (mode: MirrorMode, done: string) =>
    async (mirror: Mirror, { pool }: PoolSpec) => {
      await mirror.setMode(mode)
      return { json: { [done]: pool, mode }, text: '' }
    }
  return new Command('pool')
    .description('the mirroring of a pool')
    .addCommand(
      onPool(enabling, [['mode', 'image, pool or init-only']], async (mirror, spec, _, mode = '') => {
        if (mode !== 'image' && mode !== 'pool' && mode !== 'init-only')
          throw new InvalidArgumentError(`'${mode}' is not image, pool or init-only`)
        return set(mode, 'enabled')(mirror, spec)
      }),
    )
    .addCommand(onPool(disabling, [], set('disabled', 'disabled')))
    .addCommand(onPool(about, [], info, true))
    .addCommand(onPool(telling, [], status, true))
    .addCommand(
      onPool<ForceFlags>(
        new Command('promote')
          .description('make all mirrored images of a pool those that are written')
          .option('--force', 'also when it is not safe'),
        [],
        (mirror, spec, session) => turnAll(mirror, session, spec, 'promote'),
      ),
    )
    .addCommand(
      onPool<ForceFlags>(
        new Command('demote').description('make all mirrored images of a pool those that follow'),
        [],
        (mirror, spec, session) => turnAll(mirror, session, spec, 'demote'),
      ),
    )
    .addCommand(peerCommand())
}

function imageCommand(): Command {
  const forced = (command: Command): Command => command.option('--force', 'also when it is not safe')
  const enabling = new Command('enable').description('mirror an image')
  const disabling = forced(new Command('disable').description('mirror an image no more'))
  const promoting = forced(new Command('promote').description('make an image the one that is written'))
  const demoting = new Command('demote').description('make an image one that follows')
  const resyncing = new Command('resync').description('copy an image anew from the primary one')
  const snapshot = new Command('snapshot').description('make a snapshot that is mirrored')
  const telling = addFormatOption(new Command('status').description('how far an image is'))
  const none = { snapshot: 'none' as const }
  return new Command('image')
    .description('the mirroring of an image')
    .addCommand(
      onImage(
        enabling,
        { ...none, done: 'enabled', operands: [['mode', 'journal or snapshot']] },
        async (image, _, __, mode = '') => {
          if (mode !== 'journal' && mode !== 'snapshot')
            throw new InvalidArgumentError(`'${mode}' is not journal or snapshot`)
          await image.mirror.enable(mode satisfies MirrorImageMode)
        },
      ),
    )
    .addCommand(
      onImage<ForceFlags, 'none'>(
        disabling,
        { ...none, done: 'disabled' },
        (image, _, { flags: { force = false } }) => image.mirror.disable({ force }),
      ),
    )
    .addCommand(
      onImage<ForceFlags, 'none'>(
        promoting,
        { ...none, done: 'promoted' },
        (image, _, { flags: { force = false } }) => image.mirror.promote({ force }),
      ),
    )
    .addCommand(onImage(demoting, { ...none, done: 'demoted' }, (image) => image.mirror.demote()))
    .addCommand(onImage(resyncing, { ...none, done: 'flagged' }, (image) => image.mirror.resync()))
    .addCommand(
      aboutImage(snapshot, none, async (image, spec) => {
        const id = await image.mirror.createSnapshot()
        return {
          json: { created: { image: formatImageSpec(spec), id: Number(id) } },
          text: `Snapshot ID: ${id}\n`,
        }
      }),
    )
    .addCommand(
      aboutImage(telling, { ...none, readOnly: true }, async (image) => {
        const found = await image.mirror.status()
        return { json: found, text: statusText(found) }
      }),
    )
}

/** Mirroring to other clusters. */
export function command(): Command {
  return new Command('mirror')
    .description('mirror pools and images to other clusters')
    .addCommand(poolCommand())
    .addCommand(imageCommand())
    .addCommand(
      new Command('snapshot').description('snapshots that are mirrored').addCommand(mirrorScheduleCommand()),
    )
}
