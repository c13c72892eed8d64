/** These checks are about libvirt on the host: versions, secrets, storage pools. */

import { type Secret, xml } from '../../libvirt/index.js'
import { indexOfMonitor, monitorAddresses } from '../libvirt/monitor-addresses.js'
import { orNone } from '../libvirt/none.js'
import { whyNoRbdPools } from '../libvirt/probe.js'
import { isCode } from '../record.js'
import { untilAborted } from '../steps.js'
import { type Check, type Context, type Reference, rbdStoragePools, references } from './context.js'
import type { Finding } from './types.js'

export const libvirtd: Check = {
  name: 'libvirtd',
  needs: ['connection'],
  async run({ connection, versions, pools }, signal, report) {
    versions.libvirtd = await untilAborted(connection.libVersion(), signal)
    versions.hypervisor = await untilAborted(connection.version(), signal)
    // Other drivers have no RBD at all.
    if ((await untilAborted(connection.type(), signal)) !== 'QEMU') return
    const why = await untilAborted(whyNoRbdPools(connection, pools?.[0] ?? 'rbd'), signal)
    if (why)
      report({
        code: 'RBD_POOLS_UNSUPPORTED',
        severity: 'warning',
        object: 'libvirtd',
        message: `RBD storage pools of libvirtd ${versions.libvirtd} do not work with the librados on its host: ${why.message}.`,
        remedy: 'Machines need none: rbdkit host prepare POOL USER --no-storage-pool',
      })
  },
}

export const storagePools: Check = {
  name: 'storage pools',
  needs: ['cluster', 'connection'],
  async run({ cluster, connection }, signal, report) {
    const pools = await rbdStoragePools({ connection }, signal)
    if (pools.length === 0) return
    const addresses = await monitorAddresses(cluster, signal)
    for (const { name, active, document } of pools) {
      if (!active)
        report({
          code: 'STORAGE_POOL_INACTIVE',
          severity: 'warning',
          object: name,
          message: `The storage pool ${name} is not started.`,
          remedy: `virsh pool-start ${name}`,
        })
      const gone: string[] = []
      for (const { host, port } of document.monitors)
        if ((await untilAborted(indexOfMonitor(addresses, host, port), signal)) < 0)
          gone.push(port === undefined ? host : `${host}:${port}`)
      if (gone.length > 0)
        report({
          code: 'STORAGE_POOL_MONITORS',
          severity: gone.length === document.monitors.length ? 'error' : 'warning',
          object: name,
          message: `The storage pool ${name} names monitors that the cluster does not have: ${gone.join(', ')}.`,
          remedy: `rbdkit host prepare ${document.pool ?? 'POOL'} ${document.auth?.username ?? 'USER'} --storage-pool ${name} --replace`,
        })
    }
  },
}

/** How the key comes into a secret, without being on a command line. */
function fill(secret: Secret, user: string | undefined): string {
  return `virsh secret-set-value ${secret.uuid} --file <(ceph auth get-key client.${user ?? 'USER'})`
}

/** Whose key a secret is to hold: as a document says, else by the usual name. */
function userOf({ uuid, usageId }: Secret, named: readonly Reference[]): string | undefined {
  const names = [uuid, usageId.toLowerCase()]
  const found = named.find(({ secret }) => secret !== undefined && names.includes(secret))
  return found?.user ?? /^client\.([\w.-]+) secret$/.exec(usageId)?.[1]
}

async function checkValue(
  { cluster }: Context,
  secret: Secret,
  user: string | undefined,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const object = `${secret.uuid} (${secret.usageId})`
  const text = await untilAborted(orNone(secret.xml(), 'VIR_ERR_NO_SECRET'), signal)
  if (text === undefined) return undefined // it has gone meanwhile
  if (xml.parseSecret(text).private)
    return {
      code: 'SECRET_PRIVATE',
      severity: 'info',
      object,
      message: 'The secret is private, so whether it holds the right key cannot be seen.',
      remedy: `When guests do not start: ${fill(secret, user)}`,
    }
  const value = await untilAborted(orNone(secret.getValue(), 'VIR_ERR_NO_SECRET'), signal)
  if (value === undefined)
    return {
      code: 'SECRET_EMPTY',
      severity: 'error',
      object,
      message: 'The secret has no value, so no disk that names it can be opened.',
      remedy: fill(secret, user),
    }
  try {
    if (user === undefined) return undefined
    const { key } = await cluster.auth.get(`client.${user}`, { signal })
    if (value.equals(Buffer.from(key, 'base64'))) return undefined
    return {
      code: 'SECRET_WRONG_KEY',
      severity: 'error',
      object,
      message: `The secret holds another key than the cluster has for client.${user}.`,
      remedy: fill(secret, user),
    }
  } catch (error) {
    // The check of users tells of it, or the secret is of another cluster.
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  } finally {
    value.fill(0)
  }
}

export const secrets: Check = {
  name: 'secrets',
  needs: ['cluster', 'connection'],
  async run(context, signal, report) {
    const { connection } = context
    const named = await references(context, signal)
    const all = await untilAborted(connection.listSecrets(), signal)
    const ours = all.filter(({ usageType }) => usageType === 'ceph')
    const known = new Set(ours.flatMap(({ uuid, usageId }) => [uuid, usageId.toLowerCase()]))
    for (const { of, pool, user, secret } of named)
      if (secret !== undefined && !known.has(secret))
        report({
          code: 'SECRET_MISSING',
          severity: 'error',
          object: secret,
          message: `There is no secret ${secret}, which is named by ${of}.`,
          remedy: `rbdkit host prepare ${pool} ${user ?? 'USER'} --secret-uuid ${secret}`,
        })
    for (const secret of ours) {
      const finding = await checkValue(context, secret, userOf(secret, named), signal)
      if (finding) report(finding)
    }
  },
}
