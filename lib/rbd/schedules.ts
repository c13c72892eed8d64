import { type CallOptions, toCallSignal } from '../internal/call-options.js'
import { invalidArgType, invalidArgValue, toOptions, toText } from '../internal/validate.js'
import { Cluster } from '../rados/cluster.js'
import { moduleCommand } from './manager.js'
import { toName } from './names.js'

/**
 * What a schedule is for: a pool, a namespace of it (`''`: the default one), or without a pool the whole cluster.
 *
 * @since 0.1.0
 */
export interface ScheduleLevel {
  pool?: string
  namespace?: string
}

/**
 * The same, or one image.
 *
 * @since 0.1.0
 */
export interface ImageScheduleLevel extends ScheduleLevel {
  image?: string
}

/**
 * Minutes, hours or days: `'90m'`, `'12h'`, `'1d'`.
 *
 * @since 0.1.0
 */
export type ScheduleInterval = `${number}${'m' | 'h' | 'd'}`

/**
 * When a schedule is due.
 *
 * @since 0.1.0
 */
export interface ScheduleEntry {
  interval: ScheduleInterval
  /** The time of a day that the interval counts from: `'14:00:00-05:00'`. */
  startTime?: string
}

/**
 * A schedule of one level.
 *
 * @since 0.1.0
 */
export interface Schedule {
  /** The level as Ceph writes it: `'pool/'`, `'pool/namespace/'`, `'pool/image'`; empty: the whole cluster. */
  level: string
  /** The same with ids, which stays when something is renamed. */
  id: string
  entries: ScheduleEntry[]
}

/**
 * When something is done next by a schedule.
 *
 * @since 0.1.0
 */
export interface ScheduledRun {
  /** What: `'pool/namespace'`, or `'pool/namespace/image'`. */
  target: string
  /** The manager's local time, without a zone: `'2026-11-30 14:00:00'`. */
  time: string
}

type Entries = Record<string, { name: string; schedule: { interval: string; start_time: string | null }[] }>

/** One that the manager can compute with: by 0 minutes it would divide, and do no schedule any more. */
function toInterval(name: string, value: unknown): string {
  const text = toText(name, value)
  if (!/^0*[1-9]\d{0,6}[mhd]$/.test(text))
    throw invalidArgValue(name, "must be a number of minutes, hours or days: '90m', '12h', '1d'")
  return text
}

/** A schedule that the manager keeps and works by. */
abstract class Schedules<Level extends ScheduleLevel> {
  readonly #cluster: Cluster
  readonly #prefix: string

  protected constructor(cluster: Cluster, prefix: string) {
    if (!(cluster instanceof Cluster)) throw invalidArgType('cluster', 'an instance of Cluster', cluster)
    this.#cluster = cluster
    this.#prefix = prefix
  }

  /** @internal The level as the manager reads it. */
  protected abstract toSpec(level: Level | undefined): string

  /**
   * Adds an interval to the schedule of a level; it may have several. `startTime` is an ISO time of a day.
   *
   * Errors: `EINVAL` no such pool, namespace or image, or a start time that Ceph does not read; `EACCES`, `EPERM` not
   * allowed; `EAGAIN` the manager is not ready.
   *
   * Implements: the manager command `rbd ... schedule add`.
   * @since 0.1.0
   */
  async add(
    level: Level,
    interval: ScheduleInterval,
    options?: CallOptions & { startTime?: string },
  ): Promise<void> {
    const level_spec = this.toSpec(level)
    const entry = { interval: toInterval('interval', interval) }
    await this.#change('add', level_spec, entry, options)
  }

  /**
   * Takes an interval away, with the start time that it was added with; without an interval the whole schedule of the level.
   * No error when there is none.
   *
   * Errors: `EINVAL`, `EACCES`, `EPERM`, `EAGAIN` as `add`.
   *
   * Implements: the manager command `rbd ... schedule remove`.
   * @since 0.1.0
   */
  async remove(
    level: Level,
    interval?: ScheduleInterval,
    options?: CallOptions & { startTime?: string },
  ): Promise<void> {
    const level_spec = this.toSpec(level)
    const entry = interval === undefined ? {} : { interval: toInterval('interval', interval) }
    await this.#change('remove', level_spec, entry, options)
  }

  /**
   * The schedules of a level and of what is below it; of a level without one, the schedule that is in force for it. Without a
   * level all of them.
   *
   * Implements: the manager command `rbd ... schedule list`.
   * @since 0.1.0
   */
  async list(level?: Level, options?: CallOptions): Promise<Schedule[]> {
    const answer = await this.#ask<Entries>('list', level, options)
    return Object.entries(answer).map(([id, { name, schedule }]) => ({
      level: name,
      id,
      entries: schedule.map(({ interval, start_time }) => ({
        interval: interval as ScheduleInterval,
        ...(start_time !== null && { startTime: start_time }),
      })),
    }))
  }

