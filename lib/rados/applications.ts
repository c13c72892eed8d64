import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { toBoolean, toOptions, toText } from '../internal/validate.js'
import type { Command } from './command.js'
import type { IoCtx } from './ioctx.js'

/**
 * Whether librados would send the monitors something else: it puts these texts into the JSON of a command as they are (seen
 * with 16.2.15).
 */
export function needsQuoting(...texts: readonly string[]): boolean {
  return texts.some((text) => /["\\\p{Cc}]/u.test(text))
}

/**
 * What a pool is for, and what its applications keep with it: `ioctx.applications`. `poolInit()` enables `rbd`.
 *
 * @since 0.1.0
 */
export class Applications {
  readonly #ioctx: IoCtx

  /** @internal */
  constructor(ioctx: IoCtx) {
    this.#ioctx = ioctx
  }

  /** Runs the command that librados would run, with its texts quoted. */
  async #command(command: Command, signal: AbortSignal | undefined): Promise<void> {
    const { cluster, pool } = this.#ioctx
    await cluster.monitorCommand({ pool, ...command }, { signal })
    await cluster.waitForLatestMap({ signal })
  }

  /**
   * Says that an application uses the pool. `force` is for a second one.
   *
   * Errors: `EPERM` another one does, and `force` is not set; `EACCES`.
   *
   * Implements: rados_application_enable; for names that it does not quote the monitor command `osd pool application enable`.
   * @since 0.1.0
   */
  async enable(name: string, options?: CallOptions & { force?: boolean }): Promise<void> {
    const { force, signal } = toOptions('options', options, { force: true, signal: true })
    const application = toText('name', name)
    const forced = toBoolean('options.force', force, false)
    const task = toTaskOptions({ signal })
    if (needsQuoting(this.#ioctx.pool, application)) {
      const command = { prefix: 'osd pool application enable', app: application }
      return this.#command({ ...command, ...(forced && { yes_i_really_mean_it: true }) }, task.signal)
    }
    await this.#ioctx.callWith(native.rados_application_enable, task, application, forced)
  }

  /**
   * The applications that use the pool.
   *
   * Implements: rados_application_list.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<string[]> {
    return this.#ioctx.callWith(native.rados_application_list, toTaskOptions(options))
  }

  /**
   * What an application keeps with the pool.
   *
   * Errors: `ENOENT` it does not use the pool.
   *
   * Implements: rados_application_metadata_list.
   * @since 0.1.0
   */
  async metadata(name: string, options?: CallOptions): Promise<Map<string, string>> {
    const call = native.rados_application_metadata_list
    const [keys, values] = await this.#ioctx.callWith(call, toTaskOptions(options), toText('name', name))
    return new Map(keys.map((key, i) => [key, values[i] ?? '']))
  }

  /**
   * One value of it.
   *
   * Errors: `ENOENT` there is none, or the application does not use the pool.
   *
   * Implements: rados_application_metadata_get.
   * @since 0.1.0
   */
  async getMetadata(name: string, key: string, options?: CallOptions): Promise<string> {
    const call = native.rados_application_metadata_get
    return this.#ioctx.callWith(call, toTaskOptions(options), toText('name', name), toText('key', key))
  }

  /**
   * Sets a value.
   *
   * Errors: `ENOENT` the application does not use the pool; `EINVAL` too long or too many; `EACCES`.
   *
   * Implements: rados_application_metadata_set; for texts that it does not quote the monitor command `osd pool application set`.
   * @since 0.1.0
   */
  async setMetadata(name: string, key: string, value: string, options?: CallOptions): Promise<void> {
    const task = toTaskOptions(options)
    const [app, itsKey] = [toText('name', name), toText('key', key)]
    const text = toText('value', value, { empty: true })
    if (needsQuoting(this.#ioctx.pool, app, itsKey, text)) {
      const command = { prefix: 'osd pool application set', app, key: itsKey, value: text }
      return this.#command(command, task.signal)
    }
    await this.#ioctx.callWith(native.rados_application_metadata_set, task, app, itsKey, text)
  }

  /**
   * Removes a value; one that is not there, too.
   *
   * Errors: `ENOENT` the application does not use the pool; `EACCES`.
   *
   * Implements: rados_application_metadata_remove; for texts that it does not quote the monitor command `osd pool application rm`.
   * @since 0.1.0
   */
  async removeMetadata(name: string, key: string, options?: CallOptions): Promise<void> {
    const task = toTaskOptions(options)
    const [app, itsKey] = [toText('name', name), toText('key', key)]
    if (needsQuoting(this.#ioctx.pool, app, itsKey)) {
      const command = { prefix: 'osd pool application rm', app, key: itsKey }
      return this.#command(command, task.signal)
    }
    await this.#ioctx.callWith(native.rados_application_metadata_remove, task, app, itsKey)
  }
}
