/** This file checks how a cluster is connected to. */
import { isKey } from '../internal/secrets.js'
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  toRecord,
  toSize,
  toText,
} from '../internal/validate.js'

/**
 * Where a cluster is and who connects.
 *
 * @since 0.1.0
 */
export interface ConnectOptions {
  /**
   * Path of a ceph.conf. Default: librados's own search (`CEPH_CONF`, /etc/ceph, ~/.ceph), unless `monHost` is given.
   * `CEPH_ARGS` is not read.
   */
  confFile?: string
  /** The user without its type: `'admin'` for `client.admin`. Default `'admin'`. */
  id?: string
  /** The user with its type: `'client.admin'`. Instead of `id`. */
  name?: string
  /** The cluster's name, as in /etc/ceph/<cluster>.conf. Default `'ceph'`. */
  cluster?: string
  /** Path of the user's keyring. Default: what the conf file says. */
  keyring?: string
  /** The user's key in base64. Kept only in librados's own memory. */
  key?: string
  /** Monitor addresses as in ceph.conf: `'10.0.0.1,10.0.0.2:6789'`. */
  monHost?: string
  /** Any other librados options; they win over the conf file and over rbdkit's own (no log file, no admin socket). */
  options?: Readonly<Record<string, string | number | boolean>>
  /** Milliseconds until connecting fails with `ETIMEDOUT`, rounded up to seconds. Default 30 000. */
  connectTimeoutMs?: number
  /**
   * Milliseconds, rounded up to seconds, after which a single request to a monitor or OSD fails with `ETIMEDOUT`.
   * Default: none, requests wait until the cluster is back. A write that timed out may still take place.
   */
  operationTimeoutMs?: number
  /** Aborting rejects at once; the attempt ends on its own thread by `connectTimeoutMs`. */
  signal?: AbortSignal
}

export const connectOptions: Known<ConnectOptions> = {
  confFile: ['conf', 'c', 'config', 'configFile'],
  id: ['user', 'username', 'userId'],
  name: ['entity', 'n'],
  cluster: ['clusterName'],
  keyring: ['keyringFile', 'k'],
  key: ['secret'],
  monHost: ['monitors', 'mons', 'm', 'hosts'],
  options: ['configOptions', 'settings'],
  connectTimeoutMs: ['timeoutMs', 'timeout', 'client_mount_timeout'],
  operationTimeoutMs: ['rados_osd_op_timeout', 'rados_mon_op_timeout'],
  signal: true,
}

/** librados takes an option's name with blanks and dashes as well. */
export function isKeyOption(name: string): boolean {
  return name.trim().replaceAll(/[\s-]+/g, '_') === 'key'
}

/** A key as in a keyring. A malformed one must not reach librados: it would print it. */
function toKey(name: string, value: unknown): string {
  const key = toText(name, value)
  if (!isKey(key)) throw invalidArgValue(name, 'is not a Ceph key in base64')
  return key
}

export function settings(options: Partial<ConnectOptions>): [string, string][] {
  const list: [string, string][] = []
  const timeout = toSize('options.connectTimeoutMs', options.connectTimeoutMs ?? 30_000, 1, 86_400_000)
  list.push(['client_mount_timeout', String(Math.ceil(timeout / 1000))]) // librados counts in seconds
  if (options.operationTimeoutMs !== undefined) {
    const ms = toSize('options.operationTimeoutMs', options.operationTimeoutMs, 1, 86_400_000)
    const seconds = String(Math.ceil(ms / 1000))
    list.push(['rados_osd_op_timeout', seconds], ['rados_mon_op_timeout', seconds])
  }
  if (options.monHost !== undefined) list.push(['mon_host', toText('options.monHost', options.monHost)])
  if (options.keyring !== undefined) list.push(['keyring', toText('options.keyring', options.keyring)])
  if (options.key !== undefined) list.push(['key', toKey('options.key', options.key)])
  for (const [name, value] of Object.entries(toRecord('options.options', options.options))) {
    const type = typeof value
    if (type !== 'string' && type !== 'number' && type !== 'boolean') {
      throw invalidArgType(`options.options.${name}`, 'of type string, number or boolean', value)
    }
    const text = toText(`options.options.${name}`, String(value), { empty: true })
    list.push([
      toText('options.options', name),
      isKeyOption(name) ? toKey(`options.options.${name}`, text) : text,
    ])
  }
  return list
}

export function userName(options: Partial<ConnectOptions>): string {
  if (options.name !== undefined) {
    const name = toText('options.name', options.name)
    if (options.id !== undefined) throw invalidArgValue('options.id', 'is given together with options.name')
    if (!/^client\../.test(name)) throw invalidArgValue('options.name', "must begin with 'client.'")
    return name
  }
  return `client.${toText('options.id', options.id ?? 'admin')}`
}
