/** Options that say which cluster, as Ceph's own tools name them, for every command that connects. */

import { type Command, InvalidArgumentError } from 'commander'
import type { ConnectOptions } from '../rados/cluster.js'

/** What commander makes of them. */
export interface ConnectionFlags {
  readonly conf?: string
  readonly id?: string
  readonly cluster?: string
  readonly keyring?: string
  readonly monHost?: string
  readonly cephOption?: Readonly<Record<string, string>>
}

/** Of a command that copies to another cluster. */
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

/** Adds `--conf`, `--id`, `--cluster`, `--keyring`, `--mon-host` and `--ceph-option`. */
export function addConnectionOptions(command: Command): Command {
  return command
    .option('-c, --conf <file>', "ceph.conf (default: librados's own search, CEPH_CONF first)")
    .option('--id <id>', 'user without its type: admin for client.admin')
    .option('--cluster <name>', "the cluster's name (default: ceph)")
    .option('-k, --keyring <file>', "the user's keyring (default: what ceph.conf says)")
    .option('-m, --mon-host <addresses>', 'monitor addresses, as in ceph.conf')
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

/** What `Cluster.connect()` takes for them; `defaults` are Ceph options that the command's user may override. */
export function toConnectOptions(
  flags: ConnectionFlags,
  defaults: Readonly<Record<string, string | boolean>> = {},
): ConnectOptions {
  const { conf, id, cluster, keyring, monHost, cephOption } = flags
  return {
    ...(conf === undefined ? {} : { confFile: conf }),
    ...(id === undefined ? {} : { id }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(keyring === undefined ? {} : { keyring }),
    ...(monHost === undefined ? {} : { monHost }),
    options: { ...defaults, ...cephOption },
  }
}
