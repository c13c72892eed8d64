import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { type Known, toOptions, toSize, toText } from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { explained } from './explain.js'

/**
 * Which pairs of a pool's metadata to list.
 *
 * @since 0.1.0
 */
export interface PoolMetadataListOptions extends CallOptions {
  /** Only those behind this key: the last one of a page before. */
  after?: string
  /** At most so many; default: all. */
  limit?: number
}

const listOptions: Known<PoolMetadataListOptions> = {
  signal: true,
  after: ['start', 'startAfter'],
  limit: ['max'],
}

/** What begins the keys that override librbd's configuration. */
const configPrefix = 'conf_'

/**
 * Why a pool cannot have a pair of metadata. The value is not shown: it may be a secret.
 */
async function whyNotSet(ioctx: IoCtx, key: string): Promise<string> {
  if (!key.startsWith(configPrefix)) return ''
  const option = key.slice(configPrefix.length)
  const options = await ioctx.call(native.rbd_config_pool_list)
  return options.some(([name]) => name === option)
    ? `the option ${option} does not take this value`
    : `a key that begins with conf_ sets an option of librbd for the pool, and there is no option '${option}'`
}

/**
 * Key and value pairs that librbd keeps with a pool. Keys that begin with `conf_` override librbd's configuration for all
 * its images: {@link PoolConfig}.
 *
 * @since 0.1.0
 */
export class PoolMetadata {
  readonly #ioctx: IoCtx

  /** Those of the pool of an ioctx, which stays the caller's. A namespace has none of its own. */
  constructor(ioctx: IoCtx) {
    this.#ioctx = toIoCtx('ioctx', ioctx)
  }

  /**
   * The value of a key, or `undefined` when there is none.
   *
   * Implements: rbd_pool_metadata_get.
   * @since 0.1.0
   */
  async get(key: string, options?: CallOptions): Promise<string | undefined> {
    return this.#ioctx.callWith(native.rbd_pool_metadata_get, toTaskOptions(options), toText('key', key))
  }

  /**
   * Errors: `EINVAL` a `conf_` key names no option of librbd, or one that does not take the value.
   *
   * Implements: rbd_pool_metadata_set.
   * @since 0.1.0
   */
  async set(key: string, value: string, options?: CallOptions): Promise<void> {
    const name = toText('key', key)
    const text = toText('value', value, { empty: true })
    const task = toTaskOptions(options)
    const set = this.#ioctx.callWith(native.rbd_pool_metadata_set, task, name, text)
    await explained(set, ['EINVAL'], () => whyNotSet(this.#ioctx, name), task.signal)
  }

  /**
   * Errors: `ENOENT` no such key.
   *
   * Implements: rbd_pool_metadata_remove.
   * @since 0.1.0
   */
  async remove(key: string, options?: CallOptions): Promise<void> {
    const name = toText('key', key)
    const removed = this.#ioctx.callWith(native.rbd_pool_metadata_remove, toTaskOptions(options), name)
    await explained(removed, ['ENOENT'], async () => `it has no key '${name}'`)
  }

  /**
   * All pairs, sorted by key; or a page of them.
   *
   * Implements: rbd_pool_metadata_list, rbd_pool_metadata_get.
   * @since 0.1.0
   */
  async list(options?: PoolMetadataListOptions): Promise<Map<string, string>> {
    const { after, limit, signal } = toOptions('options', options, listOptions)
    const start = after === undefined ? '' : toText('options.after', after, { empty: true })
    const most = limit === undefined ? 0 : toSize('options.limit', limit, 1)
    return new Map(
      await this.#ioctx.callWith(native.rbd_pool_metadata_list, toTaskOptions({ signal }), start, most),
    )
  }
}

/**
 * An option of librbd as it is in force for a pool.
 *
 * @since 0.1.0
 */
export interface PoolConfigOption {
  /** `'rbd_cache'`, `'rbd_qos_iops_limit'` */
  name: string
  value: string
  /** `'pool'`: the pool overrides it. `'config'`: it is the client's own, or the default. */
  source: 'config' | 'pool'
}

/**
 * librbd's configuration for all images of a pool. An image's own ({@link Metadata}) goes before it.
 *
 * @since 0.1.0
 */
export class PoolConfig {
  readonly #ioctx: IoCtx
  readonly #metadata: PoolMetadata

  /** That of the pool of an ioctx, which stays the caller's. */
  constructor(ioctx: IoCtx) {
    this.#ioctx = toIoCtx('ioctx', ioctx)
    this.#metadata = new PoolMetadata(ioctx)
  }

  /**
   * All options that a pool can override, with the values in force.
   *
   * Implements: rbd_config_pool_list.
   * @since 0.1.0
   */
  async list(options?: CallOptions): Promise<PoolConfigOption[]> {
    const list = await this.#ioctx.callWith(native.rbd_config_pool_list, toTaskOptions(options))
    return list.map(([name, value, source]) => ({
      name,
      value,
      source: source === 'pool' ? 'pool' : 'config',
    }))
  }

  /**
   * Overrides an option. Images that are open take it over when their header changes, others when they are opened.
   *
   * Errors: `EINVAL` no such option, or it does not take the value.
   *
   * Implements: rbd_pool_metadata_set.
   * @since 0.1.0
   */
  async set(name: string, value: string | number | boolean, options?: CallOptions): Promise<void> {
    const option = toText('name', name)
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
    await this.#metadata.set(`${configPrefix}${option}`, toText('value', text, { empty: true }), options)
  }

  /**
   * Ends overriding an option.
   *
   * Errors: `ENOENT` the pool does not override it.
   *
   * Implements: rbd_pool_metadata_remove.
   * @since 0.1.0
   */
  async remove(name: string, options?: CallOptions): Promise<void> {
    await this.#metadata.remove(`${configPrefix}${toText('name', name)}`, options)
  }
}
