import { type CephError, closedError } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toCallSignal, toTaskOptions } from '../internal/call-options.js'
import type { NativeObjectPage } from '../internal/native/rados.js'
import { closeAbandoned, Resource } from '../internal/resource.js'
import { invalidArgValue, type Known, toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import type { IoCtx } from './ioctx.js'

/**
 * An object of a pool, as a listing has it.
 *
 * @since 0.1.0
 */
export interface ListedObject {
  name: string
  /** Empty for the one without a name. */
  namespace: string
  /** The key that places it, when that is not its name. */
  locator: string
}

/**
 * Which objects are listed, and how.
 *
 * @since 0.1.0
 */
export interface ObjectListOptions extends CallOptions {
  /** Those of all namespaces. Default: of the ioctx's only. */
  allNamespaces?: boolean
  /** Parts of the pool that are listed at the same time. Default 4. */
  slices?: number
  /** Objects that an OSD is asked for at once; about two of these a slice are in memory. Default 1 000. */
  pageSize?: number
  /** Goes on where another listing was: its `cursor`, of the same pool and as many slices. */
  cursor?: string
}

const listOptions: Known<ObjectListOptions> = {
  allNamespaces: ['all'],
  slices: ['workers', 'parallel'],
  pageSize: ['limit', 'max'],
  cursor: ['after', 'position'],
  signal: true,
}

/** LIBRADOS_ALL_NSPACES of librados.hpp. */
const everyNamespace = '\x01'

/** The native side of a listing. */
class OpenListing extends Resource {
  readonly #ioctx: IoCtx

  private constructor(handle: number, ioctx: IoCtx) {
    super(handle, ioctx, undefined)
    this.#ioctx = ioctx
  }

  static async open(
    ioctx: IoCtx,
    namespace: string,
    positions: number[],
    options: CallOptions,
  ): Promise<OpenListing> {
    const task = { ...toTaskOptions(options), abandoned: closeAbandoned }
    const handle = await ioctx.callWith(native.rados_object_list_slice, task, namespace, positions)
    return new OpenListing(handle, ioctx)
  }

  makeError(errno: number, syscall: string, value: unknown): Error {
    return this.#ioctx.makeError(errno, syscall, value)
  }

  closedError(syscall: string): CephError {
    return closedError(syscall, this.#ioctx.about(), 'the ioctx is closed')
  }
}

function readCursor(text: string): number[] {
  const match = /^1:((?:[0-9a-f]{1,8}|begin|end)(?:,(?:[0-9a-f]{1,8}|begin|end))*)$/.exec(text)
  if (match?.[1] === undefined) throw invalidArgValue('options.cursor', 'is no cursor of a listing')
  return match[1].split(',').map((one) => {
    if (one === 'begin') return Number.NaN
    return one === 'end' ? -1 : Number.parseInt(one, 16)
  })
}

function writeCursor(positions: number[]): string {
  const parts = positions.map((one) => {
    if (Number.isNaN(one)) return 'begin'
    return one < 0 ? 'end' : one.toString(16)
  })
  return `1:${parts.join(',')}`
}

/**
 * The objects of a pool, in no order: parts of the pool are listed at the same time, page by page, in bounded memory,
 * however many there are. What is made or removed meanwhile may be listed or not.
 *
 * Each loop begins where `cursor` says, and it moves on with the pages that a loop has used up: after a loop that was left, or
 * that failed, it says where another listing may go on, also in another process. That one may name some objects again, and
 * leaves none out.
 *
 * Errors: `EACCES`, `EPERM` not allowed.
 *
 * @since 0.1.0
 */
export class ObjectListing implements AsyncIterable<ListedObject> {
  readonly #ioctx: IoCtx
  readonly #namespace: string
  readonly #pageSize: number
  readonly #signal: AbortSignal | undefined
  readonly #positions: number[]

  /** @internal */
  constructor(ioctx: IoCtx, options: ObjectListOptions | undefined) {
    const given = toOptions('options', options, listOptions)
    this.#ioctx = ioctx
    const all = toBoolean('options.allNamespaces', given.allNamespaces, false)
    this.#namespace = all ? everyNamespace : ioctx.namespace
    const slices = given.slices === undefined ? undefined : toSize('options.slices', given.slices, 1, 64)
    this.#pageSize = toSize('options.pageSize', given.pageSize ?? 1000, 1, 100_000)
    this.#signal = toCallSignal({ signal: given.signal })
    if (given.cursor === undefined) this.#positions = new Array<number>(slices ?? 4).fill(Number.NaN)
    else this.#positions = readCursor(toText('options.cursor', given.cursor))
    if (slices !== undefined && slices !== this.#positions.length)
      throw invalidArgValue('options.cursor', `is of ${this.#positions.length} slices`)
  }

  /** How far the last loop is: for the option `cursor`. */
  get cursor(): string {
    return writeCursor(this.#positions)
  }

  /** Each loop lists from `cursor` on. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ListedObject, void, undefined> {
    const signal = this.#signal
    const listing = await OpenListing.open(this.#ioctx, this.#namespace, [...this.#positions], { signal })
    const pages = new Map<number, Promise<{ slice: number; found: NativeObjectPage }>>()
    const ask = (slice: number): void => {
      const task = toTaskOptions({ signal })
      const page = listing.callWith(native.rados_object_list, task, slice, this.#pageSize)
      const known = page.then((found) => ({ slice, found }))
      known.catch(() => {}) // whoever goes on hears of it; nobody may
      pages.set(slice, known)
    }
    try {
      for (const [slice, position] of this.#positions.entries()) if (position !== -1) ask(slice)
      while (pages.size > 0) {
        const { slice, found } = await Promise.race(pages.values())
        pages.delete(slice)
        if (found.position >= 0) ask(slice)
        const parts = found.objects.split('\0')
        for (let i = 0; i + 2 < parts.length; i += 3)
          yield {
            name: parts[i] as string,
            namespace: parts[i + 1] as string,
            locator: parts[i + 2] as string,
          }
        this.#positions[slice] = found.position
      }
    } finally {
      await listing.close()
    }
  }
}
