/** This file finds out, as the user itself, whether a user may use the images of a machine. */

import { randomUUID } from 'node:crypto'
import { type AuthUser, Cluster, Image, type Monitor } from '../../index.js'
import { messageOf, ProvisionError } from '../errors.js'
import { isCode } from '../record.js'
import { spec } from './images.js'
import type { Parent } from './options.js'
import { OpenPools } from './pools.js'

/** What somebody who may not do a thing is answered: since Ceph 18 some are not answered at all. */
const REFUSED = ['EACCES', 'EPERM', 'ETIMEDOUT']

/** Milliseconds for each answer. */
const ANSWER_MS = 5000

function monHost(monitors: readonly Monitor[]): string {
  return monitors
    .map(({ host, port, type }) => `${type}:${host.includes(':') ? `[${host}]` : host}:${port}`)
    .join(',')
}

/** Rejects with `ERR_RBDKIT_CAPS` when the user may not write the pools, or not read the parents of the clones. */
export async function checkAccess(
  user: AuthUser,
  monitors: readonly Monitor[],
  pools: readonly string[],
  parents: readonly Parent[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let what = 'connect to the cluster'
  try {
    await using cluster = await Cluster.connect({
      name: user.entity,
      key: user.key,
      monHost: monHost(monitors),
      connectTimeoutMs: ANSWER_MS,
      operationTimeoutMs: ANSWER_MS,
      ...(signal && { signal }),
    })
    await using opened = new OpenPools(cluster, signal)
    for (const pool of pools) {
      what = `read the pool '${pool}'`
      const ioctx = await opened.open(pool)
      await Image.list(ioctx, { signal })
      what = `write the pool '${pool}'`
      // What there is not: it changes nothing, and is refused to who may not write.
      await ioctx.removeObject(`rbdkit.probe.${randomUUID()}`).catch((error: unknown) => {
        if (!isCode(error, 'ENOENT')) throw error
      })
    }
    for (const parent of parents) {
      what = `read ${spec(parent)}@${parent.snapshot}, which a disk is a clone of`
      const ioctx = await opened.open(parent.pool)
      const image = await Image.open(ioctx, parent.image, { snapshot: parent.snapshot, readOnly: true })
      await image.close()
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (!isCode(error, ...REFUSED)) throw error
    throw new ProvisionError(
      'ERR_RBDKIT_CAPS',
      'createMachine',
      `the user ${user.entity} may not ${what}; its capabilities say what it may. Nothing was changed: ${messageOf(error)}`,
      { step: 'user', cause: error },
    )
  }
}
