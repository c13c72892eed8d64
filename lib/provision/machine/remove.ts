/** This file removes a machine, and its disks when that harms nobody. */

import { type Cluster, Image } from '../../index.js'
import type { Connection, Domain } from '../../libvirt/index.js'
import { ownSnapshot, removeSnapshot } from '../clone/disks.js'
import { ProvisionError } from '../errors.js'
import { checkEnds, progressOptions } from '../libvirt/options.js'
import { checkBoolean, checkLine, checkOptions, checkProgress, type KnownOptions } from '../options.js'
import { isCode } from '../record.js'
import { type ProvisionOptions, runSteps, type Step, type StepResult, untilAborted } from '../steps.js'
import { cloudInitOf } from './document.js'
import { spec } from './images.js'
import { OpenPools } from './pools.js'
import { machineOf } from './power.js'
import { type RbdDisk, rbdDisksOf } from './rbd-disks.js'
import { holdersOf, writersOf } from './users.js'

/**
 * What {@link removeMachine} takes.
 *
 * @since 0.1.0
 */
export interface RemoveMachineOptions extends ProvisionOptions {
  /** Also the images that it can write. Default false. */
  readonly disks?: boolean | undefined
}

const known: KnownOptions<RemoveMachineOptions> = { ...progressOptions, disks: true }

/**
 * What was removed of a machine.
 *
 * @since 0.1.0
 */
export interface RemovedMachine {
  /** What was removed, step by step; `'found'`: it was not there any more. */
  readonly steps: readonly StepResult[]
  /** Its images that stay, as `pool/image`. */
  readonly left: readonly string[]
}

interface Going {
  readonly pool: string
  readonly image: string
}

/** What stands against removing an image, in words. */
async function obstacles(
  pools: OpenPools,
  { pool, image }: Going,
  machines: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const found = [...machines].map((name) => `it is a disk of the machine '${name}', too`)
  const ioctx = await pools.find(pool)
  if (ioctx === undefined) return found
  try {
    found.push(...(await holdersOf(ioctx, image, signal)).map((holder) => `it is ${holder}`))
    await using opened = await Image.open(ioctx, image, { readOnly: true, signal })
    for (const { name, namespace } of await opened.snapshots.list({ signal }))
      if (namespace.type !== 'trash') found.push(`it has the snapshot '${name}'`)
    for (const child of await opened.listChildren({ signal })) found.push(`${spec(child)} is a clone of it`)
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
  }
  return found
}

function imageStep(pools: OpenPools, going: Going): Step {
  return {
    name: `image ${spec(going)}`,
    async run() {
      const ioctx = await pools.find(going.pool)
      if (ioctx === undefined) return 'found'
      const own = await ownSnapshot(pools, { namespace: '', ...going })
      try {
        await Image.remove(ioctx, going.image)
      } catch (error) {
        if (isCode(error, 'ENOENT')) return 'found'
        throw error
      }
      // It stays when somebody has made other clones of it.
      try {
        if (own) await removeSnapshot(pools, own.place, own.snapshot)
      } catch (error) {
        if (!isCode(error, 'EBUSY')) throw error
      }
      return 'removed'
    },
    undo: async () => false,
  }
}

/** The last step: as long as there is the domain, the next call knows what there was to remove. */
function domainStep(domain: Domain): Step {
  return {
    name: 'domain',
    async run() {
      const all = { managedSave: true, snapshotsMetadata: true, checkpointsMetadata: true, nvram: true }
      await domain.undefine(all)
      return 'removed'
    },
    undo: async () => false,
  }
}

/** What can be removed with the machine: what it writes. */
function isOwn({ readOnly, namespace }: RbdDisk): boolean {
  return !readOnly && namespace === undefined
}

/**
 * Removes a machine that is off: its definition, its UEFI variables, what it has saved, and the disk that `createMachine()` made for
 * cloud-init; with `disks` also the images that it can write, and the snapshots that `cloneMachine()` took for them. Installation media and snapshots stay.
 *
 * Refused, before anything is removed, while it runs, and when an image that is to go is open or locked, is a disk of another machine, has snapshots or
 * clones; the error says which. A removal is not taken back: after a failure or an abort, calling it again goes on.
 *
 * Errors: {@link ProvisionError} `ERR_RBDKIT_MISSING`, `ERR_RBDKIT_IN_USE`, `ERR_RBDKIT_STEP_FAILED`, `ABORT_ERR`; of libvirt;
 * `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 *
 * @since 0.1.0
 */
export async function removeMachine(
  cluster: Cluster,
  connection: Connection,
  name: string,
  options?: RemoveMachineOptions,
): Promise<RemovedMachine> {
  checkEnds(cluster, connection)
  checkLine('name', name)
  const given = checkOptions('options', options, known)
  checkProgress(given)
  const { signal } = given
  const withDisks = checkBoolean('options.disks', given.disks, false)
  signal?.throwIfAborted()
  const inUse = (message: string): ProvisionError =>
    new ProvisionError('ERR_RBDKIT_IN_USE', 'removeMachine', `${message}. Nothing was removed`)
  const domain = await machineOf(connection, name, 'removeMachine', signal)
  if (await untilAborted(domain.isActive(), signal))
    throw inUse(`the machine '${name}' runs; stopMachine() stops it`)
  const document = await untilAborted(domain.xml({ inactive: true }), signal)
  const cloudInit = cloudInitOf(document)
  const disks = rbdDisksOf(document)
  const going: Going[] = withDisks ? disks.filter(isOwn).map(({ pool, image }) => ({ pool, image })) : []
  if (cloudInit !== undefined) going.push(cloudInit)
  await using pools = new OpenPools(cluster, signal)
  const writers = await untilAborted(writersOf(connection), signal)
  const reasons: string[] = []
  for (const one of going) {
    const others = new Set([...(writers.get(spec(one)) ?? [])].filter((other) => other !== name))
    const found = await obstacles(pools, one, others, signal)
    if (found.length > 0) reasons.push(`the image ${spec(one)} stays: ${found.join(', ')}`)
  }
  if (reasons.length > 0) throw inUse(reasons.join('; '))
  const steps = [...going.map((one) => imageStep(pools, one)), domainStep(domain)]
  const left = disks.map(spec).filter((one) => !going.some((other) => spec(other) === one))
  return { steps: await runSteps('removeMachine', steps, given), left }
}
