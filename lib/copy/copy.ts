import { resolve } from 'node:path'
import { native } from '../internal/addon.js'
import { untilAborted } from '../internal/call-options.js'
import { type Job, jobOptions, startJob } from '../internal/job.js'
import type { NativeCopyResult, NativeDeep, NativeNaming } from '../internal/native/copy.js'
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  toBoolean,
  toOneOf,
  toOptions,
  toSize,
  toText,
} from '../internal/validate.js'
import { toIoCtx } from '../rados/ioctx.js'
import { featureNames, toFeatures } from '../rbd/features.js'
import { Image } from '../rbd/image.js'
import { toNativeLayout } from '../rbd/layout.js'
import { toName } from '../rbd/names.js'
import {
  defaultMemory,
  type Endpoint,
  imageDestination,
  isFile,
  minMemory,
  rateLimits,
  startBetween,
  toDigest,
  toLimits,
  toOrdered,
  toSource,
} from './endpoints.js'
import { toStreamDestination, toStreamSource, withStreams } from './streams.js'
import type {
  CopyDestination,
  CopyOptions,
  CopyProgress,
  CopyResult,
  CopySource,
  DiskSource,
  FileDestination,
  ImageDestination,
  ImageSource,
  ReplaceLoss,
  ServerSide,
  VerifyLevel,
} from './types.js'

const copyOptions: Known<CopyOptions> = {
  ...jobOptions,
  ...rateLimits,
  maxMemory: ['memory', 'bufferSize'],
  replace: ['overwrite', 'force'],
  replaceLoses: true,
  resume: ['continue'],
  verify: true,
  serverSide: true,
  deep: ['snapshots'],
  keepParent: true,
}

const replaceLosses: readonly ReplaceLoss[] = ['mirroring', 'group-snapshots']

function toLosses(replaces: boolean, given: unknown): string[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw invalidArgType('options.replaceLoses', 'an Array', given)
  if (!replaces) throw invalidArgValue('options.replaceLoses', "goes with 'replace'")
  return given.map((loss) => toOneOf('options.replaceLoses', loss, replaceLosses))
}

function toNaming({ replace, resume, replaceLoses }: Partial<CopyOptions>): NativeNaming {
  const force = replace === 'force'
  const replaces = force || toBoolean('options.replace', replace, false)
  return {
    replace: replaces,
    mayLose: toLosses(replaces, replaceLoses),
    force,
    resume: toBoolean('options.resume', resume, false),
  }
}

function toDestination(given: CopyDestination, naming: NativeNaming): Endpoint {
  const ordered = toOrdered('destination', given, toStreamDestination)
  if (ordered) return ordered
  const destination = given as FileDestination | ImageDestination
  if (isFile('destination', destination)) {
    toOptions('destination', destination, { file: ['path'] })
    const file = resolve(toText('destination.file', destination.file))
    return { native: { file, ...naming }, ioctx: undefined, given: destination }
  }
  toOptions('destination', destination, imageDestination)
  const image = toName('destination.image', destination.image)
  const layout = toNativeLayout(destination)
  const ioctx = toIoCtx('destination.ioctx', destination.ioctx)
  return { native: { image, layout, ...naming }, ioctx, given: destination }
}

/** In the order of native/addon/copy.cc. */
const verifyLevels: readonly VerifyLevel[] = ['none', 'checksum', 'osd', 'read-back', 'full']

function toVerify(options: Partial<CopyOptions>, source: Endpoint, destination: Endpoint): VerifyLevel {
  // A deep copy reads what each snapshot changes, so the digest of the whole image takes another reading: only for
  // whoever asks for it.
  const usual = options.deep ? 'none' : 'checksum'
  const verify = toOneOf('options.verify', options.verify ?? usual, verifyLevels)
  const again = verify === 'full' ? [source, destination] : [destination]
  if (
    verify !== 'none' &&
    verify !== 'checksum' &&
    again.some(({ given }) => 'fd' in given || 'stream' in given)
  ) {
    throw invalidArgValue('options.verify', 'a stream or descriptor cannot be read again')
  }
  if (options.resume && (verify === 'osd' || verify === 'read-back')) {
    throw invalidArgValue(
      'options.verify',
      "with 'resume' there are no checksums of what was copied before; 'full' needs none",
    )
  }
  if (verify === 'osd' && 'file' in destination.given) {
    throw invalidArgValue(
      'options.verify',
      "'osd' is for images; a file is verified by 'read-back' or 'full'",
    )
  }
  return verify
}

/** Whether the copy is deep; throws when its ends or its verification cannot be. */
function toDeep(
  { deep, keepParent }: Partial<CopyOptions>,
  source: CopySource,
  destination: CopyDestination,
  verify: VerifyLevel,
): source is ImageSource {
  const keeps = toBoolean('options.keepParent', keepParent, false)
  if (!toBoolean('options.deep', deep, false)) {
    if (keeps) throw invalidArgValue('options.keepParent', "goes with 'deep'")
    return false
  }
  if (!('ioctx' in source && 'ioctx' in destination)) {
    throw invalidArgValue('options.deep', 'only images have snapshots')
  }
  if (verify === 'osd') {
    throw invalidArgValue('options.verify', "'osd' does not know snapshots; 'read-back' and 'full' do")
  }
  const { features } = destination
  if (
    keeps &&
    features !== undefined &&
    !featureNames(toFeatures('features', features)).includes('layering')
  ) {
    throw invalidArgValue('destination.features', "a clone needs 'layering'")
  }
  return true
}

