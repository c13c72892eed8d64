/** This file gives a user of libvirt's guests a new key. */

import type { AuthUser, Cluster } from '../../index.js'
import { Connection } from '../../libvirt/index.js'
import { ProvisionError } from '../errors.js'
import { checkInstance, checkLine, checkOptions, checkProgress, type KnownOptions } from '../options.js'
import { type ProvisionOptions, runSteps, type Step, type StepResult } from '../steps.js'
import { KeyringPart } from './files.js'
import {
  checkEnds,
  checkFiles,
  checkPool,
  checkUserId,
  type HostFiles,
  type LibvirtUser,
  progressOptions,
} from './options.js'
import { type Parts, partsOf, ROTATION } from './parts.js'
import { SecretPart } from './secret.js'
import type { Part } from './target.js'

/**
 * What {@link rotateLibvirtKey} takes.
 *
 * @since 0.1.0
 */
export interface RotateLibvirtKeyOptions extends LibvirtUser, ProvisionOptions {
  /** The name by which the secret is looked up. Default `'client.<user> secret'`. */
  readonly secretUsage?: string | undefined
  /** Where the user's keyring is on this machine, to be written too. Default: none is. */
  readonly files?: Pick<HostFiles, 'directory'> | undefined
}

const known: KnownOptions<RotateLibvirtKeyOptions> = {
  ...progressOptions,
  pool: true,
  user: true,
  secretUsage: true,
  files: true,
}

/** A key that the cluster has made, of the kind that the user has: through a user who may do nothing, for a moment. */
async function newKey(cluster: Cluster, { entity, keyType }: AuthUser): Promise<string> {
  const passing = `${entity}.rbdkit-rotation`
  await cluster.auth.remove(passing) // of a call that was killed
  const { key } = await cluster.auth.getOrCreate(passing, {}, keyType === undefined ? {} : { keyType })
  await cluster.auth.remove(passing)
  return key
}

/** The step that changes the key where the monitors have it. */
function keyStep({ target, keys }: Parts, before: AuthUser): Step {
  const { cluster, records, entity } = target
  let begun = false
  return {
    name: 'key',
    async run() {
      await records.lock(`rotateLibvirtKey ${entity}`)
      const key = await newKey(cluster, before)
      begun = true
      await records.begin(keys.cluster, ROTATION, entity)
      await cluster.auth.import({ entity, key, caps: before.caps })
      target.user = { ...before, key }
      return 'changed'
    },
    async undo() {
      await cluster.auth.remove(`${entity}.rbdkit-rotation`)
      if (!begun) return false
      await cluster.auth.import({ entity, key: before.key, caps: before.caps })
      await records.forget(keys.cluster, ROTATION)
      return true
    },
  }
}

/** The step that brings a part in line with the new key. */
function alignStep(name: string, part: Part, { target }: Parts, first: Parts): Step {
  let begun = false
  return {
    name,
    async run() {
      target.user = first.target.user
      const { is } = await part.look()
      if (is === 'right') return 'found'
      begun = true
      await part.align()
      return 'changed'
    },
    async undo() {
      if (begun) await part.restore()
      return begun
    },
  }
}

/**
 * Gives the user a new key, and it to the secret of each of these hosts. Guests that run are not stopped, and what starts from then
 * on has the new key. A failure puts the old key back. After a call that was killed, another one rotates again, and until then
 * `prepareLibvirt()` puts the key that counts into the secret of a host.
 *
 * A guest that runs goes on with the session that it has; the key is asked for again when its monitor goes away, and at the
 * latest when its ticket ends (`auth_mon_ticket_ttl`). **Migrate or restart the guests before that**: a new QEMU has the new
 * key. Between the new key and the secret, a moment, a guest that starts is refused. Hosts that are not named keep the old
 * key, with which nothing starts any more: `prepareLibvirt()` with `replace` gives it to them.
 *
 * Errors: {@link ProvisionError} `ERR_RBDKIT_DIFFERS` a host has no such secret, or a private one (prepare it first); `ERR_RBDKIT_STEP_FAILED`,
 * `ABORT_ERR`; `ENOENT` no such user or pool; `EACCES`; of libvirt; `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 *
 * @since 0.1.0
 */
export async function rotateLibvirtKey(
  cluster: Cluster,
  connections: Connection | readonly Connection[],
  options: RotateLibvirtKeyOptions,
): Promise<StepResult[]> {
  const hosts = connections instanceof Connection ? [connections] : [...connections]
  for (const connection of hosts) checkEnds(cluster, connection)
  const [one] = hosts
  checkInstance('connections[0]', one, Connection)
  const { secretUsage, signal, ...given } = checkOptions('options', options, known)
  checkProgress(options)
  const id = checkUserId('options.user', given.user)
  const asked = {
    pool: checkPool('options.pool', given.pool),
    id,
    usage: checkLine('options.secretUsage', secretUsage ?? `client.${id} secret`),
    files: checkFiles(given.files),
    caps: {},
    pgNum: undefined,
    secretUuid: undefined,
    storagePool: undefined,
  }
  const all: Parts[] = []
  try {
    for (const connection of hosts) all.push(await partsOf(cluster, connection, asked, signal))
    const first = all[0] as Parts
    const { target } = first
    await cluster.openIoCtx(asked.pool, signal && { signal }).then((ioctx) => ioctx.close())
    await target.records.load([first.keys.cluster], signal)
    const before = await cluster.auth.get(target.entity, signal && { signal })
    const steps = [keyStep(first, before)]
    for (const parts of all) {
      const secret = new SecretPart(parts.target)
      const { is, differences } = await secret.look()
      const hidden = differences.find(({ reason }) => reason.includes('private'))
      if (is === 'absent' || hidden) {
        const reason = hidden?.reason ?? 'it is not there'
        throw new ProvisionError(
          'ERR_RBDKIT_DIFFERS',
          'rotateLibvirtKey',
          `the secret '${asked.usage}' of ${parts.host}: ${reason}; prepareLibvirt() with 'replace' makes it. Nothing was changed`,
          { differences: [{ step: 'secret', name: asked.usage, reason, replaceable: true }] },
        )
      }
      steps.push(alignStep(`secret of ${parts.host}`, secret, parts, first))
    }
    if (asked.files) steps.push(alignStep('keyring', new KeyringPart(target, asked.files), first, first))
    const results = await runSteps('rotateLibvirtKey', steps, options)
    await target.records.forget(first.keys.cluster, ROTATION)
    return results
  } finally {
    for (const { target } of all) await target.records.close()
  }
}
