import { constants } from 'node:os'
import type { ErrorObject } from '../errors.js'
import type { TaskOptions } from '../internal/dispatcher.js'
import type { Task } from '../internal/native/core.js'
import { closeAbandoned, Resource } from '../internal/resource.js'
import { type LibvirtErrorContext, libvirtError, systemError } from './errors.js'

/** A connection that is opened again when its daemon has gone. */
export interface Origin {
  /** How often it has been opened again: an object's handle is of one time. */
  readonly generation: number
  /** Throws while the daemon is away: nothing is sent then. */
  checkConnected(syscall: string): void
}

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
  /** @internal `undefined`: its connection is opened once. */
  readonly origin: Origin | undefined
  #generation: number
  #renewal: Promise<void> | undefined

  /** @internal */
  protected constructor(
    handle: number,
    parent: Resource & { readonly origin?: Origin | undefined },
    identity: { uri: string | undefined; object: string; kind: string },
  ) {
    super(handle, parent, undefined)
    this.#uri = identity.uri
    this.#object = identity.object
    this.#kind = identity.kind
    this.origin = parent.origin
    this.#generation = this.origin?.generation ?? 0
  }

  /** @internal Looks it up by what names it; what has no such name has ended with its connection. */
  protected lookUpAgain(): Promise<{ handle: number }> {
    return Promise.reject(
      systemError(
        -constants.errno.ECONNRESET,
        this.context('virConnectOpen'),
        `the ${this.#kind} has ended with its connection`,
      ),
    )
  }

  get #isCurrent(): boolean {
    return this.origin === undefined || this.origin.generation === this.#generation
  }

  async #renew(generation: number): Promise<void> {
    const { handle } = await this.lookUpAgain()
    if (!this.open) return closeAbandoned(handle, this)
    this.replaceHandle(handle)
    this.#generation = generation
  }

  /** @internal After this its handle is of the connection as it is now; a call does it by itself. */
  async renewed(syscall: string): Promise<void> {
    this.origin?.checkConnected(syscall)
    while (!this.#isCurrent && this.open) {
      this.#renewal ??= this.#renew(this.origin?.generation ?? 0).finally(() => {
        this.#renewal = undefined
      })
      await this.#renewal
    }
  }

  /** @internal */
  override async lend<T>(syscall: string, use: () => Promise<T>): Promise<T> {
    if (!this.#isCurrent) await this.renewed(syscall)
    return super.lend(syscall, use)
  }

  /** @internal */
  override callWith<A extends unknown[], R>(
    fn: Task<[number, ...A], R>,
    options: TaskOptions,
    ...args: A
  ): Promise<R> {
    const call = (): Promise<R> => super.callWith(fn, options, ...args)
    if (!this.open || this.origin === undefined) return call()
    try {
      this.origin.checkConnected(fn.name)
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#isCurrent ? call() : this.renewed(fn.name).then(call)
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