  /** @internal What is done next, as the manager answers. */
  protected ask<T>(level: Level | undefined, options: CallOptions | undefined): Promise<T> {
    return this.#ask('status', level, options)
  }

  #ask<T>(verb: string, level: Level | undefined, options: CallOptions | undefined): Promise<T> {
    const command = { prefix: `${this.#prefix} ${verb}`, level_spec: this.toSpec(level) }
    return moduleCommand<T>(this.#cluster, command, { signal: toCallSignal(options) })
  }

  async #change(
    verb: string,
    level_spec: string,
    entry: { interval?: string },
    options: (CallOptions & { startTime?: string }) | undefined,
  ): Promise<void> {
    const given = toOptions('options', options, { startTime: ['start_time', 'start'], signal: true })
    const start =
      given.startTime === undefined ? {} : { start_time: toText('options.startTime', given.startTime) }
    const command = { prefix: `${this.#prefix} ${verb}`, level_spec, ...entry, ...start }
    await moduleCommand(this.#cluster, command, { signal: given.signal, format: 'text' })
  }
}

/** `pool/`, `pool/namespace/`; empty: the cluster. */
function poolSpec(given: ScheduleLevel): string {
  const { pool, namespace } = given
  if (pool === undefined) {
    if (namespace !== undefined) throw invalidArgValue('level.namespace', 'needs level.pool')
    return ''
  }
  const spec = `${toName('level.pool', pool)}/`
  if (namespace === undefined) return spec
  return namespace === '' ? `${spec}/` : `${spec}${toName('level.namespace', namespace)}/`
}

/**
 * The manager's schedules of purging trashes: what has expired is removed (`rbd trash purge schedule`). A schedule of a
 * namespace goes before its pool's, and that before the cluster's.
 *
 * @since 0.1.0
 */
export class TrashPurgeSchedules extends Schedules<ScheduleLevel> {
  constructor(cluster: Cluster) {
    super(cluster, 'rbd trash purge schedule')
  }

  /** @internal */
  protected toSpec(level: ScheduleLevel | undefined): string {
    return poolSpec(toOptions('level', level, { pool: true, namespace: ['ns'] }))
  }

  /**
   * Which trashes are purged next, soonest first. The manager looks for new pools once a minute.
   *
   * Implements: the manager command `rbd trash purge schedule status`.
   * @since 0.1.0
   */
  async status(level?: ScheduleLevel, options?: CallOptions): Promise<ScheduledRun[]> {
    const { scheduled } = await this.ask<{
      scheduled: { schedule_time: string; pool_name: string; namespace: string }[]
    }>(level, options)
    return scheduled.map(({ schedule_time, pool_name, namespace }) => ({
      target: namespace === '' ? pool_name : `${pool_name}/${namespace}`,
      time: schedule_time,
    }))
  }
}

/**
 * The manager's schedules of making snapshots for mirroring (`rbd mirror snapshot schedule`), of images that are mirrored by
 * snapshots. A schedule of an image goes before its namespace's, that before its pool's, and that before the cluster's.
 *
 * @since 0.1.0
 */
export class MirrorSnapshotSchedules extends Schedules<ImageScheduleLevel> {
  constructor(cluster: Cluster) {
    super(cluster, 'rbd mirror snapshot schedule')
  }

  /** @internal */
  protected toSpec(level: ImageScheduleLevel | undefined): string {
    const given = toOptions('level', level, { pool: true, namespace: ['ns'], image: true })
    if (given.image === undefined) return poolSpec(given)
    if (given.pool === undefined) throw invalidArgValue('level.image', 'needs level.pool')
    const { namespace = '' } = given
    return `${poolSpec({ pool: given.pool, namespace })}${toName('level.image', given.image)}`
  }

  /**
   * Of which images a snapshot is made next, soonest first. The manager looks for new images once a minute.
   *
   * Implements: the manager command `rbd mirror snapshot schedule status`.
   * @since 0.1.0
   */
  async status(level?: ImageScheduleLevel, options?: CallOptions): Promise<ScheduledRun[]> {
    const { scheduled_images } = await this.ask<{
      scheduled_images: { schedule_time: string; image: string }[]
    }>(level, options)
    return scheduled_images.map(({ schedule_time, image }) => ({ target: image, time: schedule_time }))
  }
}
