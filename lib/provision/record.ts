/**
 * This file writes down in the pool what is made there, before it is made: the next call finds what a killed one has left, and
 * a removal knows what there is to take away. One object, a key of its omap for each thing that is provisioned.
 */

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { CephError, type Cluster, CopyError, type IoCtx } from '../index.js'
import { within } from './steps.js'

/** The object of the pool, in its default namespace. */
export const RECORDS = 'rbdkit.provision'

/** The lock of it that one provisioning at a time has. */
const LOCK = 'rbdkit.provision'

/** Milliseconds that a killed process's lock lasts. */
const LOCK_MS = 10_000

/** Steps, each with the name of what it is about. A key is never in it. */
type Names = Readonly<Record<string, string>>

/** What is written down of one thing. */
export interface Entry {
  /** Steps that are made. */
  readonly made: Names
  /** Steps that a call is about to make, or was when it was killed. */
  readonly begun: Names
}

const nothing: Entry = { made: {}, begun: {} }

function without(names: Names, step: string): Names {
  return Object.fromEntries(Object.entries(names).filter(([one]) => one !== step))
}

/** Whether C answered so, or a copy, which has errors of its own class. */
export function isCode(error: unknown, ...codes: string[]): boolean {
  return (error instanceof CephError || error instanceof CopyError) && codes.includes(error.code)
}

function parse(value: Buffer): Entry {
  const { made = {}, begun = {} } = JSON.parse(value.toString()) as Partial<Entry>
  return { made, begun }
}

/** The records of one pool. */
export class Records {
  readonly #cluster: Cluster
  readonly #pool: string
  readonly #object: string
  readonly #cookie = randomUUID()
  readonly #entries = new Map<string, Entry>()
  #ioctx: IoCtx | undefined
  #renewing: NodeJS.Timeout | undefined

  /** Work that is to go on beside other work of the pool has an object of its own. */
  constructor(cluster: Cluster, pool: string, object = RECORDS) {
    this.#cluster = cluster
    this.#pool = pool
    this.#object = object
  }

  /** The pool, once there is one. */
  async ioctx(signal?: AbortSignal): Promise<IoCtx | undefined> {
    if (this.#ioctx !== undefined) return this.#ioctx
    try {
      await this.#cluster.waitForLatestMap({ signal })
      this.#ioctx = await this.#cluster.openIoCtx(this.#pool, signal && { signal })
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error
    }
    return this.#ioctx
  }

  /** Those whose keys begin so, as they are now. */
  async read(prefix: string, signal?: AbortSignal): Promise<Map<string, Entry>> {
    const ioctx = await this.ioctx(signal)
    const found = new Map<string, Entry>()
    try {
      if (ioctx)
        for await (const [key, value] of ioctx.omap.entries(this.#object, {
          prefix,
          ...(signal && { signal }),
        }))
          found.set(key, parse(value))
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error
    }
    return found
  }

  /** Reads the records that this call is about. */
  async load(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const key of keys) {
      const entry = (await this.read(key, signal)).get(key)
      if (entry !== undefined) this.#entries.set(key, entry)
    }
  }

  get(key: string): Entry {
    return this.#entries.get(key) ?? nothing
  }

  /** Whether a call that was killed was about to do this, and nobody has finished it. */
  unfinished(key: string, step: string): boolean {
    return this.get(key).begun[step] !== undefined
  }

  /** Writes down that a step is about to be made. Where there is no pool yet, it is written with the next one. */
  async begin(key: string, step: string, name: string): Promise<void> {
    const { made, begun } = this.get(key)
    this.#entries.set(key, { made, begun: { ...begun, [step]: name } })
    await this.#write()
  }

  /** Takes back that a step was made, or begun. */
  async forget(key: string, step: string): Promise<void> {
    const { made, begun } = this.get(key)
    this.#entries.set(key, { made: without(made, step), begun: without(begun, step) })
    await this.#write()
  }

  /** These steps are made. */
  async finish(key: string, steps: readonly string[]): Promise<void> {
    let { made, begun } = this.get(key)
    for (const step of steps) {
      const name = begun[step]
      if (name === undefined) continue
      made = { ...made, [step]: name }
      begun = without(begun, step)
    }
    this.#entries.set(key, { made, begun })
    await this.#write()
  }

  async #write(): Promise<void> {
    const ioctx = await this.ioctx()
    if (ioctx === undefined) return
    const kept = new Map(
      [...this.#entries].filter(([, { made, begun }]) => Object.keys({ ...made, ...begun }).length > 0),
    )
    const gone = [...this.#entries.keys()].filter((key) => !kept.has(key))
    const values = [...kept].map(([key, entry]): [string, Buffer] => [
      key,
      Buffer.from(JSON.stringify(entry)),
    ])
    if (values.length > 0) await ioctx.omap.set(this.#object, new Map(values))
    if (gone.length > 0)
      await ioctx.omap.remove(this.#object, gone).catch((error: unknown) => {
        if (!isCode(error, 'ENOENT')) throw error
      })
  }

  /**
   * Waits until nobody else is at the pool's records, and keeps others away. A killed process's lock ends by itself after ten
   * seconds. `false`: there is no pool yet.
   */
  async lock(description: string, signal?: AbortSignal): Promise<boolean> {
    const ioctx = await this.ioctx()
    if (ioctx === undefined) return false
    if (this.#renewing !== undefined) return true
    const lock = { name: LOCK, cookie: this.#cookie, durationMs: LOCK_MS, renew: true, description }
    for (;;) {
      try {
        await ioctx.lockObject(this.#object, lock)
        break
      } catch (error) {
        if (!isCode(error, 'EBUSY')) throw error
        await sleep(200, undefined, signal && { signal })
      }
    }
    this.#renewing = setInterval(() => void ioctx.lockObject(this.#object, lock).catch(() => {}), LOCK_MS / 4)
    this.#renewing.unref()
    return true
  }

  /** Lets others go on. The object goes with its last record. */
  async #release(ioctx: IoCtx): Promise<void> {
    let left = 0
    for await (const _key of ioctx.omap.keys(this.#object)) left++
    if (left === 0) await ioctx.removeObject(this.#object)
    else await ioctx.unlockObject(this.#object, { name: LOCK, cookie: this.#cookie })
  }

  /** Ends, also when nothing answers any more: then the lock ends by itself. */
  async close(): Promise<void> {
    clearInterval(this.#renewing)
    const ioctx = this.#ioctx
    if (ioctx === undefined) return
    try {
      if (this.#renewing !== undefined) await within(this.#release(ioctx), LOCK_MS)
    } catch {
      // The pool went, and the object with it; or nobody answers. What the call was about is said already.
    }
    await ioctx.close({ signal: AbortSignal.timeout(LOCK_MS) }).catch(() => {})
  }
}
