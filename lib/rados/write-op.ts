import { LIBRADOS_CREATE } from '../internal/generated/librados.js'
import type { NativeStep } from '../internal/native/rados.js'
import {
  invalidArgType,
  invalidArgValue,
  toBoolean,
  toOptions,
  toSize,
  toText,
} from '../internal/validate.js'
import { toBytes } from './bytes.js'

/** Steps that change bytes. Bytes are compared before them, the one order that every release of Ceph serves well. */
const changing: ReadonlySet<NativeStep[0]> = new Set([
  'rados_write_op_write_full',
  'rados_write_op_write',
  'rados_write_op_append',
  'rados_write_op_remove',
] as const)

function toPairs(name: string, given: unknown): [string, Uint8Array][] {
  if (!(given instanceof Map)) throw invalidArgType(name, 'an instance of Map', given)
  return [...given].map(([key, value]) => [
    toText(`a key of ${name}`, key),
    toBytes(`${name}'s value`, value),
  ])
}

/**
 * Steps that an OSD does to one object, all together or none of them. `ioctx.operate()` runs it, as often as one likes.
 * Each method adds a step and returns the operation.
 *
 * Bytes are taken when `operate()` is called.
 *
 * @since 0.1.0
 */
export class WriteOp {
  /** @internal */
  readonly steps: NativeStep[] = []

  #add(...step: NativeStep): this {
    this.steps.push(step)
    return this
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
   * Fails with `ERANGE` or `EOVERFLOW` unless the object's version is this one.
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
    const change = this.steps.find(([name]) => changing.has(name))
    if (change !== undefined) throw invalidArgValue('bytes', `cannot be compared after ${change[0]}`)
    return this.#add('rados_write_op_cmpext', toBytes('bytes', bytes), toSize('position', position))
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
   * Implements: rados_write_op_append.
   * @since 0.1.0
   */
  append(bytes: Uint8Array): this {
    return this.#add('rados_write_op_append', toBytes('bytes', bytes))
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
    const names = keys.map((key, i) => toText(`keys[${i}]`, key))
    return this.#add('rados_write_op_omap_rm_keys2', names)
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
