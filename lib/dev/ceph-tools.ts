/** This file asks Ceph's own programs for what differs between releases: kinds of keys, and where classes lie. */

import { execFile } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import { DevError } from './errors.js'

const execute = promisify(execFile)

/** What a program prints, without its last line feed; the host's own `ceph.conf` has no say in it. */
async function output(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  try {
    const { stdout } = await execute(program, ['--conf', '/dev/null', ...args], { env, signal })
    return stdout.trim()
  } catch (cause) {
    signal.throwIfAborted()
    // what it printed on standard output may be a key: only the other stream is told
    const { stderr = '', code } = cause as { stderr?: string; code?: number | string }
    throw new DevError('ERR_RBDKIT_DEV_START', `${program} ${args.join(' ')} failed (${code})\n${stderr}`)
  }
}

/** The keys of a new cluster's users. */
export interface ClusterKeys {
  readonly mon: string
  readonly admin: string
  readonly mgr: string
  readonly osds: readonly string[]
}

/**
 * New keys, made by this release's `ceph-authtool`: monitors of Ceph 20 take only a kind of key that older releases
 * do not know.
 */
export async function newKeys(
  authtool: string,
  osds: number,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ClusterKeys> {
  const make = () => output(authtool, ['--gen-print-key'], env, signal)
  const [mon, admin, mgr, ...rest] = await Promise.all([
    make(),
    make(),
    make(),
    ...Array(osds).fill(0).map(make),
  ])
  return { mon, admin, mgr, osds: rest }
}

/**
 * The directory of the OSD's classes when `ceph-osd` would not find it: Debian's since Ceph 18 has a relative one
 * compiled in, and an OSD of ours runs in the cluster's directory. `undefined` when its own choice is right.
 */
export async function classDirectory(
  cephOsd: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  const compiledIn = await output(cephOsd, ['--show-config-value', 'osd_class_dir'], env, signal)
  if (isAbsolute(compiledIn)) return undefined
  const prefix = dirname(dirname(realpathSync(cephOsd)))
  return [prefix, '/usr', '/']
    .map((base) => join(base, compiledIn))
    .find((directory) => existsSync(join(directory, 'libcls_rbd.so')))
}
