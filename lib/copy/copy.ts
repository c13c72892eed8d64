import { resolve } from 'node:path'
import { native } from '../internal/addon.js'
import { type Owner, startTask } from '../internal/dispatcher.js'
import { Job } from '../internal/job.js'
import type { NativeCopyError, NativeCopyResult, NativeEndpoint } from '../internal/native/copy.js'
import { invalidArgType, invalidArgValue, toOneOf, toOptions, toSize, toText } from '../internal/validate.js'
import { IoCtx } from '../rados/ioctx.js'
import { toNativeLayout } from '../rbd/layout.js'
import { toName } from '../rbd/names.js'
import { copyError } from './errors.js'
import type { CopyDestination, CopyOptions, CopyProgress, CopyResult, CopySource } from './types.js'

/** Buffers are 4 MiB each; with fewer than four nothing overlaps. */
const minMemory = 16 * 1024 * 1024
const defaultMemory = 64 * 1024 * 1024

/** An endpoint for native code, and the ioctx that must stay open meanwhile. */
interface Endpoint {
  native: NativeEndpoint
  ioctx: IoCtx | undefined
}

function isFile<T extends object>(name: string, end: T): end is Extract<T, { file: string }> {
  if (typeof end !== 'object' || end === null) throw invalidArgType(name, 'of type object', end)
  if ('file' in end && 'ioctx' in end) throw invalidArgValue(name, 'is either a file or an image')
  return 'file' in end
}

function toIoCtx(name: string, value: unknown): IoCtx {
  if (value instanceof IoCtx) return value
  throw invalidArgType(name, 'an instance of IoCtx', value)
}

function toSource(source: CopySource): Endpoint {
  if (isFile('source', source)) {
    const file = resolve(toText('source.file', source.file))
    const raw = source.format !== undefined && toOneOf('source.format', source.format, ['raw']) === 'raw'
    return { native: { file, raw }, ioctx: undefined }
  }
  const image = toName('source.image', source.image)
  const snapshot =
    source.snapshot === undefined ? {} : { snapshot: toName('source.snapshot', source.snapshot) }
  return { native: { image, ...snapshot }, ioctx: toIoCtx('source.ioctx', source.ioctx) }
}

function toDestination(destination: CopyDestination): Endpoint {
  if (isFile('destination', destination)) {
    return { native: { file: resolve(toText('destination.file', destination.file)) }, ioctx: undefined }
  }
  const image = toName('destination.image', destination.image)
  const layout = toNativeLayout(destination)
  return { native: { image, layout }, ioctx: toIoCtx('destination.ioctx', destination.ioctx) }
}

/** Keeps the ioctxs from closing while the copy is under way. */
function makeOwner(ioctxs: readonly IoCtx[], source: CopySource, destination: CopyDestination): Owner {
  for (const ioctx of ioctxs) ioctx.inFlight++
  return {
    inFlight: 0,
    idle() {
      for (const ioctx of ioctxs) if (--ioctx.inFlight === 0) ioctx.idle()
    },
    makeError: (result, _syscall, value) =>
      copyError(result, value as NativeCopyError | string | undefined, source, destination),
  }
}

function toResult({ crc32c, ...result }: NativeCopyResult): CopyResult {
  const digest = `crc32c:${crc32c.toString(16).padStart(8, '0')}`
  return { ...result, holes: result.bytes - result.bytesWritten, digest }
}

/**
 * Copies a disk: a file or block device, or an image of any cluster, to a new file or a new image.
 *
 * All of it runs in native code. Holes and zeros are not written. The destination is made under a temporary name
 * (`<name>.rbdkit-<random>`) in the same directory or pool and renamed when all of it is durable and the source is
 * confirmed to be what it was: whoever sees the name sees the whole disk. A copy that fails or is aborted leaves
 * nothing; it rejects when nothing is in flight any more.
 *
 * Rejects with a `CephError` for images and an error like those of `node:fs` for files: `EEXIST` before any data is
 * moved when the destination's name is taken, `ENOENT` when the source is missing, `ENOSPC` or `EDQUOT` when there is
 * no room; with a {@link CopyError} `ERR_SOURCE_CHANGED` or `ERR_RBDKIT_FORMAT`; with the signal's reason.
 *
 * Implements: rbd_aio_read2, rbd_aio_write2, rbd_diff_iterate2, rbd_create4, rbd_flush, rbd_rename.
 * @since 0.1.0
 */
export function copy(
  source: CopySource,
  destination: CopyDestination,
  options?: CopyOptions,
): Job<CopyProgress, CopyResult> {
  return new Job(options, async ({ signal, report }) => {
    const { maxMemory } = toOptions('options', options)
    const from = toSource(source)
    const to = toDestination(destination)
    const memory = toSize('options.maxMemory', maxMemory ?? defaultMemory, minMemory)
    const ioctxs = [from.ioctx, to.ioctx].filter((ioctx) => ioctx !== undefined)
    const closed = ioctxs.find((ioctx) => !ioctx.open)
    if (closed) throw closed.closedError('copy')
    signal.throwIfAborted()
    const args: Parameters<typeof native.copy> extends [number, ...infer A] ? A : never = [
      from.native,
      from.ioctx?.handle ?? 0,
      to.native,
      to.ioctx?.handle ?? 0,
      memory,
    ]
    const result = await startTask<NativeCopyResult, typeof args>(
      makeOwner(ioctxs, source, destination),
      native.copy,
      args,
      { signal, onAbort: 'cancel', onProgress: report as (progress: never) => void },
    )
    return toResult(result)
  })
}
