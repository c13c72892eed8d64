/**
 * This file declares the options that say which cluster, as Ceph's own tools name them, for every command that
 * connects.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Cluster } from '../../rados/cluster.js'
import type { ConnectOptions } from '../../rados/connect-options.js'
import { readCephArgs } from './ceph-args.js'

/** What commander makes of them. */
export interface ConnectionFlags {
  readonly conf?: string
  readonly id?: string
  /** `--id` under the name that it has in some of Ceph's tools. */
  readonly user?: string
  readonly name?: string
  readonly cluster?: string
  readonly keyring?: string
  readonly keyfile?: string
  readonly monHost?: string
  readonly cephOption?: Readonly<Record<string, string>>
}

/** The flags of a command that copies to another cluster. */
export interface DestinationFlags {
  readonly destConf?: string
  readonly destId?: string
  readonly destCluster?: string
  readonly destKeyring?: string
  readonly destMonHost?: string
}

function parseOption(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === '') throw new InvalidArgumentError('must be <name>=<value>')
  if (/^key$/i.test(name.trim())) {
    throw new InvalidArgumentError('a key on a command line can be seen by others; use --keyring')
  }
  return { ...before, [name]: value }
}

/** Ceph's tools write `--mon_host`: the same option, not shown in the help. */
class MonHostSpelling extends Option {
  override attributeName(): string {
    return 'monHost'
  }
}

/**
 * Adds `--conf`, `--id`, `--user`, `--name`, `--cluster`, `--keyring`, `--keyfile`, `--mon-host` and `--ceph-option`.
 * `taken` are those that the command has another use for.
 */
export function addConnectionOptions(command: Command, taken: readonly string[] = []): Command {
  const name = taken.includes('-n') ? '--name <name>' : '-n, --name <name>'
  command
    .option('-c, --conf <file>', "ceph.conf (default: librados's own search, CEPH_CONF first)")
    .option('--id <id>', 'user without its type: admin for client.admin')
    .option('--user <id>', 'the same as --id')
  if (!taken.includes('--name')) command.option(name, 'user with its type: client.admin')
  return command
    .option('--cluster <name>', "the cluster's name (default: ceph)")
    .option('-k, --keyring <file>', "the user's keyring (default: what ceph.conf says)")
    .option('-K, --keyfile <file>', "a file with the user's key alone")
    .option('-m, --mon-host <addresses>', 'monitor addresses, as in ceph.conf')
    .addOption(new MonHostSpelling('--mon_host <addresses>').hideHelp())
    .option('--ceph-option <name=value>', 'any option of ceph.conf; may be given again', parseOption)
}

/** Adds `--dest-conf`, `--dest-id`, `--dest-cluster`, `--dest-keyring` and `--dest-mon-host`. */
export function addDestinationOptions(command: Command): Command {
  return command
    .option('--dest-conf <file>', 'of another cluster, to which it is copied: its ceph.conf')
    .option('--dest-id <id>', 'likewise: the user there')
    .option('--dest-cluster <name>', "likewise: the cluster's name")
    .option('--dest-keyring <file>', "likewise: the user's keyring")
    .option('--dest-mon-host <addresses>', 'likewise: monitor addresses')
}

/** Which cluster they name; `undefined` when none is given. */
export function toDestinationFlags(flags: DestinationFlags): ConnectionFlags | undefined {
  const { destConf, destId, destCluster, destKeyring, destMonHost } = flags
  if ([destConf, destId, destCluster, destKeyring, destMonHost].every((one) => one === undefined))
    return undefined
  return {
    ...(destConf === undefined ? {} : { conf: destConf }),
    ...(destId === undefined ? {} : { id: destId }),
    ...(destCluster === undefined ? {} : { cluster: destCluster }),
    ...(destKeyring === undefined ? {} : { keyring: destKeyring }),
    ...(destMonHost === undefined ? {} : { monHost: destMonHost }),
  }
}

/** The pool that is meant when none is named: that of ceph.conf or of the monitors' configuration, as with rbd. */
export function defaultPool(cluster: Cluster): Promise<string> {
  return cluster.option('rbd_default_pool')
}

/** The user that they name, with its type. */
function userOf({ id, user, name }: ConnectionFlags): string | undefined {
  const given = [id, user].filter((one) => one !== undefined).map((one) => `client.${one}`)
  if (name !== undefined) given.push(name)
  if (new Set(given).size > 1) throw new InvalidArgumentError('--id, --user and --name name different users')
  return given[0]
}

/** The file that librados would find by itself, if there is one (`CEPH_CONF_FILE_DEFAULT` of Ceph's config.cc). */
function usualConf(cluster: string, { CEPH_CONF, HOME }: NodeJS.ProcessEnv): string | undefined {
  if (CEPH_CONF) return CEPH_CONF
  const name = `${cluster}.conf`
  return [join('/etc/ceph', name), ...(HOME ? [join(HOME, '.ceph', name)] : []), name].find((path) =>
    existsSync(path),
  )
}

/**
 * What `Cluster.connect()` takes for them; `defaults` are Ceph options that the command's user may override. What the
 * command line does not say `CEPH_ARGS` and `CEPH_KEYRING` may, and this host's ceph.conf, if there is one, also when
 * monitors are named: as with Ceph's tools. `environment` is null for a cluster of which this host says nothing.
 */
export function toConnectOptions(
  flags: ConnectionFlags,
  defaults: Readonly<Record<string, string | boolean>> = {},
  environment: NodeJS.ProcessEnv | null = process.env,
): ConnectOptions {
  const inherited = readCephArgs(environment?.CEPH_ARGS)
  const name = userOf(flags) ?? userOf(inherited)
  const said = { ...inherited, ...flags }
  const { cluster, keyring = environment?.CEPH_KEYRING || undefined, keyfile, monHost } = said
  const conf = said.conf ?? (monHost && environment ? usualConf(cluster ?? 'ceph', environment) : undefined)
  return {
    ...(conf === undefined ? {} : { confFile: conf }),
    ...(name === undefined ? {} : { name }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(keyring === undefined ? {} : { keyring }),
    ...(monHost === undefined ? {} : { monHost }),
    options: {
      ...defaults,
      ...(keyfile === undefined ? {} : { keyfile }),
      ...inherited.cephOption,
      ...flags.cephOption,
    },
  }
}
