import { LIBRADOS_CREATE } from '../internal/generated/librados.js'
import type { NativeWriteStep } from '../internal/native/rados.js'
import {
  invalidArgType,
  invalidArgValue,
  toBoolean,
  toOptions,
  toSize,
  toText,
} from '../internal/validate.js'
import { maxBytes, toBytes } from './bytes.js'
import {
  type AllocationHint,
  type Comparison,
  type StepFlag,
  toAllocationHints,
  toComparison,
  toStepFlags,
} from './flags.js'
import { toKey, toKeyName } from './keys.js'

/** Steps that change the object's bytes, or may. */
const changing: readonly NativeWriteStep[0][] = [
  'rados_write_op_write_full',
  'rados_write_op_write',
  'rados_write_op_writesame',
  'rados_write_op_append',
  'rados_write_op_truncate',
  'rados_write_op_zero',
  'rados_write_op_exec',
  'rados_write_op_remove',
]

/** Steps that change anything of it. */
const changingAny: readonly NativeWriteStep[0][] = [
  ...changing,
  'rados_write_op_setxattr',
  'rados_write_op_rmxattr',
  'rados_write_op_omap_set2',
  'rados_write_op_omap_rm_keys2',
  'rados_write_op_omap_rm_range2',
  'rados_write_op_omap_clear',
]

function toPairs(name: string, given: unknown): [string, Uint8Array][] {
  if (!(given instanceof Map)) throw invalidArgType(name, 'an instance of Map', given)
  return [...given].map(([key, value]) => [
    toKeyName(`a key of ${name}`, key),
    toBytes(`${name}'s value`, value),
  ])
}

/**
 * Steps that an OSD does to one object, all together or none of them. `ioctx.operate()` runs it, as often as one likes.
 * Each method adds a step and returns the operation.
 *
 * Bytes are taken when `operate()` is called. What compares comes before what changes: that is the one order that every
 * release of Ceph serves well, and others are refused.
 *
 * @since 0.1.0
 */
export class WriteOp {
  /** @internal */
  readonly steps: NativeWriteStep[] = []

