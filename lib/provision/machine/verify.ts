/** This file checks that a machine is what it is to be: its cluster, its run, what QEMU and the guest have for disks. */

import type { Cluster } from '../../index.js'
import { type Connection, type Domain, LibvirtError } from '../../libvirt/index.js'
import { checkEnds } from '../libvirt/options.js'
import { checkLine, checkOptions, checkProgress, type KnownOptions } from '../options.js'
import { untilAborted } from '../steps.js'
import { spec } from './images.js'
import { machineOf } from './power.js'
import { type RbdDisk, rbdDisksOf } from './rbd-disks.js'

/**
 * What {@link verifyMachine} takes.
 *
 * @since 0.1.0
 */
export interface VerifyMachineOptions {
  /** Aborting rejects at once. */
  readonly signal?: AbortSignal | undefined
}

const known: KnownOptions<VerifyMachineOptions> = { signal: true }

/**
 * What was looked at, and what was found.
 *
 * @since 0.1.0
 */
export interface MachineCheck {
  /** `'cluster'`, `'machine'`, `'agent'`, or a disk's `'qemu vda'` and `'guest vda'`. */
  readonly check: string
  readonly ok: boolean
  /** In words. */
  readonly found: string
}

/**
 * What {@link verifyMachine} has found.
 *
 * @since 0.1.0
 */
export interface MachineReport {
  readonly name: string
  /** Whether all checks are. */
  readonly ok: boolean
  readonly checks: readonly MachineCheck[]
}

/** Warnings are told and no fault: a cluster that heals serves its images. */
async function clusterCheck(cluster: Cluster, signal: AbortSignal | undefined): Promise<MachineCheck> {
  const { status, checks } = await cluster.monitorCommand<{
    status: string
    checks: Record<string, { summary: { message: string } }>
  }>({ prefix: 'health' }, { signal })
  const messages = Object.values(checks).map(({ summary }) => summary.message)
  return { check: 'cluster', ok: status !== 'HEALTH_ERR', found: [status, ...messages].join('; ') }
}

interface QemuBlock {
  readonly inserted?: { readonly image: { readonly filename: string } }
}

/** The image of each device, as QEMU has it: `pool/image`, by the pool and the image in its own words. */
async function qemuImages(domain: Domain): Promise<string[]> {
  const blocks = await domain.qemuMonitorCommand<QemuBlock[]>('query-block')
  return blocks.flatMap(({ inserted }) => imagesIn(inserted?.image.filename ?? ''))
}

/** QEMU writes `json:{...}` where there is no shorter name, else `rbd:pool/image:...`. */
function imagesIn(filename: string): string[] {
  if (filename.startsWith('rbd:')) return [filename.slice('rbd:'.length).split(/[:@]/)[0] ?? '']
  if (!filename.startsWith('json:')) return []
  type Node = { driver?: string; pool?: string; namespace?: string; image?: string; file?: Node }
  const found: string[] = []
  let node: Node | undefined = JSON.parse(filename.slice('json:'.length)) as Node
  for (; node !== undefined; node = node.file)
    if (node.driver === 'rbd') found.push([node.pool, node.namespace, node.image].filter(Boolean).join('/'))
  return found
}

/** What the guest's agent says of the disks; libvirt knows them by their targets. */
async function guestChecks(domain: Domain, disks: readonly RbdDisk[]): Promise<MachineCheck[]> {
  let seen: Map<string, string>
  try {
    const { disk = [] } = (await domain.guest.info({ disks: true })) as {
      disk?: { name?: string; alias?: string }[]
    }
    seen = new Map(disk.map(({ name = '', alias = '' }) => [alias, name]))
  } catch (error) {
    if (!(error instanceof LibvirtError)) throw error
    return [{ check: 'agent', ok: false, found: error.message }]
  }
  return [
    { check: 'agent', ok: true, found: 'it answers' },
    ...disks.map(({ target }) => {
      const name = seen.get(target)
      return { check: `guest ${target}`, ok: name !== undefined, found: name ?? 'the guest does not see it' }
    }),
  ]
}

/**
 * Looks whether a machine is what it is to be: the cluster is healthy, the machine runs, QEMU has each of its images open by its name, the
 * guest's agent answers and sees each disk. What is not so is in the report, not an error; of a machine that does not run
 * nothing more is asked.
 *
 * Errors: `ERR_RBDKIT_MISSING`; of Ceph and libvirt when they do not answer; the signal's reason; `ERR_INVALID_ARG_TYPE`,
 * `ERR_INVALID_ARG_VALUE`.
 *
 * @since 0.1.0
 */
export async function verifyMachine(
  cluster: Cluster,
  connection: Connection,
  name: string,
  options?: VerifyMachineOptions,
): Promise<MachineReport> {
  checkEnds(cluster, connection)
  checkLine('name', name)
  const { signal } = checkOptions('options', options, known)
  checkProgress({ signal })
  signal?.throwIfAborted()
  const domain = await machineOf(connection, name, 'verifyMachine', signal)
  const checks = [await clusterCheck(cluster, signal)]
  const { state } = await untilAborted(domain.state(), signal)
  checks.push({ check: 'machine', ok: state === 'running', found: state })
  if (state === 'running') {
    const disks = rbdDisksOf(await untilAborted(domain.xml(), signal))
    const images = await untilAborted(qemuImages(domain), signal)
    for (const disk of disks) {
      const path = spec(disk)
      const ok = images.includes(path)
      checks.push({ check: `qemu ${disk.target}`, ok, found: ok ? path : `QEMU has not ${path}` })
    }
    checks.push(...(await untilAborted(guestChecks(domain, disks), signal)))
  }
  return { name, ok: checks.every(({ ok }) => ok), checks }
}
