/** This file is the command `rbdkit domain`, which is about guests of libvirt. */

import { Command, InvalidArgumentError } from 'commander'
import { formatBytes } from '../../internal/text.js'
import { action } from '../action.js'
import { aboutGuests, type ConnectFlags, connected, consoleCommand, found } from '../one-domain.js'
import { addFormatOption, addJsonOption } from '../options/options.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

interface DomainFlags extends ConnectFlags {
  readonly all?: boolean
  readonly force?: boolean
  readonly timeout?: number
  readonly inactive?: boolean
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError('must be seconds, at most 86400')
  return seconds
}

async function list(session: Session<DomainFlags>): Promise<Report> {
  return connected([session.flags.connect], session.signal, async ([connection]) => {
    const domains = await connection.listDomains(session.flags.all ? {} : { active: true })
    const rows = await Promise.all(
      domains.map(async (domain) => ({
        name: domain.name,
        uuid: domain.uuid,
        id: (await domain.id()) ?? null,
        state: (await domain.state()).state,
      })),
    )
    rows.sort((a, b) => (a.name < b.name ? -1 : 1))
    const lines = rows.map(({ name, uuid, id, state }) => [name, id === null ? '-' : String(id), state, uuid])
    return { json: rows, text: rows.length === 0 ? '' : table([['NAME', 'ID', 'STATE', 'UUID'], ...lines]) }
  })
}

async function info(session: Session<DomainFlags>, text: string): Promise<Report> {
  return connected([session.flags.connect], session.signal, async ([connection]) => {
    const domain = await found(connection, text)
    const [{ state, reason }, { memory, maxMemory, vcpus, cpuTimeNs }, id, persistent, autostart, document] =
      await Promise.all([
        domain.state(),
        domain.info(),
        domain.id(),
        domain.isPersistent(),
        domain.autostart(),
        domain.xml(),
      ])
    const { xml } = await import('../../libvirt/xml/index.js')
    const disks = xml.DomainXml.parse(document).disks.map(({ target, rbd, file, blockDevice }) => ({
      target: target ?? '',
      source: rbd
        ? [rbd.pool, rbd.namespace, rbd.image].filter(Boolean).join('/')
        : (file ?? blockDevice ?? ''),
      kind: rbd ? 'rbd' : file === undefined ? 'other' : 'file',
    }))
    const { name, uuid } = domain
    const json = {
      name,
      uuid,
      id: id ?? null,
      state,
      reason,
      memory,
      maxMemory,
      vcpus,
      cpuSeconds: Number(cpuTimeNs) / 1e9,
      persistent,
      autostart,
      disks,
    }
    const lines = [
      ['name', name],
      ['uuid', uuid],
      ['state', `${state} (${reason})`],
      ['memory', `${formatBytes(memory)} of ${formatBytes(maxMemory)}`],
      ['vcpus', String(vcpus)],
      ['persistent', persistent ? 'yes' : 'no'],
      ['autostart', autostart ? 'yes' : 'no'],
      ...disks.map(({ target, kind, source }) => [`disk ${target}`, `${kind} ${source}`]),
    ]
    return { json, text: table(lines) }
  })
}

async function start(session: Session<DomainFlags>, text: string): Promise<Report> {
  return connected([session.flags.connect], session.signal, async ([connection]) => {
    const domain = await found(connection, text)
    await domain.create()
    return { json: { started: domain.name, id: await domain.id() }, text: '' }
  })
}

async function stop(session: Session<DomainFlags>, text: string): Promise<Report> {
  const { force = false, timeout = 60 } = session.flags
  return connected([session.flags.connect], session.signal, async ([connection]) => {
    const domain = await found(connection, text)
    const stopped = { json: { stopped: domain.name, forced: force }, text: '' }
    if (force) {
      await domain.destroy()
      return stopped
    }
    // It gives at once; the wait reads the state before it waits.
    await domain.shutdown()
    await domain.waitForState('shutoff', { timeoutMs: timeout * 1000, signal: session.signal })
    return stopped
  })
}

async function document(session: Session<DomainFlags>, text: string): Promise<Report> {
  return connected([session.flags.connect], session.signal, async ([connection]) => {
    const domain = await found(connection, text)
    const xml = await domain.xml({ inactive: session.flags.inactive ?? false })
    return { json: { name: domain.name, xml }, text: xml }
  })
}

/** Guests of libvirt. */
export function command(): Command {
  const one = (name: string, description: string) =>
    addJsonOption(aboutGuests(name, description)).argument('<domain>', 'its name or UUID')
  return new Command('domain')
    .description('list, start, stop guests of libvirt, and log in to them')
    .addCommand(
      addFormatOption(addJsonOption(aboutGuests('ls', 'list the guests that run')))
        .alias('list')
        .option('--all', 'also those that do not run')
        .action(action<DomainFlags, []>(list, 1, true)),
    )
    .addCommand(
      addFormatOption(one('info', 'what a guest is, and its disks')).action(
        action<DomainFlags, [string]>(info, 1, true),
      ),
    )
    .addCommand(one('start', 'start a guest').action(action<DomainFlags, [string]>(start)))
    .addCommand(
      one('stop', 'ask a guest to shut down, and wait until it has')
        .option('--force', 'take its power away instead')
        .option('--timeout <seconds>', 'how long to wait (default: 60)', parseSeconds)
        .action(action<DomainFlags, [string]>(stop)),
    )
    .addCommand(
      one('xml', "print a guest's document")
        .option('--inactive', 'as it will be at its next start')
        .action(action<DomainFlags, [string]>(document, 1, true)),
    )
    .addCommand(consoleCommand())
}
