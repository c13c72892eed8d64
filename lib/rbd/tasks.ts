import { type CallOptions, toCallSignal } from '../internal/call-options.js'
import { invalidArgType, toOneOf, toOptions, toText } from '../internal/validate.js'
import { Cluster } from '../rados/cluster.js'
import { moduleCommand } from './manager.js'
import { toName } from './names.js'

/**
 * What the manager does with an image in the background.
 *
 * @since 0.1.0
 */
export type TaskAction =
  | 'flatten'
  | 'remove'
  | 'trash-remove'
  | 'migration-execute'
  | 'migration-commit'
  | 'migration-abort'

/** The command's words, and what the manager writes down. */
const actions = {
  flatten: { command: 'flatten', refs: 'flatten' },
  remove: { command: 'remove', refs: 'remove' },
  'trash-remove': { command: 'trash remove', refs: 'trash remove' },
  'migration-execute': { command: 'migration execute', refs: 'migrate execute' },
  'migration-commit': { command: 'migration commit', refs: 'migrate commit' },
  'migration-abort': { command: 'migration abort', refs: 'migrate abort' },
} as const satisfies Record<TaskAction, { command: string; refs: string }>

/**
 * An image, by the names that lead to it.
 *
 * @since 0.1.0
 */
export interface ImageReference {
  pool: string
  namespace?: string
  image: string
}

/**
 * An image in a trash, by its id.
 *
 * @since 0.1.0
 */
export interface TrashedReference {
  pool: string
  namespace?: string
  id: string
}

/**
 * What the manager does, or is to do, in the background.
 *
 * @since 0.1.0
 */
export interface BackgroundTask {
  id: string
  /** They are done one after the other, in this order. */
  sequence: number
  /** The manager's words. */
  message: string
  action: TaskAction | 'unknown'
  pool: string
  /** Empty for the default one. */
  namespace: string
  /** Absent of what is in the trash. */
  image?: string
  imageId?: string
  /** It is being done now. */
  running: boolean
  /** From 0 to 1; absent when it is not running. */
  progress?: number
  /** It was called off, and ends at the next object. */
  cancelled: boolean
  /**
   * Absent when it was not tried yet, or at once succeeded. A task that fails is tried again, from 30 seconds later to
   * 5 minutes, for ever: what can never succeed is to be cancelled.
   */
  retry?: {
    /** Why it failed. */
    message: string
    attempts: number
    /** When it is tried next: the manager's local time, without a zone. */
    time?: string
  }
}

interface Answer {
  id: string
  sequence: number
  message: string
  refs: { action: string; pool_name: string; pool_namespace: string; image_name?: string; image_id?: string }
  in_progress?: boolean
  progress?: number
  canceled?: boolean
  retry_message?: string
  retry_attempts?: number
  retry_time?: string
}

function toTask(answer: Answer): BackgroundTask {
  const { refs } = answer
  const action = (Object.keys(actions) as TaskAction[]).find((name) => actions[name].refs === refs.action)
  return {
    id: answer.id,
    sequence: answer.sequence,
    message: answer.message,
    action: action ?? 'unknown',
    pool: refs.pool_name,
    namespace: refs.pool_namespace,
    ...(refs.image_name !== undefined && { image: refs.image_name }),
    ...(refs.image_id !== undefined && { imageId: refs.image_id }),
    running: answer.in_progress === true,
    ...(answer.progress !== undefined && { progress: answer.progress }),
    cancelled: answer.canceled === true,
    ...(answer.retry_message !== undefined && {
      retry: {
        message: answer.retry_message,
        attempts: answer.retry_attempts ?? 0,
        ...(answer.retry_time !== undefined && { time: answer.retry_time }),
      },
    }),
  }
}

/**
 * What the manager does with images in the background (`rbd task`), one task after the other, whether or not its caller is
 * there still. Needs the manager's module rbd_support, which is always on; for a few seconds after the manager's start it
 * answers `EAGAIN`, and `EINVAL` where the manager could not load it.
 *
 * @since 0.1.0
 */
export class Tasks {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    if (!(cluster instanceof Cluster)) throw invalidArgType('cluster', 'an instance of Cluster', cluster)
    this.#cluster = cluster
  }

  /**
   * Adds a task. One that is there already for the same image is not added again, but given.
   *
   * The manager does not look whether it can succeed: `'trash-remove'` before the image's time has come (`deferredUntil`) fails
   * again and again, with the reason in `retry`, until the time has come or it is cancelled.
   *
   * Errors: `ENOENT` no such image, or it has no parent; `EBUSY` it has snapshots; `EINVAL` it is not being migrated, or
   * not that far; `EACCES`, `EPERM` not allowed; `EAGAIN` the manager is not ready.
   *
   * Implements: the manager commands `rbd task add ...`.
   * @since 0.1.0
   */
  async add(
    action: Exclude<TaskAction, 'trash-remove'>,
    image: ImageReference,
    options?: CallOptions,
  ): Promise<BackgroundTask>
  async add(action: 'trash-remove', image: TrashedReference, options?: CallOptions): Promise<BackgroundTask>
  async add(
    action: TaskAction,
    image: ImageReference | TrashedReference,
    options?: CallOptions,
  ): Promise<BackgroundTask> {
    const name = toOneOf('action', action, Object.keys(actions) as TaskAction[])
    const [key, argument] =
      name === 'trash-remove' ? (['id', 'image_id_spec'] as const) : (['image', 'image_spec'] as const)
    const given = toOptions('image', image as unknown as Record<string, string>, {
      pool: true,
      namespace: ['ns'],
      [key]: true,
    })
    const parts = [toName('image.pool', given.pool)]
    if (given.namespace !== undefined && given.namespace !== '')
      parts.push(toName('image.namespace', given.namespace))
    parts.push(toName(`image.${key}`, given[key]))
    const command = { prefix: `rbd task add ${actions[name].command}`, [argument]: parts.join('/') }
    return toTask(await moduleCommand<Answer>(this.#cluster, command, { signal: toCallSignal(options) }))
  }

  /**
   * The tasks that are not done, in their order. One that is done, or was cancelled, is not there any more.
   *
   * Implements: the manager command `rbd task list`.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<BackgroundTask[]> {
    const command = { prefix: 'rbd task list' }
    const list = await moduleCommand<Answer[]>(this.#cluster, command, { signal: toCallSignal(options) })
    return list.map(toTask)
  }

  /**
   * One of them.
   *
   * Errors: `ENOENT` there is none of that id: also when it is done.
   *
   * Implements: the manager command `rbd task list`.
   * @since 0.1.0
   */
  async get(id: string, options?: CallOptions): Promise<BackgroundTask> {
    const command = { prefix: 'rbd task list', task_id: toText('id', id) }
    return toTask(await moduleCommand<Answer>(this.#cluster, command, { signal: toCallSignal(options) }))
  }

  /**
   * Calls a task off; one that is running ends at the next object. What is done stays done.
   *
   * Errors: `ENOENT` there is none of that id: also when it is done.
   *
   * Implements: the manager command `rbd task cancel`.
   * @since 0.1.0
   */
  async cancel(id: string, options?: CallOptions): Promise<void> {
    const command = { prefix: 'rbd task cancel', task_id: toText('id', id) }
    await moduleCommand(this.#cluster, command, { signal: toCallSignal(options), format: 'text' })
  }
}
