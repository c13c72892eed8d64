import type { NativeOmap, NativeReadStep } from '../internal/native/rados.js'
import { invalidArgType, invalidArgValue, toOptions, toSize, toText } from '../internal/validate.js'
import { maxBytes, toBytes } from './bytes.js'
import { type ChecksumOptions, readChecksums, toChecksum } from './checksum.js'
import { type Comparison, type StepFlag, toComparison, toStepFlags } from './flags.js'
import { toKey, toKeyName, toMap, toNames } from './keys.js'

/**
 * An object's size in bytes and when it was last written, in milliseconds since 1970; before Ceph 18.2 whole seconds.
 *
 * @since 0.1.0
 */
export interface ObjectStat {
  size: number
  mtimeMs: number
}

/**
 * A part of an omap, in the order of the keys' bytes.
 *
 * @since 0.1.0
 */
export interface OmapPage<T> {
  /** Keys with their values, or keys alone. */
  entries: T
  /** Whether the object has more after these. An OSD gives at most 1 024 at once by default. */
  more: boolean
}

/**
 * Which part of an omap.
 *
 * @since 0.1.0
 */
export interface OmapRange {
  /** Keys after this one. Default: from the first. */
  after?: string
  /** At most so many. Default 1 000. */
  limit?: number
}

type WithoutAnswer<R extends readonly unknown[]> = R extends readonly [...infer H, infer L]
  ? [...H, L | undefined]
  : R

type Answer = (found: unknown) => unknown

/**
 * Steps that an OSD does on one object, all on the same state of it. `ioctx.operate()` runs it and gives what each step
 * that reads has read, in their order. Each method adds a step and returns the operation.
 *
 * ```js
 * const op = new ReadOp().stat().read({ position: 0, length: 4096 })
 * const { results: [stat, bytes] } = await ioctx.operate('object', op)
 * ```
 *
 * @since 0.1.0
 */
export class ReadOp<R extends readonly unknown[] = []> {
  /** @internal */
  readonly steps: NativeReadStep[] = []
  /** @internal What each step's answer means; undefined of one that reads nothing. */
  readonly answers: (Answer | undefined)[] = []

