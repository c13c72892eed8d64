/** This file makes the errors of `rbdkit/provision`, each of which has a `code` and says what was left of the work. */

/**
 * What can go wrong besides what Ceph and libvirt answer.
 *
 * @since 0.1.0
 */
export type ProvisionErrorCode =
  | 'ERR_RBDKIT_CAPS'
  | 'ERR_RBDKIT_DIFFERS'
  | 'ERR_RBDKIT_EXISTS'
  | 'ERR_RBDKIT_FULL'
  | 'ERR_RBDKIT_IN_USE'
  | 'ERR_RBDKIT_MISSING'
  | 'ERR_RBDKIT_STEP_FAILED'
  | 'ERR_RBDKIT_STORAGE_POOL'
  | 'ABORT_ERR'

/**
 * Something that exists and is not what was asked for.
 *
 * @since 0.1.0
 */
export interface Difference {
  /** The step that is about it: `'user'`. */
  readonly step: string
  /** Its name: `'client.libvirt'`. */
  readonly name: string
  /** How it differs, in words. A key is in none of them. */
  readonly reason: string
  /** Whether `replace` brings it in line. What is somebody else's is not taken. */
  readonly replaceable: boolean
}

/**
 * A step whose work could not be undone.
 *
 * @since 0.1.0
 */
export interface LeftBehind {
  readonly step: string
  readonly error: Error
}

/**
 * What is known of a failure.
 *
 * @since 0.1.0
 */
export interface ProvisionErrorDetails {
  readonly step?: string | undefined
  readonly undone?: readonly string[]
  readonly left?: readonly LeftBehind[]
  readonly differences?: readonly Difference[]
  readonly cause?: unknown
}

/**
 * Work of several steps that was not done.
 *
 * - `ERR_RBDKIT_DIFFERS`: something exists and is not what was asked for; `differences` has it. Nothing was changed
 * - `ERR_RBDKIT_EXISTS`: there is a machine or an image of that name already. Nothing was changed
 * - `ERR_RBDKIT_MISSING`: what must be there is not: an image, a network, a user, a secret, a machine. Nothing was changed
 * - `ERR_RBDKIT_CAPS`: the user may not do what its machine needs. Nothing was changed
 * - `ERR_RBDKIT_FULL`: the cluster or the pool takes no more data. Nothing was changed
 * - `ERR_RBDKIT_IN_USE`: what is to be removed, or to be given to a machine, is in use. Nothing was changed
 * - `ERR_RBDKIT_STORAGE_POOL`: libvirt's RBD storage pools do not work on that host. Nothing was changed
 * - `ERR_RBDKIT_STEP_FAILED`: a step failed, `cause` says how; what was done was undone, `undone` and `left` say what
 * - `ABORT_ERR`: the signal was aborted, `cause` is its reason; likewise undone
 *
 * @since 0.1.0
 */
export class ProvisionError extends Error {
  static {
    ProvisionError.prototype.name = 'ProvisionError'
  }
  readonly code: ProvisionErrorCode
  /** The function: `'prepareLibvirt'`. */
  readonly operation: string
  /** The step that failed, or before which the abort was seen. */
  readonly step: string | undefined
  /** Steps that were undone, the last one first. */
  readonly undone: readonly string[]
  /** Steps that could not be undone: the next call of the same operation finds them by the record in the pool. */
  readonly left: readonly LeftBehind[]
  readonly differences: readonly Difference[]

  constructor(
    code: ProvisionErrorCode,
    operation: string,
    message: string,
    details: ProvisionErrorDetails = {},
  ) {
    const { step, undone = [], left = [], differences = [], cause } = details
    super(`${code}: ${message}, ${operation}`, cause === undefined ? undefined : { cause })
    this.code = code
    this.operation = operation
    this.step = step
    this.undone = undone
    this.left = left
    this.differences = differences
  }
}

/** What a thrown value says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
