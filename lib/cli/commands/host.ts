/** This file is the command `rbdkit host`: hosts of libvirt, prepared for machines on RBD. */

import { Command, InvalidArgumentError, Option } from 'commander'
import type { HostFiles } from '../../provision/index.js'
import { action } from '../action.js'
import { connected } from '../one-domain.js'
import { addConnectionOptions } from '../options/connection.js'
import { addJsonOption, addProgressOption, type Flags } from '../options/options.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'
import { watched } from '../watched.js'

interface HostFlags extends Flags {
  readonly connect?: string
  readonly dryRun?: boolean
}

interface PrepareFlags extends HostFlags {
  readonly pgNum?: number
  readonly caps?: 'profile' | 'explicit'
  readonly secretUuid?: string
  readonly secretUsage?: string
  /** `--no-storage-pool` */
  readonly storagePool?: string | false
  readonly files?: string | true
  readonly adminSocket?: string | true
  readonly logFile?: string | true
  readonly replace?: boolean
}

interface RotateFlags extends Flags {
  readonly connect?: string[]
  readonly secretUsage?: string
  readonly files?: string | true
}

interface RemoveFlags extends HostFlags {
  readonly hostOnly?: boolean
  readonly removeImages?: boolean
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('must be a whole number from 1')
  return count
}

type Row = readonly [step: string, outcome: string, about: string]

function toTable(rows: readonly Row[], dryRun = false): string {
  return rows.length === 0 ? '' : table([['STEP', dryRun ? 'WOULD BE' : 'OUTCOME', 'WHAT'], ...rows])
}

/** What a flag that may have a path says, without those that are not given. */
function filesOf({ files, adminSocket, logFile }: PrepareFlags): HostFiles | undefined {
  if (files === undefined) {
    if (adminSocket !== undefined || logFile !== undefined)
      throw new InvalidArgumentError(
        '--admin-socket and --log-file are for the ceph.conf that --files writes',
      )
    return undefined
  }
  return { directory: files === true ? undefined : files, adminSocket, logFile }
}

async function prepare(session: Session<PrepareFlags>, pool: string, user: string): Promise<Report> {
  const { connect, pgNum, caps, secretUuid, secretUsage, storagePool, replace, dryRun } = session.flags
  const files = filesOf(session.flags)
  const { prepareLibvirt } = await import('../../provision/index.js')
  return connected([connect], session.signal, async ([host]) => {
    const options = { pool, user, pgNum, caps, secretUuid, secretUsage, storagePool, files, replace, dryRun }
    const prepared = await prepareLibvirt(await session.cluster(), host, { ...options, ...watched(session) })
    const about: Record<string, string> = {
      pool,
      user: prepared.user.name,
      secret: `${prepared.secret.uuid} (${prepared.secret.usage})`,
      storagePool: prepared.storagePool ?? '',
    }
    const rows = prepared.steps.map(({ step, outcome }): Row => [step, outcome, about[step] ?? ''])
    return { json: prepared, text: toTable(rows, dryRun) }
  })
}

async function rotate(session: Session<RotateFlags>, pool: string, user: string): Promise<Report> {
  const { connect = [undefined], secretUsage, files: given } = session.flags
  const { rotateLibvirtKey } = await import('../../provision/index.js')
  const files = given === undefined ? undefined : { directory: given === true ? undefined : given }
  return connected(connect, session.signal, async (hosts) => {
    const options = { pool, user, secretUsage, files, ...watched(session) }
    const steps = await rotateLibvirtKey(await session.cluster(), hosts, options)
    return { json: { steps }, text: toTable(steps.map(({ step, outcome }): Row => [step, outcome, ''])) }
  })
}

async function remove(session: Session<RemoveFlags>, pool: string, user: string): Promise<Report> {
  const { connect, hostOnly, removeImages, dryRun } = session.flags
  const { removeLibvirt } = await import('../../provision/index.js')
  return connected([connect], session.signal, async ([host]) => {
    const options = { pool, user, hostOnly, removeImages, dryRun, ...watched(session) }
    const removed = await removeLibvirt(await session.cluster(), host, options)
    const rows = [
      ...removed.steps.map(({ step, outcome }): Row => [step, outcome, '']),
      ...removed.left.map(({ step, name, reason }): Row => [step, 'left', `${name}: ${reason}`]),
    ]
    return { json: removed, text: toTable(rows, dryRun) }
  })
}

/** Hosts of libvirt for machines on RBD. */
export function command(): Command {
  const about = (name: string, description: string): Command =>
    addProgressOption(addConnectionOptions(addJsonOption(new Command(name).description(description)), ['-n']))
      .argument('<pool>', 'the pool of images')
      .argument('<user-id>', "the user of libvirt's guests, without its type: libvirt for client.libvirt")
  const uri = "libvirt's URI (default: LIBVIRT_DEFAULT_URI, or libvirt's own)"
  const usage = "the name by which the secret is looked up (default: 'client.<user-id> secret')"
  const dryRun = ['-n, --dry-run', 'only tell what would be done'] as const
  const collect = (text: string, before: string[] = []): string[] => [...before, text]
  return new Command('host')
    .description('prepare hosts of libvirt for machines on RBD')
    .addCommand(
      about(
        'prepare',
        'make the pool, the user, the secret with its key and the storage pool; what is there is used',
      )
        .option('--connect <uri>', uri)
        .option('--pg-num <n>', 'placement groups of a new pool', parseCount)
        .addOption(
          new Option('--caps <kind>', 'what the user may do (default: profile)').choices([
            'profile',
            'explicit',
          ]),
        )
        .option('--secret-usage <name>', usage)
        .option('--secret-uuid <uuid>', 'its UUID (default: one that is the same on all hosts)')
        .option('--storage-pool <name>', "the name of libvirt's storage pool (default: the pool's)")
        .option('--no-storage-pool', 'make none')
        .option('--files [directory]', "write the user's keyring and ceph.conf, too (default: /etc/ceph)")
        .option('--admin-socket [path]', 'with --files: where each guest has its admin socket')
        .option('--log-file [path]', 'with --files: where each guest logs')
        .option('--replace', 'bring in line what is there and differs, where that is safe')
        .option(...dryRun)
        .action(action<PrepareFlags, [string, string]>(prepare)),
    )
    .addCommand(
      about('rotate', "give the user a new key, and it to the hosts' secrets; guests that run go on")
        .option('--connect <uri>', `${uri}; may be given again: all hosts of the user`, collect)
        .option('--secret-usage <name>', usage)
        .option('--files [directory]', "write the user's keyring, too (default: /etc/ceph)")
        .action(action<RotateFlags, [string, string]>(rotate)),
    )
    .addCommand(
      about('remove', 'take away what prepare has made; with the last host the user and the pool')
        .option('--connect <uri>', uri)
        .option('--host-only', 'leave user and pool')
        .option('--remove-images', 'also a pool that holds something')
        .option(...dryRun)
        .action(action<RemoveFlags, [string, string]>(remove)),
    )
}
