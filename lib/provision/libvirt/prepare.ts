/** This file prepares a host of libvirt for machines on RBD. */

import type { Cluster, Monitor } from '../../index.js'
import type { Connection } from '../../libvirt/index.js'
import { runSteps, type StepResult } from '../steps.js'
import { checkEnds, checkPrepareOptions, type PrepareLibvirtOptions } from './options.js'
import { checkDifferences, type Looks, lookAt, type Parts, partsOf, stepOf } from './parts.js'

/**
 * What a host of libvirt has to use a pool by.
 *
 * @since 0.1.0
 */
export interface PreparedLibvirt {
  readonly pool: string
  /** The user, by its id, as libvirt has it, and by its name, as Ceph's commands have it. */
  readonly user: { readonly id: string; readonly name: string }
  readonly secret: { readonly uuid: string; readonly usage: string }
  /** The name of libvirt's storage pool; absent when there is none. */
  readonly storagePool?: string
  /** What `xml.rbdDisk()` takes. */
  readonly monitors: readonly Monitor[]
  /** Likewise. */
  readonly auth: { readonly username: string; readonly secret: { readonly uuid: string } }
  /** What was done, step by step; of a `dryRun` what would be. */
  readonly steps: readonly StepResult[]
  /** Whether anything was done, or would be. */
  readonly changed: boolean
}

function resultOf({ target }: Parts, steps: readonly StepResult[]): PreparedLibvirt {
  const { pool, id, entity, uuid, usage, storagePool, monitors } = target
  return {
    pool,
    user: { id, name: entity },
    secret: { uuid, usage },
    ...(storagePool === undefined ? {} : { storagePool }),
    monitors,
    auth: { username: id, secret: { uuid } },
    steps,
    changed: steps.some(({ outcome }) => outcome !== 'found'),
  }
}

const outcomes = { absent: 'made', near: 'changed', right: 'found' } as const

function planned(looks: Looks): StepResult[] {
  return [...looks].map(([{ name }, { is }]) => ({ step: name, outcome: outcomes[is] }))
}

/**
 * Readies a host of libvirt for machines whose disks are images of a pool: makes the pool, the user that may use it, the secret
 * with the user's key, and a storage pool with all monitors, started, and again with each start of libvirtd. What is there is
 * used; a second call changes nothing. Pool and user are shared by all hosts that are prepared with them.
 *
 * Everything is looked at before anything is changed. What is there and is not what was asked for is in the error, unless
 * `replace` brings it in line; a pool without an application, a secret without a value, a storage pool that is not
 * started or lacks monitors are brought in line without asking. When a step fails, what was made is removed again. A call that
 * was killed is finished by the next one; its hold on the pool lasts ten seconds.
 *
 * ```js
 * const host = await prepareLibvirt(cluster, connection, { pool: 'vms', user: 'libvirt' })
 * const disk = xml.rbdDisk({ pool: host.pool, image: 'vm1', monitors: host.monitors, auth: host.auth, target: 'vda' })
 * ```
 *
 * Errors: {@link ProvisionError} `ERR_RBDKIT_DIFFERS`, `ERR_RBDKIT_STORAGE_POOL` (then `storagePool: false` goes on without),
 * `ERR_RBDKIT_STEP_FAILED`, `ABORT_ERR`; `EACCES` the cluster's user may not read users or monitors; of libvirt when it does not
 * answer; `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`. Before the first change an abort rejects with the signal's reason.
 *
 * @since 0.1.0
 */
export async function prepareLibvirt(
  cluster: Cluster,
  connection: Connection,
  options: PrepareLibvirtOptions,
): Promise<PreparedLibvirt> {
  checkEnds(cluster, connection)
  const { replace, dryRun, ...asked } = checkPrepareOptions(options)
  const { signal } = options
  signal?.throwIfAborted()
  const parts = await partsOf(cluster, connection, asked, signal)
  const { records } = parts.target
  try {
    const looks = await lookAt(parts, signal)
    checkDifferences(parts, looks, replace)
    const unfinished = parts.all.some(({ of, name }) => records.unfinished(parts.keys[of], name))
    const nothing = [...looks.values()].every(({ is }) => is === 'right') && !unfinished
    if (dryRun || nothing) return resultOf(parts, planned(looks))
    let isLocked = false
    const locked = async (): Promise<void> => {
      if (isLocked || !(await records.lock(`prepareLibvirt ${parts.keys.host}`, signal))) return
      isLocked = true
      for (const [part, look] of await lookAt(parts, signal)) looks.set(part, look)
      checkDifferences(parts, looks, replace)
    }
    const steps = parts.all.map((part) => stepOf(part, parts, looks, locked))
    const results = await runSteps('prepareLibvirt', steps, options)
    for (const of of ['cluster', 'host'] as const) {
      const made = parts.all.filter((part) => part.of === of).map(({ name }) => name)
      await records.finish(parts.keys[of], made)
    }
    return resultOf(parts, results)
  } finally {
    await records.close()
  }
}
