/**
 * This file lists the images of a pool with all there is to tell of them, by asking the OSDs for their headers: one
 * operation an image, where librbd needs a dozen one after the other to open it (docs/decisions/0034).
 */

import { constants } from 'node:os'
import { RBD_FLAG } from '../../internal/generated/librbd.js'
import { jsonable } from '../../internal/json.js'
import type { NativeReadStep } from '../../internal/native/rados.js'
import type { NativeHeader } from '../../internal/native/rbd.js'
import { type Known, toBoolean, toOptions, toSignal, toSize } from '../../internal/validate.js'
import { type IoCtx, toIoCtx } from '../../rados/ioctx.js'
import { featureNames, toFeatures } from '../features.js'
import type { Image } from '../image.js'
import { DecodeError, Decoder, encodeText } from './decode.js'
import { Names, readHeaders, readSteps } from './names.js'
import type { InventoryEntry, InventoryImage, InventoryOptions, InventoryParent } from './types.js'
import { usageOf } from './usage.js'

/** Entries of the directory that are read at a time. */
const PAGE = 1024
/** Headers that one call reads. */
const HEADERS = 32

const knownOptions: Known<InventoryOptions> = {
  signal: true,
  concurrency: true,
  usage: true,
  watchers: true,
  trash: true,
}

/** An image that is to be looked at. */
interface Listed {
  readonly name: string
  readonly id: string
  readonly trash?: NonNullable<InventoryImage['trash']>
}

const prefix = 'name_'
const mirrored = toFeatures('features', ['journaling', 'non-primary'])
const mirrorStates = ['disabling', 'enabled', 'disabled', 'creating'] as const

class Inventory {
  readonly #ioctx: IoCtx
  readonly #names: Names
  readonly #options: InventoryOptions
  readonly #signal: AbortSignal | undefined

  constructor(ioctx: IoCtx, options: InventoryOptions, signal: AbortSignal | undefined) {
    this.#ioctx = ioctx
    this.#names = new Names(ioctx)
    this.#options = options
    this.#signal = signal
  }

  close(): Promise<void> {
    return this.#names.close()
  }

