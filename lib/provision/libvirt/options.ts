/** This file has the options of preparing a host, and their checks. */

import { type Capabilities, Cluster } from '../../index.js'
import { Connection } from '../../libvirt/index.js'
import {
  checkBoolean,
  checkInstance,
  checkLine,
  checkOptions,
  checkProgress,
  invalid,
  type KnownOptions,
} from '../options.js'
import type { ProvisionOptions } from '../steps.js'

/**
 * Files that clients of Ceph on this machine read: QEMU for libvirt's guests, `rbd` for its users. They are written
 * where this process runs, so only beside a libvirtd of the same machine.
 *
 * @since 0.1.0
 */
export interface HostFiles {
  /** Where they are. Default `/etc/ceph`. */
  readonly directory?: string | undefined
  /** Whether librbd caches, until the guest's first flush only what is written through. Default true, as Ceph's own. */
  readonly rbdCache?: boolean | undefined
  /**
   * Where each client has its admin socket; true: `/var/run/ceph/$cluster-$type.$id.$pid.$cctid.asok`. The user that QEMU runs as
   * must be allowed to write there. Default: none.
   */
  readonly adminSocket?: string | boolean | undefined
  /** Where each client logs; true: `/var/log/ceph/qemu-guest-$pid.log`. Likewise. Default: nowhere. */
  readonly logFile?: string | boolean | undefined
}

/**
 * Which pool and user a host is prepared with.
 *
 * @since 0.1.0
 */
export interface LibvirtUser {
  /** The pool of images. */
  readonly pool: string
  /** The user's id, as libvirt has it: `'libvirt'`. Ceph's name of it is `'client.libvirt'`. */
  readonly user: string
}

/**
 * What {@link prepareLibvirt} takes.
 *
 * @since 0.1.0
 */
export interface PrepareLibvirtOptions extends LibvirtUser, ProvisionOptions {
  /** Placement groups of a new pool. Default: the cluster's. */
  readonly pgNum?: number | undefined
  /**
   * What the user may do: `'profile'` is `profile rbd` for monitors and the pool; `'explicit'` what was written before there
   * were profiles, by which a client cannot put a dead one on the blocklist, so the locks of a host that died stay;
   * or the capabilities themselves. Default `'profile'`.
   */
  readonly caps?: 'profile' | 'explicit' | Capabilities | undefined
  /** The name by which the secret is looked up. Default `'client.<user> secret'`. */
  readonly secretUsage?: string | undefined
  /** The secret's UUID. Default: one made of the cluster's id and the usage, the same on all hosts. */
  readonly secretUuid?: string | undefined
  /** The name of libvirt's storage pool; false: none. Default: that of the Ceph pool. */
  readonly storagePool?: string | false | undefined
  /** Also writes the user's keyring and `ceph.conf`. Default: no files. */
  readonly files?: HostFiles | undefined
  /** Brings in line what exists and differs, where that is safe, instead of rejecting. Default false. */
  readonly replace?: boolean | undefined
  /** Looks only, and tells what would be done. Default false. */
  readonly dryRun?: boolean | undefined
}

const hostFiles: KnownOptions<HostFiles> = {
  directory: true,
  rbdCache: true,
  adminSocket: true,
  logFile: true,
}
export const progressOptions: KnownOptions<ProvisionOptions> = { signal: true, onProgress: true }
const prepareOptions: KnownOptions<PrepareLibvirtOptions> = {
  ...progressOptions,
  pool: true,
  user: true,
  pgNum: true,
  caps: true,
  secretUsage: true,
  secretUuid: true,
  storagePool: true,
  files: true,
  replace: true,
  dryRun: true,
}

/** A user's id. Its name with the type, which Ceph's commands take, is another thing. */
export function checkUserId(name: string, value: unknown): string {
  const id = checkLine(name, value)
  if (id.startsWith('client.'))
    throw invalid(name, `must be the id of the user, without its type: '${id.slice('client.'.length)}'`)
  if (!/^[\w.-]+$/.test(id)) throw invalid(name, "must consist of letters, digits, '_', '.' and '-'")
  return id
}

