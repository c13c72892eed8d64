/** This file is the command `rbdkit vm`: machines on RBD. */

import { readFile } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { formatBytes } from '../../internal/text.js'
import type { CloudInitOptions, ListedDisk, ListedMachine, MachineDisk } from '../../provision/index.js'
import { action } from '../action.js'
import { aboutGuests, type ConnectFlags, connected, consoleCommand } from '../one-domain.js'
import { addConnectionOptions } from '../options/connection.js'
import type { ImageSpec, Written } from '../options/image-spec.js'
import { parseMachineDisk, parseNetwork, type WrittenDisk } from '../options/machine-disk.js'
import { addJsonOption, addProgressOption } from '../options/options.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'
import { watched } from '../watched.js'

interface CreateFlags extends ConnectFlags {
  readonly memory: number
  readonly vcpus: number
  readonly disk: string[]
  readonly machine?: string
  readonly cpu?: string
  readonly network?: string[]
  readonly graphics?: 'vnc' | 'none'
  readonly cloudInit?: string
  /** `--no-start` */
  readonly start: boolean
}

interface CloneFlags extends ConnectFlags {
  readonly full?: boolean
  readonly start?: boolean
}

interface StopFlags extends ConnectFlags {
  readonly agentTimeout?: number
  readonly acpiTimeout?: number
}

interface RemoveFlags extends ConnectFlags {
  readonly disks?: boolean
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('must be a whole number from 1')
  return count
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (text === '' || !(seconds >= 0 && seconds <= 86_400))
    throw new InvalidArgumentError('must be seconds from 0 to 86400')
  return seconds
}

async function diskOf(session: Session<CreateFlags>, written: WrittenDisk): Promise<MachineDisk> {
  const complete = async (one: Written<ImageSpec>) => {
    const { pool, image, snapshot = '' } = await session.complete<ImageSpec>(one)
    return { pool, image, snapshot }
  }
  const { size, device } = written
  const { pool, image } = await complete(written.image)
  return { pool, image, size, device, from: written.from && (await complete(written.from)) }
}