  #check(...step: NativeReadStep): this {
    this.steps.push(step)
    this.answers.push(undefined)
    return this
  }

  #add<T, N = T>(step: NativeReadStep, answer: (found: N) => T): ReadOp<[...R, T]> {
    this.steps.push(step)
    this.answers.push(answer as Answer)
    return this as unknown as ReadOp<[...R, T]>
  }

  /**
   * Flags of the step before. With `'failok'` its result may be `undefined`: it failed.
   *
   * Implements: rados_read_op_set_flags.
   * @since 0.1.0
   */
  flags(flags: readonly StepFlag[]): ReadOp<WithoutAnswer<R>> {
    if (this.steps.length === 0) throw invalidArgValue('flags', 'there is no step before')
    this.#check('rados_read_op_set_flags', toStepFlags('flags', flags))
    return this as unknown as ReadOp<WithoutAnswer<R>>
  }

  /**
   * Fails with `ENOENT` unless the object is there. Reading it does so anyway.
   *
   * Implements: rados_read_op_assert_exists.
   * @since 0.1.0
   */
  assertExists(): this {
    return this.#check('rados_read_op_assert_exists')
  }

  /**
   * Fails with `ERANGE` or `EOVERFLOW` unless the object's version is this one.
   *
   * Implements: rados_read_op_assert_version.
   * @since 0.1.0
   */
  assertVersion(version: number | bigint): this {
    return this.#check('rados_read_op_assert_version', BigInt(toSize('version', version, 1)))
  }

  /**
   * Fails with `ECANCELED` unless the object holds these bytes at `position`; the message says where it differs.
   *
   * Implements: rados_read_op_cmpext.
   * @since 0.1.0
   */
  compare(bytes: Uint8Array, position: number | bigint): this {
    return this.#check('rados_read_op_cmpext', toBytes('bytes', bytes), toSize('position', position))
  }

  /**
   * Fails with `ECANCELED` unless `value` compares so with an extended attribute: `'gt'` when `value` is greater than the
   * attribute.
   *
   * Implements: rados_read_op_cmpxattr.
   * @since 0.1.0
   */
  compareXattr(name: string, comparison: Comparison, value: Uint8Array): this {
    const how = toComparison('comparison', comparison)
    return this.#check('rados_read_op_cmpxattr', toText('name', name), how, toBytes('value', value))
  }

  /**
   * Fails with `ECANCELED` unless the omap's value compares so with `value`: `'gt'` when it is greater. A key that is not
   * there counts as empty.
   *
   * Implements: rados_read_op_omap_cmp2.
   * @since 0.1.0
   */
  compareOmap(key: string, comparison: Comparison, value: Uint8Array): this {
    const how = toComparison('comparison', comparison)
    return this.#check('rados_read_op_omap_cmp2', toKeyName('key', key), how, toBytes('value', value))
  }

  /**
   * Reads up to `length` bytes from `position`; fewer when the object ends before.
   *
   * Implements: rados_read_op_read.
   * @since 0.1.0
   */
  read(options: { position?: number | bigint; length: number }): ReadOp<[...R, Buffer]> {
    const { position, length } = toOptions('options', options, { position: ['offset'], length: true })
    const bytes = toSize('options.length', length, 1, maxBytes)
    return this.#add(
      ['rados_read_op_read', toSize('options.position', position ?? 0), bytes],
      (found: Buffer) => found,
    )
  }

  /**
   * Size and time of the object.
   *
   * Implements: rados_read_op_stat2, rados_read_op_stat.
   * @since 0.1.0
   */
  stat(): ReadOp<[...R, ObjectStat]> {
    return this.#add(['rados_read_op_stat'], (found: ObjectStat) => found)
  }

  /**
   * All extended attributes.
   *
   * Implements: rados_read_op_getxattrs, rados_getxattrs_next, rados_getxattrs_end.
   * @since 0.1.0
   */
  xattrs(): ReadOp<[...R, Map<string, Buffer>]> {
    return this.#add(['rados_read_op_getxattrs'], toMap)
  }

  /**
   * Checksums of the object's bytes, which the OSD computes: numbers, for `'xxhash64'` bigints.
   *
   * Implements: rados_read_op_checksum.
   * @since 0.1.0
   */
  checksum(options: ChecksumOptions): ReadOp<[...R, (number | bigint)[]]> {
    const { step, algorithm } = toChecksum(options)
    return this.#add(['rados_read_op_checksum', ...step], (found: Buffer) => readChecksums(found, algorithm))
  }

  /**
   * Calls a method of an object class, and gives its answer. A method that changes the object may be called, too.
   *
   * Errors: `EOPNOTSUPP` no such method; `EPERM` no such class, or not allowed; what the method answers.
   *
   * Implements: rados_read_op_exec.
   * @since 0.1.0
   */
  exec(cls: string, method: string, input: Uint8Array = new Uint8Array()): ReadOp<[...R, Buffer]> {
    return this.#add(
      ['rados_read_op_exec', toText('cls', cls), toText('method', method), toBytes('input', input)],
      (found: Buffer) => found,
    )
  }

  /**
   * Keys of the omap with their values; with `prefix` those that begin with it.
   *
   * Implements: rados_read_op_omap_get_vals2, rados_omap_get_next2, rados_omap_get_end.
   * @since 0.1.0
   */
  omapEntries(range?: OmapRange & { prefix?: string }): ReadOp<[...R, OmapPage<Map<string, Buffer>>]> {
    const { after, limit, prefix } = toOptions('range', range, {
      after: ['startAfter', 'start_after'],
      limit: ['maxReturn', 'max_return', 'max'],
      prefix: ['filterPrefix'],
    })
    const from = toKey('range.after', after ?? '')
    const step = [
      'rados_read_op_omap_get_vals2',
      from,
      toKey('range.prefix', prefix ?? ''),
      toSize('range.limit', limit ?? 1000, 1),
    ] as const
    return this.#add(step, (found: NativeOmap) => ({
      entries: toMap(found.entries),
      more: found.more ?? false,
    }))
  }

  /**
   * Keys of the omap.
   *
   * Implements: rados_read_op_omap_get_keys2.
   * @since 0.1.0
   */
  omapKeys(range?: OmapRange): ReadOp<[...R, OmapPage<string[]>]> {
    const { after, limit } = toOptions('range', range, {
      after: ['startAfter', 'start_after'],
      limit: ['maxReturn', 'max_return', 'max'],
    })
    const from = toKey('range.after', after ?? '')
    const step = ['rados_read_op_omap_get_keys2', from, toSize('range.limit', limit ?? 1000, 1)] as const
    return this.#add(step, (found: NativeOmap) => ({ entries: toNames(found), more: found.more ?? false }))
  }

  /**
   * Values of the omap by their keys; those that are not there are left out.
   *
   * Implements: rados_read_op_omap_get_vals_by_keys2.
   * @since 0.1.0
   */
  omapGet(keys: readonly string[]): ReadOp<[...R, Map<string, Buffer>]> {
    if (!Array.isArray(keys)) throw invalidArgType('keys', 'an Array', keys)
    const names = keys.map((key, i) => toKeyName(`keys[${i}]`, key))
    return this.#add(['rados_read_op_omap_get_vals_by_keys2', names], (found: NativeOmap) =>
      toMap(found.entries),
    )
  }
}
