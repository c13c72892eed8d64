import { constants } from 'node:os'
import type { ErrorObject } from '../errors.js'
import { Resource } from '../internal/resource.js'
import { type LibvirtErrorContext, libvirtError, systemError } from './errors.js'

/**
 * Base of what a connection knows: domains, storage pools, volumes, secrets.
 *
 * Closing one is optional: it only gives back a reference in this process. What is not closed goes with the garbage
 * collection or with its connection, without a warning.
 *
 * @since 0.1.0
 */
export abstract class LibvirtObject extends Resource {
  readonly #uri: string | undefined
  readonly #object: string
  readonly #kind: string

  /** @internal */
  protected constructor(
    handle: number,
    parent: Resource,
    identity: { uri: string | undefined; object: string; kind: string },
  ) {
    super(handle, parent, undefined)
    this.#uri = identity.uri
    this.#object = identity.object
    this.#kind = identity.kind
  }

  /** @internal */
  context(syscall: string, object?: ErrorObject): LibvirtErrorContext {
    return { syscall, uri: this.#uri, object: object?.libvirtObject ?? this.#object }
  }

  /** @internal */
  override about(): ErrorObject {
    return { libvirtObject: this.#object }
  }

  /** @internal */
  makeError(result: number, syscall: string, value: unknown, object?: ErrorObject): Error {
    return libvirtError(result, value, this.context(syscall, object))
  }

  /** @internal */
  closedError(syscall: string): Error {
    return systemError(-constants.errno.EBADF, this.context(syscall), `the ${this.#kind} is closed`)
  }
}