async function cloudInitOf(path: string | undefined): Promise<CloudInitOptions | undefined> {
  if (path === undefined) return undefined
  const text = await readFile(path, 'utf8')
  try {
    return JSON.parse(text) as CloudInitOptions
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`)
  }
}

const cpuModes = ['host-passthrough', 'host-model', 'maximum'] as const

async function create(session: Session<CreateFlags>, name: string, user: string): Promise<Report> {
  const { flags, signal } = session
  const { memory, vcpus, cpu, graphics, start, machine: machineType } = flags
  const written = flags.disk.map((text) => parseMachineDisk(text, flags))
  const networks = flags.network?.map(parseNetwork).filter((one) => one !== undefined)
  const cloudInit = await cloudInitOf(flags.cloudInit)
  const { createMachine } = await import('../../provision/index.js')
  return connected([flags.connect], signal, async ([host]) => {
    const disks: MachineDisk[] = []
    for (const one of written) disks.push(await diskOf(session, one))
    const made = await createMachine(await session.cluster(), host, {
      name,
      memoryMiB: memory,
      vcpus,
      user,
      disks,
      networks,
      machineType,
      cpu: cpuModes.find((mode) => mode === cpu) ?? (cpu === undefined ? undefined : { model: cpu }),
      graphics: graphics === 'vnc' ? { type: 'vnc' } : undefined,
      cloudInit,
      start,
      ...watched(session),
    })
    const rows = made.steps.map(({ step, outcome }) => [step, outcome])
    return { json: made, text: table([['STEP', 'OUTCOME'], ...rows]) }
  })
}

function diskRow({ target, pool, namespace, image, snapshot, size, usage, snapshots, error }: ListedDisk) {
  const at = snapshot === undefined ? '' : `@${snapshot}`
  const path = `${[pool, namespace, image].filter(Boolean).join('/')}${at}`
  const bytes = (value: number | undefined): string => (value === undefined ? '-' : formatBytes(value))
  if (error !== undefined) return [target, path, '-', '-', error]
  return [target, path, bytes(usage), bytes(size), snapshots?.join(' ') || '-']
}

/** A line for each disk; what is the machine's is said with the first. */
function machineRows({ name, state, vcpus, memory, disks }: ListedMachine): string[][] {
  const own = [name, state, String(vcpus), formatBytes(memory)]
  const rows = disks.length === 0 ? [['-', '-', '-', '-', '-']] : disks.map(diskRow)
  return rows.map((row, i) => [...(i === 0 ? own : ['', '', '', '']), ...row])
}

async function clone(session: Session<CloneFlags>, source: string, name: string): Promise<Report> {
  const { cloneMachine } = await import('../../provision/index.js')
  const { connect, full, start } = session.flags
  return connected([connect], session.signal, async ([host]) => {
    const disks = full ? 'full' : 'copy-on-write'
    const options = { name, disks, start, ...watched(session) } as const
    const made = await cloneMachine(await session.cluster(), host, source, options)
    const rows = made.steps.map(({ step, outcome }) => [step, outcome])
    return { json: made, text: `${table([['STEP', 'OUTCOME'], ...rows])}disks: ${made.consistency}\n` }
  })
}

async function list(session: Session<ConnectFlags>): Promise<Report> {
  const { listMachines } = await import('../../provision/index.js')
  const { flags, signal } = session
  return connected([flags.connect], signal, async ([host]) => {
    const machines = await listMachines(await session.cluster(), host, { signal })
    const head = ['NAME', 'STATE', 'VCPUS', 'MEMORY', 'DISK', 'IMAGE', 'USED', 'SIZE', 'SNAPSHOTS']
    const rows = machines.flatMap(machineRows)
    return { json: machines, text: rows.length === 0 ? '' : table([head, ...rows]) }
  })
}

async function start({ flags, signal }: Session<ConnectFlags>, name: string): Promise<Report> {
  const { startMachine } = await import('../../provision/index.js')
  return connected([flags.connect], signal, async ([host]) => {
    const outcome = await startMachine(host, name, { signal })
    return { json: { name, outcome }, text: '' }
  })
}

async function stop({ flags, signal }: Session<StopFlags>, name: string): Promise<Report> {
  const { stopMachine } = await import('../../provision/index.js')
  const ms = (seconds: number | undefined) => (seconds === undefined ? undefined : Math.round(seconds * 1000))
  return connected([flags.connect], signal, async ([host]) => {
    const times = { guestAgentMs: ms(flags.agentTimeout), acpiMs: ms(flags.acpiTimeout) }
    const by = await stopMachine(host, name, { ...times, signal })
    return { json: { name, by }, text: `${by}\n` }
  })
}

async function remove(session: Session<RemoveFlags>, name: string): Promise<Report> {
  const { removeMachine } = await import('../../provision/index.js')
  const { connect, disks } = session.flags
  return connected([connect], session.signal, async ([host]) => {
    const removed = await removeMachine(await session.cluster(), host, name, { disks, ...watched(session) })
    const rows = [
      ...removed.steps.map(({ step, outcome }) => [step, outcome]),
      ...removed.left.map((image) => [`image ${image}`, 'left']),
    ]
    return { json: removed, text: table([['STEP', 'OUTCOME'], ...rows]) }
  })
}

async function verify(session: Session<ConnectFlags>, name: string): Promise<Report> {
  const { verifyMachine } = await import('../../provision/index.js')
  const { flags, signal } = session
  return connected([flags.connect], signal, async ([host]) => {
    const report = await verifyMachine(await session.cluster(), host, name, { signal })
    const rows = report.checks.map(({ check, ok, found }) => [check, ok ? 'yes' : 'no', found])
    return { json: report, text: table([['CHECK', 'OK', 'FOUND'], ...rows]), status: report.ok ? 0 : 1 }
  })
}

/** Machines on RBD. */
export function command(): Command {
  const about = (name: string, description: string): Command => addJsonOption(aboutGuests(name, description))
  const one = (name: string, description: string): Command =>
    about(name, description).argument('<name>', "the machine's name")
  const collect = (text: string, before: string[] = []): string[] => [...before, text]
  const disk =
    "a disk: [pool/]image, with ',size=10g', ',from=[pool/]image@snapshot' or ',cdrom'; may be given again"
  const pool = [
    '-p, --pool <pool>',
    "the pool of images without one (default: ceph.conf's rbd_default_pool)",
  ] as const
  return new Command('vm')
    .description('make machines on RBD, clone, list, start, stop, check and remove them')
    .addCommand(
      addProgressOption(addConnectionOptions(one('create', 'make a machine, and start it')))
        .argument('<user-id>', 'the user whose key libvirt has, without its type: libvirt for client.libvirt')
        .option(...pool)
        .requiredOption('--memory <mib>', 'its memory in MiB', parseCount)
        .requiredOption('--vcpus <n>', 'how many processors it has', parseCount)
        .requiredOption('--disk <disk>', disk, collect)
        .option(
          '--network <network>',
          'network=<name>, bridge=<device>, user or none (default: network=default)',
          collect,
        )
        .addOption(new Option('--graphics <kind>', 'a display (default: none)').choices(['vnc', 'none']))
        .option('--machine <type>', "QEMU's machine type (default: q35)")
        .option('--cpu <cpu>', 'host-passthrough, host-model, maximum or a model (default: by the host)')
        .option('--cloud-init <file>', 'JSON, as cloudInitDisk() takes it')
        .option('--no-start', 'only define it')
        .action(action<CreateFlags, [string, string]>(create)),
    )
    .addCommand(
      addProgressOption(addConnectionOptions(about('clone', 'make a second machine of one')))
        .argument('<source>', 'the first machine')
        .argument('<name>', "the clone's name")
        .option('--full', 'copy the images, instead of clones of their snapshots')
        .option('--start', 'start the clone')
        .action(action<CloneFlags, [string, string]>(clone)),
    )
    .addCommand(
      addConnectionOptions(about('ls', 'list all machines, with their disks'))
        .alias('list')
        .action(action<ConnectFlags, []>(list, 1, true)),
    )
    .addCommand(one('start', 'start a machine').action(action<ConnectFlags, [string]>(start)))
    .addCommand(
      one('stop', "stop a machine: by its guest's agent, else by ACPI, else by taking its power away")
        .option(
          '--agent-timeout <seconds>',
          'how long after the agent was asked; 0: not (default: 30)',
          parseSeconds,
        )
        .option(
          '--acpi-timeout <seconds>',
          'how long after the power button; 0: not (default: 60)',
          parseSeconds,
        )
        .action(action<StopFlags, [string]>(stop)),
    )
    .addCommand(
      addProgressOption(addConnectionOptions(one('rm', 'remove a machine that is off')))
        .alias('remove')
        .option('--disks', 'also the images that it writes')
        .action(action<RemoveFlags, [string]>(remove)),
    )
    .addCommand(
      addConnectionOptions(
        one('verify', 'check that a machine runs, and that QEMU and the guest have its images'),
      ).action(action<ConnectFlags, [string]>(verify, 1, true)),
    )
    .addCommand(consoleCommand())
}
