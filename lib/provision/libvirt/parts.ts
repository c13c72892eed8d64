/** This file puts the parts of a host together, and makes steps of them that the record in the pool goes along with. */

import type { Cluster } from '../../index.js'
import type { Connection } from '../../libvirt/index.js'
import { type Difference, ProvisionError } from '../errors.js'
import { Records } from '../record.js'
import { type Step, type StepOutcome, untilAborted } from '../steps.js'
import { CephConfPart, KeyringPart } from './files.js'
import type { CheckedOptions } from './options.js'
import { PoolPart } from './pool.js'
import { SecretPart } from './secret.js'
import { StoragePoolPart } from './storage-pool.js'
import { absent, type Look, type Part, recordKeys, type Target, uuidOf } from './target.js'
import { UserPart } from './user.js'

/** The parts, in the order in which they are made. */
export interface Parts {
  readonly target: Target
  /** What libvirt calls the host. */
  readonly host: string
  readonly keys: { readonly cluster: string; readonly host: string }
  readonly pool: PoolPart
  readonly all: readonly Part[]
}

type Asked = Omit<CheckedOptions, 'replace' | 'dryRun'>

/** Asks both sides who they are: neither has been changed when one of them does not answer. */
export async function partsOf(
  cluster: Cluster,
  connection: Connection,
  { id, usage, secretUuid, ...asked }: Asked,
  signal: AbortSignal | undefined,
  records: Records = new Records(cluster, asked.pool),
): Promise<Parts> {
  const entity = `client.${id}`
  const host = await untilAborted(connection.hostname(), signal)
  const fsid = await untilAborted(cluster.fsid(), signal)
  const target: Target = {
    ...asked,
    cluster,
    connection,
    records,
    id,
    entity,
    usage,
    secretUuid,
    fsid,
    monitors: await cluster.monitors(signal && { signal }),
    user: undefined,
    uuid: secretUuid ?? uuidOf(fsid, usage),
  }
  const pool = new PoolPart(target)
  const { files, storagePool } = target
  const all: Part[] = [pool, new UserPart(target), new SecretPart(target)]
  if (storagePool !== undefined) all.push(new StoragePoolPart(target, storagePool))
  if (files) all.push(new KeyringPart(target, files), new CephConfPart(target, files))
  return { target, host, keys: recordKeys(entity, host), pool, all }
}

/** What was found of each part. */
export type Looks = Map<Part, Look>

export async function lookAt({ target, keys, all }: Parts, signal: AbortSignal | undefined): Promise<Looks> {
  const looks: Looks = new Map()
  await target.records.load([keys.cluster, keys.host], signal)
  for (const part of all) looks.set(part, await untilAborted(part.look(signal), signal))
  return looks
}

function inWords({ step, name, reason, replaceable }: Difference): string {
  return `${step} '${name}': ${reason}${replaceable ? " ('replace' brings it in line)" : ''}`
}

/** The step of a rotation, in the record of what hosts share: until it is over they may have the key before it. */
export const ROTATION = 'rotation'

/** Rejects what differs, unless it may be brought in line. What a killed call was at may always be. */
export function checkDifferences({ target, keys }: Parts, looks: Looks, replace: boolean): void {
  const { records } = target
  const rotating = records.unfinished(keys.cluster, ROTATION)
  const allowed = ({ name, of }: Part): boolean =>
    replace || records.unfinished(keys[of], name) || (rotating && (name === 'secret' || name === 'keyring'))
  const differences = [...looks].flatMap(([part, look]) =>
    look.differences.filter(({ replaceable }) => !(replaceable && allowed(part))),
  )
  if (differences.length === 0) return
  throw new ProvisionError(
    'ERR_RBDKIT_DIFFERS',
    'prepareLibvirt',
    `something exists and is not what was asked for, so nothing was changed: ${differences.map(inWords).join('; ')}`,
    { differences },
  )
}

/**
 * A part as a step. `locked` comes before whatever is done in a pool that is there: it waits for others, and looks at all anew when it
 * had to.
 */
export function stepOf(part: Part, { target, keys }: Parts, looks: Looks, locked: () => Promise<void>): Step {
  const { records } = target
  const key = keys[part.of]
  let doing: 'nothing' | 'making' | 'aligning' = 'nothing'
  const look = (): Look => looks.get(part) ?? absent
  return {
    name: part.name,
    async run(): Promise<StepOutcome> {
      await locked()
      const { is } = look()
      if (is === 'right') return 'found'
      doing = is === 'near' ? 'aligning' : 'making'
      if (is === 'near') {
        await part.align()
        return 'changed'
      }
      await records.begin(key, part.name, part.label)
      await part.make()
      // A new pool's own record can be written only now.
      if (part.name === 'pool') await records.begin(key, part.name, part.label)
      return 'made'
    },
    async undo(signal): Promise<boolean> {
      if (doing === 'making' || records.unfinished(key, part.name)) {
        const removed = await part.remove(signal)
        if (part.name !== 'pool') await records.forget(key, part.name)
        return removed
      }
      if (doing === 'nothing') return false
      await part.restore()
      return true
    },
  }
}
