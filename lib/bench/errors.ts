import { objectPath } from '../errors.js'
import type { Image } from '../rbd/image.js'

/**
 * Why a run was refused or given up.
 *
 * @since 0.1.0
 */
export type BenchErrorCode =
  | 'ERR_RBDKIT_BENCH_DESTRUCTIVE'
  | 'ERR_RBDKIT_BENCH_UNALLOCATED'
  | 'ERR_RBDKIT_BENCH_LOCK'
  | 'ERR_RBDKIT_BENCH_VERIFY'

/**
 * A run that was refused because it would do harm or measure nothing, or that read what was not written.
 *
 * - `ERR_RBDKIT_BENCH_DESTRUCTIVE`: it would overwrite the image; `destructive` allows it
 * - `ERR_RBDKIT_BENCH_UNALLOCATED`: it would read what was never written; `allowUnallocated` allows it
 * - `ERR_RBDKIT_BENCH_LOCK`: it would write to an image through several handles, which take its exclusive lock from
 *   each other
 * - `ERR_RBDKIT_BENCH_VERIFY`: a block that was read is not what a run with `verify` wrote
 *
 * @since 0.1.0
 */
export class BenchError extends Error {
  static {
    BenchError.prototype.name = 'BenchError'
  }
  readonly code: BenchErrorCode
  readonly pool: string
  readonly namespace: string
  readonly image: string

  /** @internal */
  constructor(code: BenchErrorCode, image: Image, message: string) {
    super(`'${imagePath(image)}': ${message}`)
    this.code = code
    this.pool = image.ioctx.pool
    this.namespace = image.ioctx.namespace
    this.image = image.name
  }
}

/** `pool/namespace/image@snapshot` */
export function imagePath(image: Image): string {
  const { pool, namespace } = image.ioctx
  return objectPath({ pool, namespace, image: image.name, snapshot: image.snapshot })
}
