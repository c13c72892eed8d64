import { join, resolve } from 'node:path'
import { CephError } from '../errors.js'
import { native } from '../internal/addon.js'
import { type Owner, startTask, type TaskOptions } from '../internal/dispatcher.js'
import type { NativeCopyError, NativeLeftover } from '../internal/native/copy.js'
import {
  invalidArgType,
  invalidArgValue,
  toBoolean,
  toOptions,
  toSignal,
  toText,
} from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { copyError } from './errors.js'
import { warnLeft } from './left.js'

/**
 * Something that a copy has left whose process was killed.
 *
 * @since 0.1.0
 */
export interface Leftover {
  /** `'snapshot'`: the temporary snapshot of a source that was in use. */
  kind: 'image' | 'file' | 'snapshot'
  /** The temporary's name. */
  name: string
  /** The name that the copy is to have; of a snapshot, its image's. */
  target: string
  /** Bytes of the source that `resume` does not copy again. */
  bytesDurable: number
  bytesTotal: number
  /** A copy that is at work, or was until a moment ago: it is left alone. */
  inUse: boolean
  /** What is done about it: a whole copy is given its name, the rest is removed. */
  action: 'publish' | 'remove'
  /** Whether it was done. */
  done: boolean
  /** Why it could not be. `EEXIST`: something else has the name by now. */
  error?: Error
}

/**
 * Options of {@link cleanupCopies}.
 *
 * @since 0.1.0
 */
export interface CleanupOptions {
  /** Lists only, and clears nothing. Default false. */
  dryRun?: boolean
  /** Ends it early, also in the middle of a removal: what is left of that is found again. */
  signal?: AbortSignal
}

type Place = { ioctx: IoCtx } | { directory: string }

/** The ioctx does not close meanwhile, nor before what an abort has left behind has ended. */
function makeOwner(where: Place): Owner {
  const ioctx = 'ioctx' in where ? where.ioctx : undefined
  if (ioctx?.open === false) throw ioctx.closedError('cleanupCopies')
  if (ioctx) ioctx.inFlight++
  return {
    inFlight: 0,
    idle() {
      if (ioctx && --ioctx.inFlight === 0) ioctx.idle()
    },
    makeError(errno, syscall, value) {
      const error = value as NativeCopyError | string | undefined
      if ('directory' in where) {
        const end = { file: where.directory }
        return copyError(errno, typeof error === 'object' ? { ...error, side: 'source' } : error, end, end)
      }
      const { pool, namespace } = where.ioctx
      if (typeof error !== 'object') return new CephError({ pool, namespace, errno, syscall, detail: error })
      return new CephError({ pool, namespace, errno, syscall: error.syscall, detail: error.message })
    },
  }
}

/** Where a leftover is, as an endpoint: for its error. */
function endOf(where: Place, { kind, target, name }: NativeLeftover) {
  if ('directory' in where) return { file: join(where.directory, name) }
  return { ioctx: where.ioctx, image: kind === 'snapshot' ? target : name }
}

function toLeftover(where: Place, leftover: NativeLeftover): Leftover {
  const { whole, cleared, error, ...rest } = leftover
  const end = endOf(where, leftover)
  return {
    ...rest,
    action: whole ? 'publish' : 'remove',
    done: cleared,
    ...(error && { error: copyError(error.errno, { ...error, side: 'source' }, end, end) }),
  }
}

/**
 * Finds what copies have left in a pool and namespace, or in a directory, whose process was killed or whose cluster
 * was lost, and clears it up: a copy that was whole is given its name, also where its rename was cut in half or it was
 * to replace another image; unfinished images, files and snapshots are removed. To go on with an unfinished copy
 * instead, call {@link copy} with `resume`. Resolves with what there was.
 *
 * Only what a copy has written down is touched: in the object `rbdkit.copies` of the pool and namespace, beside a
 * file in `<temporary>.copy`. What belongs to a copy that is at work is left alone (`inUse`): of a killed one that is
 * so until Ceph has given up its client, 30 seconds by default. The others' errors are in `error`, one each.
 *
 * Errors: those of reading the records, such as `ENOENT` the directory does not exist, `EPERM`.
 *
 * Implements: rbd_remove_with_progress, rbd_snap_remove2, rbd_rename, rbd_trash_move, rados_nobjects_list_open,
 * rados_nobjects_list_next, rados_nobjects_list_close, rados_remove.
 * @since 0.1.0
 */
export async function cleanupCopies(
  where: { ioctx: IoCtx } | { directory: string },
  options?: CleanupOptions,
): Promise<Leftover[]> {
  const given = toOptions('options', options, { dryRun: ['dry'], signal: true })
  const clear = !toBoolean('options.dryRun', given.dryRun, false)
  const signal = toSignal(given.signal)
  if (typeof where !== 'object' || where === null) throw invalidArgType('where', 'of type object', where)
  if ('ioctx' in where && 'directory' in where) {
    throw invalidArgValue('where', 'is either a pool or a directory')
  }
  toOptions('where', where, { ioctx: ['pool'], directory: ['dir', 'path'] })
  signal?.throwIfAborted()
  const leave: TaskOptions = { signal, onAbort: 'leave', left: () => warnLeft('cleanupCopies') }
  let found: NativeLeftover[]
  if ('directory' in where) {
    const directory = resolve(toText('where.directory', where.directory))
    found = await startTask(makeOwner(where), native.fileLeftovers, [directory, clear], leave)
  } else {
    const { handle } = toIoCtx('where.ioctx', where.ioctx)
    found = await startTask(makeOwner(where), native.imageLeftovers, [handle, clear], leave)
  }
  return found.map((leftover) => toLeftover(where, leftover))
}
