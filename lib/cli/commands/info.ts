/** This file is the command `rbdkit info`. */

import { Command } from 'commander'
import { formatBytes, formatTime, printable } from '../../internal/text.js'
import type { ImageInfo } from '../../rbd/info.js'
import type { ParentImage } from '../../rbd/relations.js'
import type { SnapshotInfo } from '../../rbd/snapshot-info.js'
import { action } from '../action.js'
import { formatImageSpec } from '../options/image-spec.js'
import { addFormatOption, addImageOptions, addOptions, type Flags } from '../options/options.js'
import { isUsers } from '../runs/user-snapshots.js'
import type { Report, Session } from '../session.js'

interface Found {
  readonly info: ImageInfo
  /** Of all kinds. */
  readonly snapshots: readonly SnapshotInfo[]
  readonly parent: ParentImage | undefined
  /** The name of its data pool when it is not the image's own. */
  readonly dataPool: string | undefined
  /** Of the snapshot that was asked for. */
  readonly isProtected: boolean | undefined
}

const flagNames = ['object map invalid', 'fast diff invalid']

function flagsOf({ flags }: ImageInfo): string[] {
  return flagNames.filter((_, bit) => ((flags >> BigInt(bit)) & 1n) === 1n)
}

/** The names of the fields are those of `rbd info --format json`. */
function toJson({ info, snapshots, parent, dataPool, isProtected }: Found): object {
  const isStriped = info.features.includes('striping')
  return {
    name: info.name,
    id: info.id,
    size: info.size,
    objects: info.objects,
    order: Math.log2(info.objectSize),
    object_size: info.objectSize,
    ...(dataPool === undefined ? {} : { data_pool: dataPool }),
    snapshot_count: snapshots.length,
    block_name_prefix: info.blockNamePrefix,
    format: info.id === '' ? 1 : 2,
    features: info.features,
    flags: flagsOf(info),
    create_timestamp: info.created?.toISOString(),
    access_timestamp: info.accessed?.toISOString(),
    modify_timestamp: info.modified?.toISOString(),
    ...(isProtected === undefined ? {} : { protected: isProtected }),
    ...(parent === undefined
      ? {}
      : {
          parent: {
            pool: parent.pool,
            pool_namespace: parent.namespace,
            image: parent.image,
            id: parent.id,
            snapshot: parent.snapshot,
            trash: parent.trash,
            overlap: info.overlap,
          },
        }),
    ...(isStriped ? { stripe_unit: info.stripeUnit, stripe_count: info.stripeCount } : {}),
  }
}

function toText({ info, snapshots, parent, dataPool, isProtected }: Found): string {
  const isStriped = info.features.includes('striping')
  const lines: [string, string | undefined][] = [
    ['size', `${formatBytes(info.size)} in ${info.objects} objects of ${formatBytes(info.objectSize)}`],
    ['snapshots', String(snapshots.length)],
    ['id', info.id],
    ['data pool', dataPool],
    ['block name prefix', info.blockNamePrefix],
    ['format', info.id === '' ? '1' : '2'],
    ['features', info.features.join(', ')],
    ['flags', flagsOf(info).join(', ')],
    ['created', info.created && formatTime(info.created)],
    ['accessed', info.accessed && formatTime(info.accessed)],
    ['modified', info.modified && formatTime(info.modified)],
    ['protected', isProtected === undefined ? undefined : isProtected ? 'yes' : 'no'],
    ['parent', parent && `${formatImageSpec(parent)}${parent.trash ? ' (in the trash)' : ''}`],
    ['overlap', parent && formatBytes(info.overlap)],
    ['stripes', isStriped ? `${info.stripeCount} objects, unit ${formatBytes(info.stripeUnit)}` : undefined],
  ]
  const shown = lines.filter(([, value]) => value !== undefined && value !== '')
  return shown.map(([name, value = '']) => `  ${name.padEnd(17)}  ${printable(value)}\n`).join('')
}

async function poolName(session: Session, id: bigint): Promise<string | undefined> {
  const cluster = await session.cluster()
  const pools = await cluster.monitorCommand<{ poolnum: number; poolname: string }[]>({
    prefix: 'osd lspools',
  })
  return pools.find(({ poolnum }) => BigInt(poolnum) === id)?.poolname
}

async function show(session: Session, text: string | undefined): Promise<Report> {
  const spec = await session.imageSpec(text)
  const image = await session.open(spec, { readOnly: true })
  const [about, snapshots, parent] = await Promise.all([image.info(), image.snapshots.list(), image.parent()])
  const found: Found = {
    info: about,
    snapshots,
    parent,
    dataPool: about.features.includes('data-pool') ? await poolName(session, about.dataPoolId) : undefined,
    isProtected: snapshots.find((one) => isUsers(one) && one.name === spec.snapshot)?.protected,
  }
  return { json: toJson(found), text: `rbd image '${printable(formatImageSpec(spec))}':\n${toText(found)}` }
}

/** What an image is. */
export function command(): Command {
  const info = new Command('info')
    .description('show what an image or a snapshot is')
    .argument('[image-spec]', '[pool/[namespace/]]image[@snapshot]')
  addImageOptions(addFormatOption(info), { snapshot: true })
  return addOptions(info).action(action<Flags, [string | undefined]>(show, 1, true))
}
