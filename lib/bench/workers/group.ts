/** This file locks the group's object, and clears what earlier controllers have left behind. */

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { IoCtx } from '../../rados/ioctx.js'
import { decodeJob, maxJobBytes } from './job.js'
import { resultObject } from './protocol.js'

const lockName = 'controller'
/** How long the cluster believes in a worker that is gone. */
export const watchTimeoutMs = 10_000

export function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? '')
}

/** The lock of the group, for as long as it is renewed: who dies with it does not keep it. */
export class GroupLock {
  readonly #ioctx: IoCtx
  readonly #object: string
  readonly #durationMs: number
  readonly #cookie = randomBytes(8).toString('hex')
  #renewed = 0

  constructor(ioctx: IoCtx, object: string, durationMs: number) {
    this.#ioctx = ioctx
    this.#object = object
    this.#durationMs = durationMs
  }

  /** Whether it was free. The object is there afterwards. */
  async tryTake(): Promise<boolean> {
    try {
      await this.#take(false)
      return true
    } catch (error) {
      if (codeOf(error) === 'EBUSY') return false
      throw error
    }
  }

  async #take(renew: boolean): Promise<void> {
    const before = performance.now()
    await this.#ioctx.lockObject(this.#object, {
      name: lockName,
      cookie: this.#cookie,
      description: `rbdkit on ${hostname()}, pid ${process.pid}`,
      durationMs: this.#durationMs,
      renew,
    })
    this.#renewed = before
  }

  /** Renews it when a third of its time is over. Rejects with `EBUSY` when somebody else has it by now. */
  async keep(): Promise<void> {
    if (performance.now() - this.#renewed > this.#durationMs / 3) await this.#take(true)
  }

  async release(): Promise<void> {
    try {
      await this.#ioctx.unlockObject(this.#object, { name: lockName, cookie: this.#cookie })
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
}

async function removeIfThere(ioctx: IoCtx, object: string): Promise<void> {
  try {
    await ioctx.removeObject(object)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** Removes the results of the job that stands in the group's object, and the job. For who holds the lock. */
export async function sweep(ioctx: IoCtx, object: string): Promise<void> {
  const data = await ioctx.readObject(object, { length: maxJobBytes })
  if (data.length === 0) return
  const job = decodeJob(data)
  for (const i of job?.parts.keys() ?? []) await removeIfThere(ioctx, resultObject(object, job?.id ?? '', i))
  await ioctx.writeFull(object, new Uint8Array())
}
