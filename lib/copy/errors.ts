import { getSystemErrorMap } from 'node:util'
import { CephError } from '../errors.js'
import type { NativeCopyError } from '../internal/native/copy.js'
import type { DescriptorSource, DiskSource, FileDestination, ImageDestination } from './types.js'

/** An end of a copy as its errors call it. */
export type GivenEnd = DiskSource | DescriptorSource | FileDestination | ImageDestination | { stream: string }

/**
 * What no errno expresses.
 *
 * @since 0.1.0
 */
export type CopyErrorCode =
  | 'ERR_SOURCE_CHANGED'
  | 'ERR_RBDKIT_FORMAT'
  | 'ERR_LOCK_LOST'
  | 'ERR_FENCED'
  | 'ERR_VERIFY_FAILED'
  | 'ERR_VERIFY_UNSUPPORTED'
  | 'ERR_SERVER_SIDE_UNSUPPORTED'
  | 'ERR_PARENT_UNSUPPORTED'
  | 'ERR_REPLACE_LOSES'

/**
 * A copy that was given up for safety; nothing was published.
 *
 * - `ERR_SOURCE_CHANGED`: the source was written to, resized, removed or taken away while it was read; or, with
 *   `resume`, it is not what the unfinished copy is of
 * - `ERR_LOCK_LOST`: somebody has taken the temporary image's lock from the copy
 * - `ERR_FENCED`: Ceph has blocklisted this client, because somebody broke its lock or told it to. The
 *   {@link Cluster} cannot be used any more, not even to remove what is left: see {@link cleanupCopies}
 * - `ERR_RBDKIT_FORMAT`: the source file is not in the format that it is read as, damaged, or uses what is refused
 * - `ERR_VERIFY_FAILED`: the destination did not hold what was copied; the message names the first places
 * - `ERR_VERIFY_UNSUPPORTED`: it could not be verified as asked, so nothing was copied
 * - `ERR_SERVER_SIDE_UNSUPPORTED`: the OSDs cannot copy it, and `serverSide: 'require'` asked for that; the message
 *   says why not
 * - `ERR_PARENT_UNSUPPORTED`: the new image cannot be a clone of the source's parent, as `keepParent` asked; the message
 *   says why not. Nothing was made; without `keepParent` it can be copied
 * - `ERR_REPLACE_LOSES`: the image to `replace` has something that the new one would not have; the message says what, and
 *   what of {@link CopyOptions.replaceLoses} allows it
 *
 * @since 0.1.0
 */
export class CopyError extends Error {
  static {
    CopyError.prototype.name = 'CopyError'
  }
  readonly code: CopyErrorCode
  /** The call that showed it. */
  readonly syscall: string

  /** @internal */
  constructor(code: CopyErrorCode, message: string, syscall: string) {
    super(message)
    this.code = code
    this.syscall = syscall
  }
}

/** An error of a file, as `node:fs` makes it. */
interface FileError extends Error {
  code: string
  errno: number
  syscall: string
  path?: string
}

function fileError(errno: number, syscall: string, path: string, detail: string): FileError {
  const [code, text] = getSystemErrorMap().get(errno) ?? [`E${-errno}`, 'unknown error']
  const error = new Error(`${code}: ${text}, ${syscall}${path && ` '${path}'`}${detail && `: ${detail}`}`)
  return Object.assign(error, { code, errno, syscall, ...(path !== '' && { path }) })
}

/** The error of a job on files and streams alone; `path` is the one that it writes. */
export function streamError(
  errno: number,
  call: string,
  value: NativeCopyError | undefined,
  path: string,
): Error {
  if (value === undefined) return fileError(errno, call, path, '')
  const { syscall, code, message, object } = value
  if (code !== '') return new CopyError(code as CopyErrorCode, `'${object}': ${message}`, syscall)
  return fileError(errno, syscall, object || path, message)
}

/** The error of a copy that ended with `errno`; `value` is what native code says of it. */
export function copyError(
  errno: number,
  value: NativeCopyError | string | undefined,
  source: GivenEnd,
  destination: GivenEnd,
): Error {
  // A text: librbd could not be loaded.
  if (typeof value !== 'object') return new CephError({ errno, syscall: 'copy', detail: value })
  const { syscall, code, message, side } = value
  const end = side === 'source' ? source : destination
  if (code !== '') return new CopyError(code as CopyErrorCode, `${message}: ${describe(end)}`, syscall)
  if (side === 'none') return new CephError({ errno, syscall, detail: message })
  if ('file' in end) return fileError(errno, syscall, end.file, message)
  if ('fd' in end) return fileError(errno, syscall, `fd ${end.fd}`, message)
  if ('stream' in end) return fileError(errno, syscall, `${end.stream} stream`, message)
  const { pool, namespace } = end.ioctx
  const snapshot = 'snapshot' in end ? end.snapshot : undefined
  return new CephError({ pool, namespace, image: end.image, snapshot, errno, syscall, detail: message })
}

/** How messages call an end. */
export function describe(end: GivenEnd): string {
  if ('stream' in end) return `${end.stream} stream`
  if ('file' in end) return `'${end.file}'`
  if ('fd' in end) return `fd ${end.fd}`
  const namespace = end.ioctx.namespace === '' ? '' : `${end.ioctx.namespace}/`
  const snapshot = 'snapshot' in end && end.snapshot !== undefined ? `@${end.snapshot}` : ''
  return `'${end.ioctx.pool}/${namespace}${end.image}${snapshot}'`
}
