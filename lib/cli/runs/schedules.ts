/** This file makes the commands about the manager's schedules: of snapshots that are mirrored, of purging trashes. */

import { Command } from 'commander'
import type {
  ImageScheduleLevel,
  Schedule,
  ScheduledRun,
  ScheduleInterval,
  ScheduleLevel,
} from '../../rbd/schedules.js'
import { action } from '../action.js'
import { addFormatOption, addOptions, type Flags } from '../options/options.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

/** Of either kind. */
interface Schedules<Level> {
  add(level: Level, interval: ScheduleInterval, options: { startTime?: string }): Promise<void>
  remove(level: Level, interval: ScheduleInterval | undefined, options: { startTime?: string }): Promise<void>
  list(level: Level): Promise<Schedule[]>
  status(level: Level): Promise<ScheduledRun[]>
}

/** The level is said by options, as with rbd: the cluster, a pool, a namespace, an image. */
function levelOf({ pool, namespace, image }: Flags): ImageScheduleLevel {
  return {
    ...(pool === undefined ? {} : { pool }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(image === undefined ? {} : { image }),
  }
}

function listText(schedules: readonly Schedule[]): string {
  const rows = schedules.flatMap(({ level, entries }) =>
    entries.map(({ interval, startTime }) => [level === '' ? '-' : level, interval, startTime ?? '']),
  )
  return rows.length === 0 ? '' : table([['LEVEL', 'EVERY', 'FROM'], ...rows])
}

function runsText(runs: readonly ScheduledRun[]): string {
  return runs.length === 0 ? '' : table([['TIME', 'WHAT'], ...runs.map(({ time, target }) => [time, target])])
}

function scheduleCommand<Level extends ScheduleLevel>(
  description: string,
  withImage: boolean,
  open: (session: Session) => Promise<Schedules<Level>>,
): Command {
  const about = (name: string, what: string): Command => {
    const command = addOptions(new Command(name).description(what))
    return withImage ? command.option('--image <name>', 'of one image') : command
  }
  const start = (startTime: string | undefined) => (startTime === undefined ? {} : { startTime })
  const change =
    (verb: 'add' | 'remove') =>
    async (session: Session, interval?: string, from?: string): Promise<Report> => {
      const schedules = await open(session)
      await schedules[verb](levelOf(session.flags) as Level, interval as ScheduleInterval, start(from))
      return { json: { [verb === 'add' ? 'added' : 'removed']: interval ?? 'all' }, text: '' }
    }
  return new Command('schedule')
    .description(description)
    .addCommand(
      about('add', 'add an interval')
        .argument('<interval>', '90m, 12h, 1d')
        .argument('[start-time]', 'the time of a day that it counts from: 14:00:00-05:00')
        .action(action<Flags, [string, string | undefined]>(change('add'))),
    )
    .addCommand(
      about('rm', 'remove an interval, or all')
        .alias('remove')
        .argument('[interval]', '90m, 12h, 1d')
        .argument('[start-time]', 'what it was added with')
        .action(action<Flags, [string | undefined, string | undefined]>(change('remove'))),
    )
    .addCommand(
      addFormatOption(about('ls', 'list schedules'))
        .alias('list')
        .action(
          action<Flags, []>(
            async (session) => {
              const found = await (await open(session)).list(levelOf(session.flags) as Level)
              return { json: found, text: listText(found) }
            },
            1,
            true,
          ),
        ),
    )
    .addCommand(
      addFormatOption(about('status', 'what is done next')).action(
        action<Flags, []>(
          async (session) => {
            const found = await (await open(session)).status(levelOf(session.flags) as Level)
            return { json: found, text: runsText(found) }
          },
          1,
          true,
        ),
      ),
    )
}

export function mirrorScheduleCommand(): Command {
  return scheduleCommand<ImageScheduleLevel>('when the manager makes them', true, async (session) => {
    const { MirrorSnapshotSchedules } = await import('../../rbd/schedules.js')
    return new MirrorSnapshotSchedules(await session.cluster())
  })
}

export function purgeScheduleCommand(): Command {
  return scheduleCommand<ScheduleLevel>('when the manager purges trashes', false, async (session) => {
    const { TrashPurgeSchedules } = await import('../../rbd/schedules.js')
    return new TrashPurgeSchedules(await session.cluster())
  })
}
