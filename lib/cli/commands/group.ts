/** This file is the command `rbdkit group`, which is about consistency groups: images that are snapshotted together. */

import { Command, InvalidArgumentError } from 'commander'
import { printable } from '../../internal/text.js'
import { action } from '../action.js'
import { aboutGroup, formatGroupSpec, type GroupFlags, groupSpec, onGroup } from '../one-group.js'
import type { Operand } from '../one-image.js'
import { formatImageSpec } from '../options/image-spec.js'
import { addFormatOption, addOptions, type Flags } from '../options/options.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

const image: Operand = ['image-spec', '[pool/[namespace/]]image']

async function list(session: Session, text: string | undefined): Promise<Report> {
  const { Group } = await import('../../rbd/group.js')
  const names = (await Group.list(await session.ioctx(await session.poolSpec(text)))).sort()
  return { json: names, text: names.map((name) => `${printable(name)}\n`).join('') }
}

async function rename(session: Session<GroupFlags>, from: string, to: string): Promise<Report> {
  const source = await groupSpec(session, from, 'none')
  const { group, ...place } = await groupSpec(session, to, 'none')
  if (place.pool !== source.pool || place.namespace !== source.namespace)
    throw new InvalidArgumentError('a group keeps its pool and namespace')
  const { Group } = await import('../../rbd/group.js')
  await Group.rename(await session.ioctx(source), source.group, group)
  return {
    json: { renamed: { from: formatGroupSpec(source), to: formatGroupSpec({ ...place, group }) } },
    text: '',
  }
}

/** The image that an operand names: without a pool it is in the group's. */
async function imageOf(
  session: Session<GroupFlags>,
  text: string,
  place: { pool: string; namespace: string },
) {
  const inside = text.includes('/') ? text : formatImageSpec({ ...place, image: text })
  const spec = await session.imageSpec(inside, 'none')
  return { ioctx: await session.ioctx(spec), name: spec.image }
}

function imageCommand(): Command {
  const listing = addFormatOption(new Command('ls').alias('list').description('list the images of a group'))
  const adding = new Command('add').description('add an image to a group')
  const removing = new Command('rm').alias('remove').description('take an image out of a group')
  return new Command('image')
    .description('the images of a group')
    .addCommand(
      aboutGroup(listing, { readOnly: true }, async (group) => {
        const images = (await group.images.list()).sort((a, b) => (a.image < b.image ? -1 : 1))
        return {
          json: images.map((one) => ({ image: one.image, pool: one.pool, state: one.state })),
          text: images
            .map(
              (one) =>
                `${printable(`${one.pool}/${one.image}`)}${one.state === 'attached' ? '' : ` (${one.state})`}\n`,
            )
            .join(''),
        }
      }),
    )
    .addCommand(
      onGroup(adding, { done: 'added', operands: [image] }, async (group, spec, session, text = '') => {
        const { ioctx, name } = await imageOf(session, text, spec)
        await group.images.add(ioctx, name)
      }),
    )
    .addCommand(
      onGroup(removing, { done: 'removed', operands: [image] }, async (group, spec, session, text = '') => {
        const { ioctx, name } = await imageOf(session, text, spec)
        await group.images.remove(ioctx, name)
      }),
    )
}

function snapCommand(): Command {
  const listing = addFormatOption(
    new Command('ls').alias('list').description('list the snapshots of a group'),
  )
  const creating = new Command('create').alias('add').description('make a snapshot of all images of a group')
  const removing = new Command('rm').alias('remove').description('remove a snapshot of a group')
  const renaming = new Command('rename').description('rename a snapshot of a group')
  const rolling = new Command('rollback').description('put all images of a group back to a snapshot')
  const about = { snapshot: true }
  return new Command('snap')
    .description('the snapshots of a group')
    .addCommand(
      aboutGroup(listing, { readOnly: true }, async (group) => {
        const snapshots = await group.snapshots.list()
        const rows = snapshots.map(({ name, state }) => [name, state])
        return {
          json: snapshots.map(({ name, state }) => ({ snapshot: name, state })),
          text: rows.length === 0 ? '' : table([['NAME', 'STATUS'], ...rows]),
        }
      }),
    )
    .addCommand(
      onGroup(creating, { ...about, done: 'created' }, (group, { snapshot = '' }) =>
        group.snapshots.create(snapshot),
      ),
    )
    .addCommand(
      onGroup(removing, { ...about, done: 'removed' }, (group, { snapshot = '' }) =>
        group.snapshots.remove(snapshot),
      ),
    )
    .addCommand(
      onGroup(
        renaming,
        { ...about, done: 'renamed', operands: [['snap-name', 'its new name']] },
        (group, { snapshot = '' }, _, name = '') => group.snapshots.rename(snapshot, name),
      ),
    )
    .addCommand(
      onGroup(rolling, { ...about, done: 'restored', long: true }, (group, { snapshot = '' }, session) =>
        group.snapshots.rollback(snapshot, session.operation('restoring')),
      ),
    )
}

/** Consistency groups. */
export function command(): Command {
  const listing = new Command('ls').alias('list').description('list the groups of a pool')
  const creating = new Command('create').description('make a group')
  const removing = new Command('rm').alias('remove').description('remove a group; its images stay')
  const renaming = new Command('rename').description('rename a group')
  return new Command('group')
    .description('consistency groups: images that are snapshotted together')
    .addCommand(
      addOptions(addFormatOption(listing))
        .argument('[pool-spec]', 'pool[/namespace] (default: --pool)')
        .action(action<Flags, [string | undefined]>(list, 1, true)),
    )
    .addCommand(
      onGroup(creating, { done: 'created' }, async ({ ioctx, name }) => {
        const { Group } = await import('../../rbd/group.js')
        await Group.create(ioctx, name)
      }),
    )
    .addCommand(
      onGroup(removing, { done: 'removed' }, async ({ ioctx, name }) => {
        const { Group } = await import('../../rbd/group.js')
        await Group.remove(ioctx, name)
      }),
    )
    .addCommand(
      addOptions(renaming)
        .argument('<group-spec>', '[pool/[namespace/]]group')
        .argument('<group-spec>', 'its new name')
        .action(action<GroupFlags, [string, string]>(rename)),
    )
    .addCommand(imageCommand())
    .addCommand(snapCommand())
}