/** A pool's name, as libvirt's documents and the capabilities of a user can have it. */
export function checkPool(name: string, value: unknown): string {
  const pool = checkLine(name, value)
  if (!/^[\w.-]+$/.test(pool))
    throw invalid(
      name,
      "must consist of letters, digits, '_', '.' and '-': it stands in capabilities of users",
    )
  return pool
}

export function checkFiles(value: HostFiles | undefined): HostFiles | undefined {
  if (value === undefined) return undefined
  const {
    directory = '/etc/ceph',
    rbdCache,
    adminSocket,
    logFile,
  } = checkOptions('options.files', value, hostFiles)
  if (!checkLine('options.files.directory', directory).startsWith('/'))
    throw invalid('options.files.directory', 'must be an absolute path')
  for (const [name, path] of Object.entries({ directory, adminSocket, logFile })) {
    if (path === undefined || typeof path === 'boolean') continue
    // Ceph's parser takes ';' and '#' for the beginning of a comment, and is strict about what is not ASCII.
    if (!/^[\x21-\x7e]+$/.test(checkLine(`options.files.${name}`, path)) || /[;#"'\\]/.test(path))
      throw invalid(
        `options.files.${name}`,
        "must be of ASCII characters, without blanks, quotes, ';' and '#'",
      )
  }
  return { directory, rbdCache: checkBoolean('options.files.rbdCache', rbdCache, true), adminSocket, logFile }
}

function checkCaps(value: unknown, pool: string): Capabilities {
  if (value === undefined || value === 'profile')
    return { mon: 'profile rbd', osd: `profile rbd pool=${pool}` }
  if (value === 'explicit')
    return {
      mon: 'allow r',
      osd: `allow class-read object_prefix rbd_children, allow rwx pool=${pool}`,
    }
  if (typeof value !== 'object' || value === null)
    throw invalid('options.caps', "must be 'profile', 'explicit' or capabilities")
  const known = { mon: true, osd: true, mgr: true, mds: true } as const
  const caps = checkOptions<Capabilities>('options.caps', value, known)
  for (const [type, text] of Object.entries(caps)) checkLine(`options.caps.${type}`, text)
  if (Object.keys(caps).length === 0) throw invalid('options.caps', 'must not be empty')
  return caps
}

/** The options of preparing a host with what is left out put in. */
export interface CheckedOptions {
  readonly pool: string
  readonly id: string
  readonly pgNum: number | undefined
  readonly caps: Capabilities
  readonly usage: string
  readonly secretUuid: string | undefined
  readonly storagePool: string | undefined
  readonly files: HostFiles | undefined
  readonly replace: boolean
  readonly dryRun: boolean
}

export function checkEnds(cluster: unknown, connection: unknown): void {
  checkInstance('cluster', cluster, Cluster)
  checkInstance('connection', connection, Connection)
}

export function checkPrepareOptions(options: PrepareLibvirtOptions): CheckedOptions {
  const given = checkOptions('options', options, prepareOptions)
  checkProgress(given)
  const pool = checkPool('options.pool', given.pool)
  const id = checkUserId('options.user', given.user)
  const { pgNum, secretUuid, storagePool = pool } = given
  if (pgNum !== undefined && !(Number.isInteger(pgNum) && pgNum >= 1 && pgNum <= 65_536))
    throw invalid('options.pgNum', 'must be a whole number from 1 to 65536')
  if (secretUuid !== undefined && !/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(secretUuid))
    throw invalid('options.secretUuid', 'must be a UUID with hyphens')
  if (storagePool !== false && checkLine('options.storagePool', storagePool).includes('/'))
    throw invalid('options.storagePool', "must not contain '/'")
  const usage = checkLine('options.secretUsage', given.secretUsage ?? `client.${id} secret`)
  if (usage.includes('/')) throw invalid('options.secretUsage', "must not contain '/'")
  return {
    pool,
    id,
    pgNum,
    caps: checkCaps(given.caps, pool),
    usage,
    secretUuid: secretUuid?.toLowerCase(),
    storagePool: storagePool === false ? undefined : storagePool,
    files: checkFiles(given.files),
    replace: checkBoolean('options.replace', given.replace, false),
    dryRun: checkBoolean('options.dryRun', given.dryRun, false),
  }
}
