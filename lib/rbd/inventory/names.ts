/** This file finds the names of what headers know by number: pools, images, snapshots, groups. Each is asked for once. */

import { native } from '../../internal/addon.js'
import type { NativeReadStep } from '../../internal/native/rados.js'
import type { NativeHeader, NativeHeaderParent } from '../../internal/native/rbd.js'
import type { IoCtx } from '../../rados/ioctx.js'
import { Decoder, encodeText } from './decode.js'

/** Reads one object by several steps. `ENOENT` is no error: `undefined`. */
export async function readSteps(
  ioctx: IoCtx,
  object: string,
  steps: readonly NativeReadStep[],
  signal?: AbortSignal,
): Promise<unknown[] | undefined> {
  try {
    const task = { object: { object }, signal }
    return (await ioctx.callWith(native.rados_aio_read_op_operate, task, object, steps, 0)).results
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
}

/** Reads headers, and with `usage` what the object maps tell: for each id a negative errno, or its header. */
export function readHeaders(
  ioctx: IoCtx,
  ids: string[],
  usage: boolean,
  signal?: AbortSignal,
): Promise<(number | NativeHeader)[]> {
  return ioctx.callWith(native.rbd_headers, { signal, onAbort: 'abandon' }, ids, usage)
}

/** The names in one cluster. */
export class Names {
  readonly #ioctx: IoCtx
  readonly #ioctxs = new Map<string, Promise<IoCtx>>()
  readonly #known = new Map<string, Promise<unknown>>()

  constructor(ioctx: IoCtx) {
    this.#ioctx = ioctx
  }

  /** Each key is asked for once; what could not be had is asked for again. */
  #once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const found = (this.#known.get(key) as Promise<T> | undefined) ?? ask()
    this.#known.set(key, found)
    found.catch(() => this.#known.delete(key))
    return found
  }

  async #pools(): Promise<Map<bigint, string>> {
    const { cluster } = this.#ioctx
    const list = await cluster.monitorCommand<{ poolnum: number; poolname: string }[]>({
      prefix: 'osd lspools',
    })
    return new Map(list.map(({ poolnum, poolname }) => [BigInt(poolnum), poolname]))
  }

  /** Empty when there is no such pool any more. */
  async pool(id: bigint): Promise<string> {
    return (await this.#once('pools', () => this.#pools())).get(id) ?? ''
  }

  async #place(poolId: bigint, namespace: string): Promise<IoCtx> {
    const pool = await this.pool(poolId)
    if (pool === this.#ioctx.pool && namespace === this.#ioctx.namespace) return this.#ioctx
    const key = `${poolId}/${namespace}`
    const opened = this.#ioctxs.get(key) ?? this.#ioctx.cluster.openIoCtx(pool, { namespace })
    this.#ioctxs.set(key, opened)
    return opened
  }

  /** What a directory of the class `rbd` says of an id; `undefined` when it is not there. */
  async #named(
    poolId: bigint,
    namespace: string,
    directory: string,
    method: string,
    id: string,
  ): Promise<string | undefined> {
    const ioctx = await this.#place(poolId, namespace)
    const step: NativeReadStep = ['rados_read_op_exec', 'rbd', method, encodeText(id)]
    const answer = (await readSteps(ioctx, directory, [step]))?.[0] as Buffer | undefined
    return answer === undefined ? undefined : new Decoder(answer).text()
  }

  /** An image's name; one that is in the trash has its former one. */
  async image(poolId: bigint, namespace: string, id: string): Promise<{ image: string; trash: boolean }> {
    return this.#once(`image ${poolId}/${namespace}/${id}`, async () => {
      const image = await this.#named(poolId, namespace, 'rbd_directory', 'dir_get_name', id)
      if (image !== undefined) return { image, trash: false }
      const ioctx = await this.#place(poolId, namespace)
      const step: NativeReadStep = ['rados_read_op_exec', 'rbd', 'trash_get', encodeText(id)]
      const answer = (await readSteps(ioctx, 'rbd_trash', [step]))?.[0] as Buffer | undefined
      const name =
        answer === undefined
          ? ''
          : new Decoder(answer).structure((spec) => {
              spec.u8() // who has moved it there
              return spec.text()
            })
      return { image: name, trash: answer !== undefined }
    })
  }

  /** The name of a parent's snapshot; empty when there is no such one any more. */
  async snapshot({ poolId, namespace, id, snapshotId }: NativeHeaderParent): Promise<string> {
    const header = await this.#once(`header ${poolId}/${namespace}/${id}`, async () => {
      const ioctx = await this.#place(poolId, namespace)
      return (await readHeaders(ioctx, [id], false))[0] as number | NativeHeader
    })
    if (typeof header === 'number') return ''
    return header.snapshots.find((one) => one.id === snapshotId)?.name ?? ''
  }

  /** Empty when there is no such group any more. */
  async group(poolId: bigint, namespace: string, id: string): Promise<string> {
    return this.#once(`group ${poolId}/${namespace}/${id}`, async () => {
      const ioctx = await this.#place(poolId, namespace)
      const key = `id_${id}`
      const step: NativeReadStep = ['rados_read_op_omap_get_vals_by_keys2', [key]]
      const found = (await readSteps(ioctx, 'rbd_group_directory', [step]))?.[0] as
        | { entries: (string | Buffer)[] }
        | undefined
      const value = found?.entries[1] as Buffer | undefined
      return value === undefined ? '' : new Decoder(value).text()
    })
  }

  /** Closes what was opened for them. */
  async close(): Promise<void> {
    for (const opened of this.#ioctxs.values()) await (await opened.catch(() => undefined))?.close()
  }
}
