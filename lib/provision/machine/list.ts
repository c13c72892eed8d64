/** This file tells of all machines of a host, and of their images. */

import { type Cluster, Image } from '../../index.js'
import type { Connection, Domain, DomainState } from '../../libvirt/index.js'
import { messageOf } from '../errors.js'
import { orNone } from '../libvirt/none.js'
import { checkEnds } from '../libvirt/options.js'
import { checkOptions, checkProgress, type KnownOptions } from '../options.js'
import { untilAborted } from '../steps.js'
import { spec } from './images.js'
import { OpenPools } from './pools.js'
import { type RbdDisk, rbdDisksOf } from './rbd-disks.js'

/**
 * What {@link listMachines} takes.
 *
 * @since 0.1.0
 */
export interface ListMachinesOptions {
  /** Aborting rejects at once. */
  readonly signal?: AbortSignal | undefined
}

const known: KnownOptions<ListMachinesOptions> = { signal: true }

/**
 * A disk of a machine, and its image.
 *
 * @since 0.1.0
 */
export interface ListedDisk extends RbdDisk {
  /** Bytes of the image. */
  readonly size?: number
  /** Bytes that it takes; absent where that takes one request an object to find out. */
  readonly usage?: number
  /** Names of the image's snapshots that users have made. */
  readonly snapshots?: readonly string[]
  /** Why nothing can be told of the image. */
  readonly error?: string
}

/**
 * A machine of a host.
 *
 * @since 0.1.0
 */
export interface ListedMachine {
  readonly name: string
  readonly uuid: string
  readonly state: DomainState | 'unknown'
  readonly vcpus: number
  /** Bytes that it has now. */
  readonly memory: number
  /** Those on RBD. */
  readonly disks: readonly ListedDisk[]
}

type Told = Pick<ListedDisk, 'size' | 'usage' | 'snapshots' | 'error'>

async function imageOf(pools: OpenPools, disk: RbdDisk, signal: AbortSignal | undefined): Promise<Told> {
  // The pool's namespaces are not opened here.
  if (disk.namespace !== undefined) return {}
  try {
    await using image = await Image.open(await pools.open(disk.pool), disk.image, { readOnly: true, signal })
    const { size, features, flags } = await image.info({ signal })
    const snapshots = (await image.snapshots.list({ signal }))
      .filter(({ namespace }) => namespace.type === 'user')
      .map(({ name }) => name)
    const isQuick = features.includes('fast-diff') && flags === 0n
    return { size, ...(isQuick && { usage: await image.diskUsage(signal && { signal }) }), snapshots }
  } catch (error) {
    signal?.throwIfAborted()
    return { error: messageOf(error) }
  }
}

async function machineOf(
  domain: Domain,
  image: (disk: RbdDisk) => Promise<Told>,
): Promise<ListedMachine | undefined> {
  const told = Promise.all([domain.info(), domain.xml()])
  // It may be gone by now.
  const found = await orNone(told, 'VIR_ERR_NO_DOMAIN')
  if (found === undefined) return undefined
  const [{ state, vcpus, memory }, document] = found
  const { name, uuid } = domain
  const disks: ListedDisk[] = []
  for (const disk of rbdDisksOf(document)) disks.push({ ...disk, ...(await image(disk)) })
  return { name, uuid, state, vcpus, memory, disks }
}

/**
 * All machines of a host, by name, with what their images on RBD are and take. An image that cannot be asked has an `error`.
 *
 * Errors: of libvirt; the signal's reason; `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 *
 * @since 0.1.0
 */
export async function listMachines(
  cluster: Cluster,
  connection: Connection,
  options?: ListMachinesOptions,
): Promise<ListedMachine[]> {
  checkEnds(cluster, connection)
  const { signal } = checkOptions('options', options, known)
  checkProgress({ signal })
  signal?.throwIfAborted()
  await using pools = new OpenPools(cluster, signal)
  // A template's image may be the disk of many.
  const asked = new Map<string, Promise<Told>>()
  const image = (disk: RbdDisk): Promise<Told> => {
    const key = spec(disk)
    const told = asked.get(key) ?? imageOf(pools, disk, signal)
    asked.set(key, told)
    return told
  }
  const machines: ListedMachine[] = []
  for (const domain of await untilAborted(connection.listDomains(), signal)) {
    const machine = await untilAborted(machineOf(domain, image), signal)
    if (machine !== undefined) machines.push(machine)
  }
  return machines.sort((a, b) => (a.name < b.name ? -1 : 1))
}