  #add(...step: NativeWriteStep): this {
    this.steps.push(step)
    return this
  }

  /** A comparison after a change of what it reads has made an OSD hang: it is never sent. */
  #checkOrder(name: string, changes: readonly NativeWriteStep[0][]): void {
    const change = this.steps.find(([step]) => changes.includes(step))
    if (change !== undefined) throw invalidArgValue(name, `cannot be compared after ${change[0]}`)
  }

  /**
   * Flags of the step before.
   *
   * Implements: rados_write_op_set_flags.
   * @since 0.1.0
   */
  flags(flags: readonly StepFlag[]): this {
    if (this.steps.length === 0) throw invalidArgValue('flags', 'there is no step before')
    return this.#add('rados_write_op_set_flags', toStepFlags('flags', flags))
  }

  /**
   * Fails with `ENOENT` unless the object is there.
   *
   * Implements: rados_write_op_assert_exists.
   * @since 0.1.0
   */
  assertExists(): this {
    return this.#add('rados_write_op_assert_exists')
  }

  /**
   * Fails with `ERANGE` or `EOVERFLOW` unless the object's version is this one: an operation's result has it.
   *
   * Implements: rados_write_op_assert_version.
   * @since 0.1.0
   */
  assertVersion(version: number | bigint): this {
    return this.#add('rados_write_op_assert_version', BigInt(toSize('version', version, 1)))
  }

  /**
   * Fails with `ECANCELED` unless the object holds these bytes at `position`; the message says where it differs. Comes
   * before the steps that change the object's bytes.
   *
   * Implements: rados_write_op_cmpext.
   * @since 0.1.0
   */
  compare(bytes: Uint8Array, position: number | bigint): this {
    this.#checkOrder('bytes', changing)
    return this.#add('rados_write_op_cmpext', toBytes('bytes', bytes), toSize('position', position))
  }

  /**
   * Fails with `ECANCELED` unless `value` compares so with an extended attribute: `'gt'` when `value` is greater than the
   * attribute. Comes before all steps that change the object.
   *
   * Implements: rados_write_op_cmpxattr.
   * @since 0.1.0
   */
  compareXattr(name: string, comparison: Comparison, value: Uint8Array): this {
    this.#checkOrder('name', changingAny)
    const how = toComparison('comparison', comparison)
    return this.#add('rados_write_op_cmpxattr', toText('name', name), how, toBytes('value', value))
  }

  /**
   * Fails with `ECANCELED` unless the omap's value compares so with `value`: `'gt'` when it is greater. A key that is not
   * there counts as empty. Comes before all steps that change the object.
   *
   * Implements: rados_write_op_omap_cmp2.
   * @since 0.1.0
   */
  compareOmap(key: string, comparison: Comparison, value: Uint8Array): this {
    this.#checkOrder('key', changingAny)
    const how = toComparison('comparison', comparison)
    return this.#add('rados_write_op_omap_cmp2', toKeyName('key', key), how, toBytes('value', value))
  }

  /**
   * Makes the object; with `exclusive` fails with `EEXIST` when it is there.
   *
   * Implements: rados_write_op_create.
   * @since 0.1.0
   */
  create(options?: { exclusive?: boolean }): this {
    const { exclusive } = toOptions('options', options, { exclusive: true })
    const isExclusive = toBoolean('options.exclusive', exclusive, false)
    return this.#add(
      'rados_write_op_create',
      isExclusive ? LIBRADOS_CREATE.EXCLUSIVE : LIBRADOS_CREATE.IDEMPOTENT,
    )
  }

  /**
   * The object holds these bytes and nothing else from then on.
   *
   * Implements: rados_write_op_write_full.
   * @since 0.1.0
   */
  writeFull(bytes: Uint8Array): this {
    return this.#add('rados_write_op_write_full', toBytes('bytes', bytes))
  }

  /**
   * Implements: rados_write_op_write.
   * @since 0.1.0
   */
  write(bytes: Uint8Array, position: number | bigint): this {
    return this.#add('rados_write_op_write', toBytes('bytes', bytes), toSize('position', position))
  }

  /**
   * Writes `bytes` again and again over `length` bytes, a multiple of their own number.
   *
   * Implements: rados_write_op_writesame.
   * @since 0.1.0
   */
  writeSame(bytes: Uint8Array, options: { position: number | bigint; length: number | bigint }): this {
    const { position, length } = toOptions('options', options, { position: ['offset'], length: true })
    return this.#add(
      'rados_write_op_writesame',
      toBytes('bytes', bytes),
      toSize('options.length', length, 0, maxBytes),
      toSize('options.position', position),
    )
  }

  /**
   * Implements: rados_write_op_append.
   * @since 0.1.0
   */
  append(bytes: Uint8Array): this {
    return this.#add('rados_write_op_append', toBytes('bytes', bytes))
  }

  /**
   * The object is `size` bytes long from then on: cut, or with zeros behind what it has.
   *
   * Implements: rados_write_op_truncate.
   * @since 0.1.0
   */
  truncate(size: number | bigint): this {
    return this.#add('rados_write_op_truncate', toSize('size', size))
  }

  /**
   * Makes bytes zero. It creates no object; zeros behind its end may extend it.
   *
   * Implements: rados_write_op_zero.
   * @since 0.1.0
   */
  zero(options: { position: number | bigint; length: number | bigint }): this {
    const { position, length } = toOptions('options', options, { position: ['offset'], length: true })
    return this.#add(
      'rados_write_op_zero',
      toSize('options.position', position),
      toSize('options.length', length),
    )
  }

  /**
   * Sets an extended attribute.
   *
   * Implements: rados_write_op_setxattr.
   * @since 0.1.0
   */
  setXattr(name: string, bytes: Uint8Array): this {
    return this.#add('rados_write_op_setxattr', toText('name', name), toBytes('bytes', bytes))
  }

  /**
   * Removes an extended attribute.
   *
   * Implements: rados_write_op_rmxattr.
   * @since 0.1.0
   */
  removeXattr(name: string): this {
    return this.#add('rados_write_op_rmxattr', toText('name', name))
  }

  /**
   * Sets keys of the object's omap.
   *
   * Implements: rados_write_op_omap_set2.
   * @since 0.1.0
   */
  omapSet(pairs: ReadonlyMap<string, Uint8Array>): this {
    return this.#add('rados_write_op_omap_set2', toPairs('pairs', pairs))
  }

  /**
   * Removes keys of the object's omap; those that are not there, too.
   *
   * Implements: rados_write_op_omap_rm_keys2.
   * @since 0.1.0
   */
  omapRemove(keys: readonly string[]): this {
    if (!Array.isArray(keys)) throw invalidArgType('keys', 'an Array', keys)
    const names = keys.map((key, i) => toKeyName(`keys[${i}]`, key))
    return this.#add('rados_write_op_omap_rm_keys2', names)
  }

  /**
   * Removes the keys of the object's omap from `begin` up to, and without, `end`, in the order of their bytes.
   *
   * Implements: rados_write_op_omap_rm_range2.
   * @since 0.1.0
   */
  omapRemoveRange(begin: string, end: string): this {
    const range = [toKey('begin', begin, { nul: true }), toKey('end', end, { nul: true })] as const
    return this.#add('rados_write_op_omap_rm_range2', ...range)
  }

  /**
   * Removes all keys of the object's omap.
   *
   * Implements: rados_write_op_omap_clear.
   * @since 0.1.0
   */
  omapClear(): this {
    return this.#add('rados_write_op_omap_clear')
  }

  /**
   * Tells the OSD how large the object and its writes are going to be, in bytes, and how it is going to be used.
   *
   * Implements: rados_write_op_set_alloc_hint2.
   * @since 0.1.0
   */
  allocationHint(hint: {
    objectSize?: number | bigint
    writeSize?: number | bigint
    flags?: readonly AllocationHint[]
  }): this {
    const { objectSize, writeSize, flags } = toOptions('hint', hint, {
      objectSize: ['expected_object_size'],
      writeSize: ['expected_write_size'],
      flags: true,
    })
    return this.#add(
      'rados_write_op_set_alloc_hint2',
      toSize('hint.objectSize', objectSize ?? 0),
      toSize('hint.writeSize', writeSize ?? 0),
      toAllocationHints('hint.flags', flags),
    )
  }

  /**
   * Calls a method of an object class that changes the object. What it answers, librados does not give: `ReadOp` does.
   *
   * Errors: `EOPNOTSUPP` no such method; `EPERM` no such class, or not allowed; what the method answers.
   *
   * Implements: rados_write_op_exec.
   * @since 0.1.0
   */
  exec(cls: string, method: string, input: Uint8Array = new Uint8Array()): this {
    return this.#add(
      'rados_write_op_exec',
      toText('cls', cls),
      toText('method', method),
      toBytes('input', input),
    )
  }

  /**
   * Removes the object.
   *
   * Implements: rados_write_op_remove.
   * @since 0.1.0
   */
  remove(): this {
    return this.#add('rados_write_op_remove')
  }
}
