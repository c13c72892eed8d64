/** This file asks libvirtd whether it can have RBD storage pools at all: with librados of Ceph 20 it cannot (decision 0042). */

import { randomUUID } from 'node:crypto'
import { type Connection, LibvirtError, xml } from '../../libvirt/index.js'

/** An option that librados does not have: libvirt fails at it, after all that it sets itself and before it connects. */
const PROBE = 'rbdkit_probe'

/** What the names of pools that only ask this begin with. */
export const PROBE_POOL = 'rbdkit-probe-'

/** Why libvirtd cannot have RBD storage pools; `undefined`: it can. The cluster is not asked, and nothing is left. */
export async function whyNoRbdPools(connection: Connection, pool: string): Promise<LibvirtError | undefined> {
  const monitors = [{ host: '127.0.0.1', port: 1 }]
  const name = `${PROBE_POOL}${randomUUID()}`
  try {
    const made = await connection.storage.createPool(
      xml.storagePool({ type: 'rbd', name, pool, monitors, configOptions: { [PROBE]: 1 } }),
    )
    await made.destroy() // it takes options that there are not: then it will take ours
    return undefined
  } catch (error) {
    if (!(error instanceof LibvirtError)) throw error
    return error.message.includes(PROBE) ? undefined : error
  }
}
