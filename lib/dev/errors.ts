/** This file makes the errors of `rbdkit/dev`, each of which has a `code` and says what to do next. */

/**
 * What can go wrong with a local cluster or hypervisor.
 *
 * @since 0.1.0
 */
export type DevErrorCode =
  | 'ERR_RBDKIT_MISSING_PACKAGE'
  | 'ERR_RBDKIT_DEV_START'
  | 'ERR_RBDKIT_DEV_STOP'
  | 'ERR_RBDKIT_DEV_EXISTS'
  | 'ERR_RBDKIT_DEV_REGISTRY'
  | 'ERR_RBDKIT_DEV_ROOT'

/**
 * An error of a local cluster or hypervisor.
 *
 * - `ERR_RBDKIT_MISSING_PACKAGE`: a program is not installed; `packages` names what to install
 * - `ERR_RBDKIT_DEV_START`: a daemon did not come up; `logs` is where its log is kept
 * - `ERR_RBDKIT_DEV_STOP`: a process could not be ended
 * - `ERR_RBDKIT_DEV_EXISTS`: the directory is not empty, or the name is taken
 * - `ERR_RBDKIT_DEV_REGISTRY`: the registry directory belongs to somebody else
 * - `ERR_RBDKIT_DEV_ROOT`: the hypervisor needs root
 *
 * @since 0.1.0
 */
export class DevError extends Error {
  override readonly name = 'DevError'
  readonly code: DevErrorCode
  /** Debian packages to install, with `ERR_RBDKIT_MISSING_PACKAGE`; else empty. */
  readonly packages: readonly string[]
  /** The directory with the kept logs, with `ERR_RBDKIT_DEV_START`. */
  readonly logs: string | undefined

  constructor(
    code: DevErrorCode,
    message: string,
    details: { packages?: readonly string[]; logs?: string; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.packages = details.packages ?? []
    this.logs = details.logs
  }
}
