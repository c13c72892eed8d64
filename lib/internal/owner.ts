import type { ErrorObject } from '../errors.js'

/** Who an operation belongs to: told when it ends, asked to make its error. */
export interface Owner {
  /** The number native code knows it by; block I/O has one. */
  readonly handle?: number
  /** The names of what it is, for those who trace calls. */
  about?(): ErrorObject
  /** Operations in flight; counted up by whoever starts one, down here. */
  inFlight: number
  /** `inFlight` came down to zero. */
  idle(): void
  /**
   * The error of a negative result. `value` is what native code added: a text, or libvirt's error; `object` what
   * the call was about beyond the owner itself.
   */
  makeError(result: number, syscall: string, value: unknown, object?: ErrorObject): Error
}