async function describe(
  { ioctx, image: name }: ImageSource,
  keepParent: boolean,
  signal: AbortSignal,
): Promise<NativeDeep> {
  const image = await Image.open(ioctx, name, { readOnly: true, signal })
  try {
    const metadata = await image.metadata.list()
    return { deep: true, keepParent, keys: [...metadata.keys()], values: [...metadata.values()] }
  } finally {
    await image.close()
  }
}

/** In the order of native/addon/copy.cc. */
const serverSides: readonly ServerSide[] = ['never', 'auto', 'require']

function toServerSide({ serverSide, deep }: Partial<CopyOptions>, from: Endpoint, to: Endpoint): ServerSide {
  const given = toOneOf('options.serverSide', serverSide ?? 'never', serverSides)
  if (from.ioctx && to.ioctx && !deep) return given
  if (given === 'require') {
    throw invalidArgValue(
      'options.serverSide',
      "'require' is for copies from an image to an image, without 'deep'",
    )
  }
  return 'never'
}

function toResult(native: NativeCopyResult, verify: VerifyLevel, serverSide: ServerSide): CopyResult {
  const { crc32c, bytesCovered, objectsMoved, bytesMoved, obstacle, ...result } = native
  const holes = bytesCovered - result.bytesWritten - bytesMoved
  const digest = verify === 'none' ? '' : toDigest(crc32c)
  if (serverSide === 'never') return { ...result, holes, digest }
  const refused = obstacle === '' ? {} : { refused: obstacle }
  return { ...result, holes, digest, serverSide: { objects: objectsMoved, bytes: bytesMoved, ...refused } }
}

/**
 * Copies a disk: a file, a block device, a stream, or an image of any cluster, to a new file, a new image, a block device
 * or a stream. A stream is one of Node's, one of the web's, or a descriptor.
 *
 * All of it runs in native code but what a stream of JavaScript does itself. Holes and zeros are not written. The
 * destination is made under a temporary name (`<name>.rbdkit-<random>`) in the same directory or pool and renamed
 * when all of it is durable and the source is confirmed to be what it was: whoever sees the name sees the whole disk.
 * A copy that fails or is aborted leaves nothing; it rejects when nothing is in flight any more. One whose process is
 * killed leaves its temporary, which `resume` goes on with and {@link cleanupCopies} removes.
 *
 * Of an image its data is copied, as it is now or at one snapshot; `deep` copies its snapshots and metadata as well, and
 * with `keepParent` a clone stays one.
 *
 * Rejects with a `CephError` for images and an error like those of `node:fs` for files: `EEXIST` before any data is
 * moved when the destination's name is taken, `ENOENT` when the source is missing, `ENOSPC` or `EDQUOT` when there is
 * no room; with a {@link CopyError} `ERR_SOURCE_CHANGED`, `ERR_RBDKIT_FORMAT`, `ERR_VERIFY_FAILED` or, before any data is
 * moved, `ERR_VERIFY_UNSUPPORTED`, `ERR_SERVER_SIDE_UNSUPPORTED`, `ERR_PARENT_UNSUPPORTED` or `ERR_REPLACE_LOSES`; with
 * the signal's reason.
 * `EBUSY` with `deep` is also that of a source with snapshots that is being migrated, or is a clone of such an image.
 *
 * Implements: rbd_aio_read2, rbd_aio_write2, rbd_diff_iterate2, rbd_create4, rbd_lock_acquire, rados_watch3, rbd_flush, rbd_rename,
 * rbd_trash_move, rados_read_op_checksum, rbd_update_features, rbd_rebuild_object_map; with `deep` rbd_snap_list,
 * rbd_snap_create2, rbd_snap_protect, rbd_resize2, rbd_aio_write_zeroes, rbd_metadata_set,
 * rbd_snap_rollback_with_progress; with `keepParent` rbd_get_parent, rbd_get_overlap, rbd_clone3; with `replace`
 * rbd_list_lockers, rbd_mirror_image_get_info, rbd_snap_get_namespace_type, rbd_metadata_list, rbd_snap_get_limit,
 * rbd_snap_set_limit, rbd_get_group, rbd_group_image_add, rbd_group_image_remove_by_id.
 * @since 0.1.0
 */
export function copy(
  source: CopySource,
  destination: CopyDestination,
  options?: CopyOptions,
): Job<CopyProgress, CopyResult> {
  return startJob(options, copyOptions, async (context, given) => {
    const from = toOrdered('source', source, toStreamSource) ?? toSource('source', source as DiskSource)
    const to = toDestination(destination, toNaming(given))
    const memory = toSize('options.maxMemory', given.maxMemory ?? defaultMemory, minMemory)
    const verify = toVerify(given, from, to)
    if (toDeep(given, source, destination, verify)) {
      context.signal.throwIfAborted()
      const described = describe(source, given.keepParent === true, context.signal)
      Object.assign(from.native, await untilAborted(described, context.signal))
    }
    const serverSide = toServerSide(given, from, to)
    const levels = [verifyLevels.indexOf(verify), serverSides.indexOf(serverSide)] as const
    const args = [memory, ...levels, ...toLimits(given)] as const
    const result = await withStreams([from.stream, to.stream], context, (watched) =>
      startBetween(native.copy, from, to, [...args], watched),
    )
    return toResult(result, verify, serverSide)
  })
}
