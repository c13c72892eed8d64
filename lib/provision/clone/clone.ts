/** This file makes a second machine of a first one whose disks are on RBD. */

import { randomUUID } from 'node:crypto'
import type { Cluster } from '../../index.js'
import { type Connection, type Domain, xml } from '../../libvirt/index.js'
import { type Difference, ProvisionError } from '../errors.js'
import { orNone } from '../libvirt/none.js'
import { checkEnds } from '../libvirt/options.js'
import { withoutCloudInit } from '../machine/document.js'
import { domainSteps } from '../machine/domain-steps.js'
import { imageStep, spec } from '../machine/images.js'
import { OpenPools } from '../machine/pools.js'
import { machineOf } from '../machine/power.js'
import { checkLine } from '../options.js'
import { Records } from '../record.js'
import { runSteps, type Step, type StepResult } from '../steps.js'
import {
  type ClonedDisk,
  differencesOf,
  disksOf,
  makeImage,
  removeSnapshot,
  snapshot,
  snapshotOf,
} from './disks.js'
import { clearLeftovers, forgetAll, KEY } from './leftovers.js'
import { type AskedClone, type CloneMachineOptions, checkCloneOptions } from './options.js'
import { type CloneConsistency, whileQuiet } from './quiet.js'

/**
 * A machine that was cloned.
 *
 * @since 0.1.0
 */
export interface ClonedMachine {
  readonly name: string
  readonly uuid: string
  /** Its images. What is not a disk of its own, such as a CD, it shares with the first machine. */
  readonly disks: readonly {
    readonly target: string
    readonly pool: string
    /** Empty for the default namespace. */
    readonly namespace: string
    readonly image: string
  }[]
  readonly consistency: CloneConsistency
  readonly steps: readonly StepResult[]
}

/** All that the steps of one clone need. */
interface Work {
  readonly source: Domain
  readonly connection: Connection
  readonly document: string
  readonly disks: readonly ClonedDisk[]
  readonly pools: OpenPools
  readonly records: Records
  readonly asked: AskedClone
  readonly uuid: string
  readonly signal: AbortSignal | undefined
  consistency: CloneConsistency
}

async function all(work: Iterable<Promise<unknown>>): Promise<boolean> {
  const done = await Promise.allSettled(work)
  const failed = done.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  return done.some((one) => one.status === 'fulfilled' && one.value === true)
}

function removeSnapshots({ disks, pools, uuid }: Work): Promise<boolean> {
  return all(disks.map(({ from }) => removeSnapshot(pools, from, snapshotOf(uuid))))
}

/** The snapshots of all disks, of one moment. */
function snapshotsStep(work: Work): Step {
  const { source, disks, pools, records, uuid } = work
  return {
    name: 'snapshots',
    async run() {
      await records.begin(KEY, 'snapshot', snapshotOf(uuid))
      for (const { target, from } of disks) await records.begin(KEY, `from ${target}`, spec(from))
      work.consistency = await whileQuiet(
        source,
        (how) => records.begin(KEY, 'quiet', how),
        async () => void (await all(disks.map(({ from }) => snapshot(pools, from, snapshotOf(uuid))))),
      )
      await records.forget(KEY, 'quiet')
      return 'made'
    },
    undo: () => removeSnapshots(work),
  }
}

function cloneImageStep(disk: ClonedDisk, { pools, records, uuid, asked, signal }: Work): Step {
  return imageStep(`image ${disk.target}`, pools, disk.to, async () => {
    await records.begin(KEY, `image ${disk.target}`, spec(disk.to))
    await makeImage(pools, disk, snapshotOf(uuid), { isFull: asked.isFull, signal })
  })
}

function domainAndStart({ connection, document, disks, records, asked, uuid }: Work): Step[] {
  const define = async (): Promise<void> => {
    const elements = disks.map(({ element }) => element)
    await records.begin(KEY, 'domain', uuid)
    await connection.defineDomain(xml.cloneDomain(document, { name: asked.name, uuid, disks: elements }))
  }
  return domainSteps(connection, uuid, define, asked)
}