  /** In the order of their names' bytes, which is the directory's. */
  async *list(): AsyncGenerator<Listed> {
    let after: string | Buffer = ''
    for (let more = true, first = true; more; first = false) {
      const steps: NativeReadStep[] = [
        ['rados_read_op_omap_get_vals2', after, prefix, PAGE],
        ['rados_read_op_stat'],
      ]
      const results = await readSteps(this.#ioctx, 'rbd_directory', steps, this.#signal)
      if (results === undefined) break
      const [page, stat] = results as [
        { entries: (string | Buffer)[]; last: Buffer; more: boolean },
        { size: number },
      ]
      // The directory of images of format 1 is the same object's content.
      if (first && stat.size > 0) yield* await this.#ofFormat1()
      for (let i = 0; i < page.entries.length; i += 2) {
        const name = (page.entries[i] as string).slice(prefix.length)
        yield { name, id: new Decoder(page.entries[i + 1] as Buffer).text() }
      }
      after = page.last
      more = page.more && page.entries.length > 0
    }
    if (!this.#options.trash) return
    const { Trash } = await import('../trash.js')
    for (const { id, name, source, deleted, deferredUntil } of await new Trash(this.#ioctx).list())
      yield { id, name, trash: { source, deleted, deferredUntil } }
  }

  async #ofFormat1(): Promise<Listed[]> {
    const { Image } = await import('../image.js')
    const all = await Image.list(this.#ioctx, this.#signal && { signal: this.#signal })
    return all.filter(({ id }) => id === '')
  }

  /** An entry each, but none for one that has been removed meanwhile. */
  async look(listed: readonly Listed[]): Promise<InventoryEntry[]> {
    const ids = listed.flatMap(({ id }) => (id === '' ? [] : [id]))
    const { usage = false } = this.#options
    const headers = ids.length === 0 ? [] : await readHeaders(this.#ioctx, ids, usage, this.#signal)
    const found = await Promise.all(
      listed.map((one) => this.#entry(one, one.id === '' ? undefined : headers.shift())),
    )
    return found.filter((entry) => entry !== undefined)
  }

  async #entry(
    listed: Listed,
    header: number | NativeHeader | undefined,
  ): Promise<InventoryEntry | undefined> {
    try {
      if (header === undefined) return await this.#openedOne(listed)
      if (header === -constants.errno.ENOENT) return undefined
      if (typeof header === 'number') {
        const detail = header === -constants.errno.EBADMSG ? 'its header is damaged' : undefined
        throw this.#toError(header, listed.name, detail)
      }
      return await this.#one(listed, header)
    } catch (error) {
      this.#signal?.throwIfAborted()
      const wrong =
        error instanceof DecodeError
          ? this.#toError(-constants.errno.EBADMSG, listed.name, error.message)
          : (error as Error)
      return { name: listed.name, id: listed.id, error: wrong }
    }
  }

  #toError(errno: number, image: string, detail?: string): Error {
    return this.#ioctx.makeError(errno, 'rados_aio_read_op_operate', detail, { image })
  }

  async #one({ name, id, trash }: Listed, header: NativeHeader): Promise<InventoryImage> {
    const { size, features, flags, createdMs, dataPoolId, overlap, lockers, snapshots } = header
    const usage = this.#options.usage
      ? (header.usage ?? (await usageOf(this.#ioctx, id, snapshots, this.#signal)))
      : undefined
    return {
      name,
      id,
      size,
      objectSize: 2 ** header.order,
      features: featureNames(features),
      flags: flagsOf(flags),
      created: createdMs === undefined ? undefined : new Date(createdMs),
      dataPool: dataPoolId < 0n ? undefined : await this.#names.pool(dataPoolId),
      parent: header.parent && (await this.#parent(header.parent)),
      overlap,
      snapshots: snapshots.map(({ createdMs: made, ...one }, i) =>
        jsonable({
          ...one,
          created: new Date(made),
          ...(usage === undefined ? {} : { usage: usage[i] as number }),
        }),
      ),
      group: header.group && (await this.#group(header.group)),
      mirroring: await this.#mirroring(id, header),
      lockers,
      ...(usage === undefined ? {} : { usage: usage.at(-1) as number }),
      ...(this.#options.watchers ? { watchers: await this.#watchers(id) } : {}),
      ...(trash === undefined ? {} : { trash }),
    }
  }

  async #parent(parent: NonNullable<NativeHeader['parent']>): Promise<InventoryParent> {
    const { poolId, namespace, id } = parent
    const [pool, image, snapshot] = await Promise.all([
      this.#names.pool(poolId),
      this.#names.image(poolId, namespace, id),
      this.#names.snapshot(parent),
    ])
    return jsonable({ ...parent, pool, ...image, snapshot })
  }

  async #group({ poolId, id }: NonNullable<NativeHeader['group']>): Promise<InventoryImage['group']> {
    const [pool, name] = await Promise.all([
      this.#names.pool(poolId),
      this.#names.group(poolId, this.#ioctx.namespace, id),
    ])
    return jsonable({ poolId, pool, group: name })
  }

  /** Every image that is mirrored has a journal, or a snapshot of mirroring's. */
  async #mirroring(id: string, { features, snapshots }: NativeHeader): Promise<InventoryImage['mirroring']> {
    if ((features & mirrored) === 0n && !snapshots.some(({ namespace }) => namespace === 'mirror'))
      return undefined
    const step: NativeReadStep = ['rados_read_op_exec', 'rbd', 'mirror_image_get', encodeText(id)]
    const answer = (await readSteps(this.#ioctx, 'rbd_mirroring', [step], this.#signal))?.[0]
    if (answer === undefined) return undefined
    return new Decoder(answer as Buffer).structure((one, version) => ({
      globalId: one.text(),
      state: mirrorStates[one.u8()] ?? 'enabled',
      mode: version >= 2 && one.u8() === 1 ? ('snapshot' as const) : ('journal' as const),
    }))
  }

  async #watchers(id: string): Promise<NonNullable<InventoryImage['watchers']>> {
    const image = await openImage(this.#ioctx, { id })
    try {
      return await image.listWatchers()
    } finally {
      await image.close()
    }
  }

  /** An image of format 1 has a header that only librbd reads. */
  async #openedOne({ name }: Listed): Promise<InventoryImage> {
    const image = await openImage(this.#ioctx, name)
    try {
      const [info, snapshots, lockers] = await Promise.all([
        image.info(),
        image.snapshots.list(),
        image.locks.lockers(),
      ])
      return {
        name,
        id: '',
        size: info.size,
        objectSize: info.objectSize,
        features: [],
        flags: [],
        created: undefined,
        dataPool: undefined,
        parent: undefined,
        overlap: 0,
        snapshots: snapshots.map((one) => jsonable({ ...one, namespace: one.namespace.type })),
        group: undefined,
        mirroring: undefined,
        lockers: lockers.map(({ client, cookie, mode }) => ({ client, cookie, mode })),
        ...(this.#options.usage ? { usage: await image.diskUsage() } : {}),
        ...(this.#options.watchers ? { watchers: await image.listWatchers() } : {}),
      }
    } finally {
      await image.close()
    }
  }
}

/** Few inventories need librbd, and all that is loaded with it. */
async function openImage(ioctx: IoCtx, image: string | { id: string }): Promise<Image> {
  return (await import('../image.js')).Image.open(ioctx, image, { readOnly: true })
}

function flagsOf(flags: bigint): InventoryImage['flags'] {
  return [
    ...((flags & RBD_FLAG.OBJECT_MAP_INVALID) === 0n ? [] : ['object-map-invalid' as const]),
    ...((flags & RBD_FLAG.FAST_DIFF_INVALID) === 0n ? [] : ['fast-diff-invalid' as const]),
  ]
}

/**
 * Tells of all images of a pool and namespace what `rbd ls -l` and, with `usage`, `rbd du` tell, and more, without opening
 * them. Entries come as they are found, in the order of their names; no more than
 * `concurrency` are asked for ahead of the loop that reads them. An image that cannot be looked at has an entry with its
 * `error`; one that is removed meanwhile has none.
 *
 * Images whose object maps do not tell what they take (without fast-diff, striped, with snapshots of groups or mirroring,
 * invalid) are opened for `usage`, as `rbd du` does.
 *
 * Errors, of the whole: `EPERM` the user may not read; the reason of an aborted signal. Of an entry: `EBADMSG` its header or
 * object map is damaged; those of `Image.open()` and `diskUsage()` where it is opened.
 *
 * Implements: rados_aio_read_op_operate, rados_aio_wait_for_complete.
 * @since 0.1.0
 */
export async function* inventory(
  ioctx: IoCtx,
  options?: InventoryOptions,
): AsyncGenerator<InventoryEntry, void, undefined> {
  toIoCtx('ioctx', ioctx)
  const given = toOptions('options', options, knownOptions)
  const signal = toSignal(given.signal)
  const concurrency = toSize('options.concurrency', given.concurrency ?? 64, 1, 1024)
  for (const name of ['usage', 'watchers', 'trash'] as const) toBoolean(`options.${name}`, given[name], false)
  const all = new Inventory(ioctx, given, signal)
  const ahead: Promise<InventoryEntry[]>[] = []
  // Two calls are under way at least, so that the OSDs have something to do while one is looked at.
  const together = Math.min(HEADERS, Math.ceil(concurrency / 2))
  let next: Listed[] = []
  const look = (): void => {
    const looked = all.look(next)
    looked.catch(() => undefined) // it is told when its turn comes, if it comes
    ahead.push(looked)
    next = []
  }
  try {
    for await (const listed of all.list()) {
      signal?.throwIfAborted()
      next.push(listed)
      if (next.length === together) look()
      if (ahead.length * together >= concurrency) yield* await (ahead.shift() as Promise<InventoryEntry[]>)
    }
    if (next.length > 0) look()
    for (let entries = ahead.shift(); entries !== undefined; entries = ahead.shift()) yield* await entries
  } finally {
    await Promise.allSettled(ahead)
    await all.close()
  }
}
