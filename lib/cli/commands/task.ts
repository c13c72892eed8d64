/** This file is the command `rbdkit task`, which is about what the manager does with images in the background. */

import { Command, InvalidArgumentError } from 'commander'
import type { BackgroundTask, TaskAction, Tasks } from '../../rbd/tasks.js'
import { action } from '../action.js'
import { addFormatOption, addOptions, type Flags } from '../options/options.js'
import type { Report, Session } from '../session.js'
import { table } from '../terminal/table.js'

async function tasksOf(session: Session): Promise<Tasks> {
  const { Tasks } = await import('../../rbd/tasks.js')
  return new Tasks(await session.cluster())
}

const actions: readonly TaskAction[] = [
  'flatten',
  'remove',
  'trash-remove',
  'migration-execute',
  'migration-commit',
  'migration-abort',
]

function toCells({ id, message, running, progress = 0, retry }: BackgroundTask): string[] {
  const state = running ? `${Math.floor(100 * progress)} %` : (retry?.message ?? 'waits')
  return [id, message, state]
}

async function add(session: Session, what: string, text: string): Promise<Report> {
  if (!actions.includes(what as TaskAction))
    throw new InvalidArgumentError(`'${what}' is none of ${actions.join(', ')}`)
  const { image, pool, namespace } = await session.imageSpec(text, 'none')
  const tasks = await tasksOf(session)
  const task =
    what === 'trash-remove'
      ? await tasks.add(what, { pool, namespace, id: image })
      : await tasks.add(what as Exclude<TaskAction, 'trash-remove'>, { pool, namespace, image })
  return { json: task, text: `${task.id}\n` }
}

async function list(session: Session): Promise<Report> {
  const tasks = await (await tasksOf(session)).list()
  const text = tasks.length === 0 ? '' : table([['ID', 'TASK', 'STATE'], ...tasks.map(toCells)])
  return { json: tasks, text }
}

async function cancel(session: Session, id: string): Promise<Report> {
  await (await tasksOf(session)).cancel(id)
  return { json: { cancelled: id }, text: '' }
}

/** What the manager does in the background. */
export function command(): Command {
  const adding = new Command('add').description(
    'let the manager do something: it goes on when this command is over',
  )
  const listing = new Command('ls').alias('list').description('list what it does and is to do')
  const cancelling = new Command('cancel').description('take a task back, also one that is being done')
  return new Command('task')
    .description('let the manager flatten, remove, migrate images in the background')
    .addCommand(
      addOptions(adding)
        .argument('<action>', actions.join(', '))
        .argument('<spec>', '[pool/[namespace/]]image; of trash-remove its id')
        .action(action<Flags, [string, string]>(add)),
    )
    .addCommand(addOptions(addFormatOption(listing)).action(action<Flags, []>(list, 1, true)))
    .addCommand(
      addOptions(cancelling).argument('<id>', 'as ls shows it').action(action<Flags, [string]>(cancel)),
    )
}
