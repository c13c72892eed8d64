/** This file writes the files that a new cluster starts from: `ceph.conf` and one keyring for each daemon. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClusterKeys } from './ceph-tools.js'

/**
 * Where an OSD keeps its data.
 *
 * @since 0.1.0
 */
export type ObjectStore = 'bluestore' | 'memstore'

/**
 * Ceph options by name (spaces, `-` and `_` are the same), for the `[global]` section.
 *
 * @since 0.1.0
 */
export type CephConfig = Readonly<Record<string, string | number | boolean>>

/** What the files are made from. */
export interface ClusterPlan {
  readonly directory: string
  readonly fsid: string
  readonly ports: { readonly v2: number; readonly v1: number }
  readonly objectstore: ObjectStore
  /** One uuid for each OSD. */
  readonly osds: readonly string[]
  readonly config: CephConfig
}

/** The paths inside a cluster's directory. */
export function clusterPaths(directory: string) {
  return {
    confFile: join(directory, 'ceph.conf'),
    keyring: join(directory, 'keyring'),
    monKeyring: join(directory, 'mon.keyring'),
    monmap: join(directory, 'monmap'),
    logs: join(directory, 'log'),
    mon: join(directory, 'mon'),
    mgr: join(directory, 'mgr'),
    osd: (id: number) => join(directory, `osd.${id}`),
  }
}

/** Loading every manager module takes 5 seconds; `rbd_support` is the one that block storage needs. */
const UNUSED_MGR_MODULES = [
  ...['alerts', 'balancer', 'cephadm', 'cli_api', 'crash', 'dashboard', 'devicehealth'],
  ...['diskprediction_local', 'feedback', 'hello', 'influx', 'insights', 'iostat', 'k8sevents', 'localpool'],
  ...['mds_autoscaler', 'mirroring', 'nfs', 'orchestrator', 'osd_perf_query', 'osd_support', 'pg_autoscaler'],
  ...[
    'progress',
    'prometheus',
    'restful',
    'rgw',
    'rook',
    'selftest',
    'smb',
    'snap_schedule',
    'stats',
    'status',
  ],
  ...['telegraf', 'telemetry', 'test_orchestrator', 'volumes', 'zabbix'],
]

function globalOptions(plan: ClusterPlan): Record<string, string | number | boolean> {
  const { directory, ports } = plan
  return {
    fsid: plan.fsid,
    'mon host': `[v2:127.0.0.1:${ports.v2}/0,v1:127.0.0.1:${ports.v1}/0]`,
    // without the second an OSD binds the messengers for other OSDs to every address of the host
    'public addr': '127.0.0.1',
    'cluster addr': '127.0.0.1',
    'ms bind ipv6': false,
    'run dir': directory,
    'crash dir': join(directory, 'log'),
    // an insecure client id is a vulnerability that was repaired: no reason to allow it
    'auth allow insecure global id reclaim': false,
    // one host, and often one OSD
    'osd crush chooseleaf type': 0,
    'osd pool default size': 1,
    'osd pool default min size': 1,
    'osd pool default pg num': 8,
    'osd pool default pgp num': 8,
    'osd pool default pg autoscale mode': 'off',
    'mon allow pool size one': true,
    'mon warn on pool no redundancy': false,
    'mon allow pool delete': true,
    'mon max pg per osd': 1000,
    // the host's disk may be nearly full; this cluster hardly needs any
    'mon data avail warn': 2,
    'mon data avail crit': 1,
    // changes to the maps and statistics are there at once, not after seconds
    'paxos propose interval': 0.05,
    'mgr stats period': 1,
    'mgr tick period': 1,
    'mon mgr digest period': 1,
    'mgr disabled modules': UNUSED_MGR_MODULES.join(','),
    // a killed lock owner is forgotten after this time; clients ping every 5 s
    'osd client watch timeout': 10,
    'osd mon shutdown timeout': 1,
    'osd mclock skip benchmark': true,
    'osd objectstore': plan.objectstore,
    'osd memory target': 939_524_096,
    'bluestore block create': true,
    'bluestore block size': 32 * 1024 ** 3,
    'memstore device bytes': 4 * 1024 ** 3,
  }
}

/** `osd_pool_default_size` and `osd pool default size` are one option. */
export function optionName(name: string): string {
  return name.trim().replaceAll(/[-_ ]+/g, ' ')
}

function section(title: string, options: Readonly<Record<string, string | number | boolean>>): string {
  const lines = Object.entries(options).map(([name, value]) => `${name} = ${String(value)}`)
  return `[${title}]\n${lines.join('\n')}\n`
}

/** The text of `ceph.conf`: options of the caller replace ours in `[global]`. */
export function cephConf(plan: ClusterPlan): string {
  const paths = clusterPaths(plan.directory)
  const options = globalOptions(plan)
  for (const [name, value] of Object.entries(plan.config)) options[optionName(name)] = value
  const daemon = (data: string) => ({
    keyring: join(data, 'keyring'),
    'admin socket': join(plan.directory, '$name.asok'),
    'log file': join(paths.logs, '$name.log'),
  })
  const osdData = join(plan.directory, '$name')
  return [
    section('global', options),
    section('client', { keyring: paths.keyring, 'log file': '', 'admin socket': '' }),
    section('mon', {
      ...daemon(paths.mon),
      'mon data': paths.mon,
      'mon cluster log file': join(paths.logs, 'cluster.log'),
    }),
    section('mgr', { ...daemon(paths.mgr), 'mgr data': paths.mgr }),
    section('osd', { ...daemon(osdData), 'osd data': osdData }),
  ].join('\n')
}

function keyringEntry(entity: string, key: string, caps: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(caps).map(([service, cap]) => `caps ${service} = "${cap}"\n`)
  return `[${entity}]\nkey = ${key}\n${lines.join('')}`
}

/**
 * Writes `ceph.conf` and the keyrings. The monitor starts with every key, so that none needs an `auth` command later.
 */
export async function writeClusterFiles(plan: ClusterPlan, keys: ClusterKeys): Promise<void> {
  const paths = clusterPaths(plan.directory)
  const secret = { mode: 0o600 }
  const all = { mon: 'allow *', mgr: 'allow *', osd: 'allow *', mds: 'allow *' }
  const entries = [
    keyringEntry('mon.', keys.mon, { mon: 'allow *' }),
    keyringEntry('client.admin', keys.admin, all),
    keyringEntry('mgr.x', keys.mgr, { mon: 'allow profile mgr', osd: 'allow *', mds: 'allow *' }),
  ]
  for (const directory of [paths.logs, paths.mon, paths.mgr]) await mkdir(directory, { recursive: true })
  for (const [id, key] of keys.osds.entries()) {
    entries.push(
      keyringEntry(`osd.${id}`, key, {
        mon: 'allow profile osd',
        mgr: 'allow profile osd',
        osd: 'allow *',
      }),
    )
    await mkdir(paths.osd(id), { recursive: true })
    await writeFile(join(paths.osd(id), 'keyring'), keyringEntry(`osd.${id}`, key), secret)
  }
  await writeFile(join(paths.mgr, 'keyring'), keyringEntry('mgr.x', keys.mgr), secret)
  await writeFile(paths.monKeyring, entries.join('\n'), secret)
  await writeFile(paths.keyring, keyringEntry('client.admin', keys.admin), secret)
  await writeFile(paths.confFile, cephConf(plan))
}
