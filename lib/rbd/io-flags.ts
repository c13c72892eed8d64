import { LIBRADOS_OP_FLAG } from '../internal/generated/librados.js'
import { invalidArgType, toOneOf } from '../internal/validate.js'

const bits = {
  'fadvise-random': LIBRADOS_OP_FLAG.FADVISE_RANDOM,
  'fadvise-sequential': LIBRADOS_OP_FLAG.FADVISE_SEQUENTIAL,
  'fadvise-willneed': LIBRADOS_OP_FLAG.FADVISE_WILLNEED,
  'fadvise-dontneed': LIBRADOS_OP_FLAG.FADVISE_DONTNEED,
  'fadvise-nocache': LIBRADOS_OP_FLAG.FADVISE_NOCACHE,
  'fadvise-fua': LIBRADOS_OP_FLAG.FADVISE_FUA,
} as const

/**
 * What librbd and the OSDs are told of an operation, as advice: how the data is accessed and whether it is worth keeping in
 * a cache; with `'fadvise-fua'` a write is not to stay in librbd's.
 *
 * @since 0.1.0
 */
export type IoFlag = keyof typeof bits

const names = Object.keys(bits) as IoFlag[]

/** The flags as librbd has them; 0 for none. */
export function toIoFlags(argument: string, value: readonly IoFlag[] | undefined): number {
  if (value === undefined) return 0
  if (!Array.isArray(value)) throw invalidArgType(argument, 'an array of flag names', value)
  return value.reduce((mask: number, name) => mask | bits[toOneOf(argument, name, names)], 0)
}
