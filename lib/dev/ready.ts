/** This file proves that images can be made: it makes one, which the RBD class on an OSD has to do. */

import type { CephShell } from './ceph-shell.js'
import { DevError } from './errors.js'

/** There for a moment, before anybody is told of the cluster. */
const POOL = 'rbdkit-dev-check'

/** What the check needs to know of a cluster. */
export interface RbdCheck {
  readonly shell: CephShell
  /** Runs one of Ceph's commands to its end. */
  run(program: 'ceph' | 'rbd', ...args: string[]): Promise<void>
  /** Whether the caller's own options may forbid that a pool is deleted. */
  readonly keepsPools: boolean
  readonly signal: AbortSignal
}

/**
 * Resolves when an OSD has answered a call of the class `rbd`: daemons may all be up and healthy, and every image
 * operation still fail. `rbd ls` is no proof: it takes the refusal for an empty pool.
 */
export async function callRbdClass({ shell, run, keepsPools, signal }: RbdCheck): Promise<void> {
  shell.send(`osd pool create ${POOL} 1`)
  await shell.status(signal)
  try {
    await run('rbd', 'create', '--size', '1M', `${POOL}/image`)
  } catch (cause) {
    signal.throwIfAborted()
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DevError(
      'ERR_RBDKIT_DEV_START',
      `an RBD class call failed: ${reason}\nOSDs load libcls_rbd.so (Debian package ceph-base) from 'osd class dir'`,
      { cause },
    )
  }
  const allow = ['tell', 'mon.a', 'config']
  if (keepsPools) await run('ceph', ...allow, 'set', 'mon_allow_pool_delete', 'true')
  shell.send(`osd pool delete ${POOL} ${POOL} --yes-i-really-really-mean-it`)
  await shell.status(signal)
  if (keepsPools) await run('ceph', ...allow, 'unset', 'mon_allow_pool_delete')
}