function stepsOf(work: Work): Step[] {
  const release: Step = {
    name: 'release',
    run: async () => ((await removeSnapshots(work)) ? 'removed' : 'found'),
    undo: () => Promise.resolve(false),
  }
  return [
    snapshotsStep(work),
    ...work.disks.map((disk) => cloneImageStep(disk, work)),
    ...(work.asked.isFull ? [release] : []),
    ...domainAndStart(work),
  ]
}

function checkDifferences(differences: readonly Difference[]): void {
  if (differences.length === 0) return
  const inWords = differences.map(({ step, name, reason }) => `${step} '${name}': ${reason}`).join('; ')
  const message = `the machine cannot be cloned so, and nothing was changed: ${inWords}`
  throw new ProvisionError('ERR_RBDKIT_DIFFERS', 'cloneMachine', message, { differences })
}

/**
 * Makes a second machine of a first one, also while that runs: with a name, UUID, MAC addresses, generation id and UEFI variables of
 * its own, and an image of its own for each disk on RBD, in the pool and namespace of the first. `virt-clone` refuses such
 * disks.
 *
 * All disks are of one moment. Of a running machine the guest agent freezes the file systems for it; without one the machine is
 * paused for as long as the snapshots take.
 *
 * Copies on write are clones of a snapshot `rbdkit-clone.<uuid>` of each image, which is the clone's alone: it goes when
 * `removeMachine()` removes the clone with its disks. What the guest itself is called, its keys and addresses are
 * the guest's: see {@link cloudInitDisk}.
 *
 * Everything is looked at before anything is changed. When a step fails, what was made is removed again; what a killed call has
 * left is removed by the next one for the same name.
 *
 * ```js
 * const clone = await cloneMachine(cluster, connection, 'template', { name: 'web2', start: true })
 * ```
 *
 * Errors: {@link ProvisionError} `ERR_RBDKIT_DIFFERS` the name is taken, an image's is, or a disk is not an image of RBD, whatever
 * stands in the way is in `differences`; `ERR_RBDKIT_MISSING` there is no first machine;
 * `ERR_RBDKIT_STEP_FAILED`, `ABORT_ERR`; `EACCES`; `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 *
 * @since 0.1.0
 */
export async function cloneMachine(
  cluster: Cluster,
  connection: Connection,
  source: string,
  options: CloneMachineOptions,
): Promise<ClonedMachine> {
  checkEnds(cluster, connection)
  checkLine('source', source)
  const asked = checkCloneOptions(options)
  const { signal } = options
  signal?.throwIfAborted()
  const { name } = asked
  const first = await machineOf(connection, source, 'cloneMachine', signal)
  const document = withoutCloudInit(await first.xml({ inactive: true, secure: true }))
  const { disks, differences } = disksOf(document, name)
  const [disk] = disks
  if (disk === undefined && differences.length === 0)
    differences.push({ step: 'disks', name: source, reason: 'it has none', replaceable: false })
  checkDifferences(differences)
  const { pool } = (disk as ClonedDisk).from
  await using pools = new OpenPools(cluster, signal)
  const records = new Records(cluster, pool, `rbdkit.provision.clone.${name}`)
  try {
    await records.lock(`cloneMachine ${name}`, signal)
    await clearLeftovers(records, pools, connection, first)
    if (await orNone(connection.domainByName(name), 'VIR_ERR_NO_DOMAIN'))
      differences.push({ step: 'domain', name, reason: 'there is a domain of that name', replaceable: false })
    checkDifferences([...differences, ...(await differencesOf(pools, disks))])
    const uuid = randomUUID()
    const of = { source: first, connection, document, disks, pools, records, asked, uuid, signal }
    const work: Work = { ...of, consistency: 'shut-off' }
    const steps = await runSteps('cloneMachine', stepsOf(work), options).catch(async (error: unknown) => {
      // What could not be undone is for the next call to find.
      if (error instanceof ProvisionError && error.left.length === 0) await forgetAll(records)
      throw error
    })
    await forgetAll(records)
    const made = disks.map(({ target, to }) => ({ target, ...to }))
    return { name, uuid, disks: made, consistency: work.consistency, steps }
  } finally {
    await records.close()
  }
}
