/** This file declares what native/core/ and native/addon/ export. */

/** Starts a blocking call for a slot, which the dispatcher settles later with an `R`. */
export interface Task<A extends unknown[], R = void> {
  (slot: number, ...args: A): void
  /** Never there: what the call settles with, for whoever awaits it. */
  readonly settles?: R
}

export interface CoreNative {
  /** The functions that are rows of native/core/bind.h, and what each takes: `'Image Str Num'`. */
  rows: Record<string, string>
  /** The same of asynchronous calls on objects: `'IoCtx Str Bytes'`. */
  aioRows: Record<string, string>
  /** The same of the steps of an operation on an object. */
  writeSteps: Record<string, string>
  readSteps: Record<string, string>
  start(
    dispatch: (count: number, tasks?: unknown[]) => void,
    results: Float64Array,
    mainThread: boolean,
  ): void
  pause(): void
  resume(): void
  ref(): void
  unref(): void
  cancel(slot: number): void
  /** The slot's call goes on without its caller: the process's end does not wait for it. */
  abandon(slot: number): void
  /** A slot of I/O has lost its caller (1), or it is over (-1). Tasks count themselves. */
  abandonIo(change: 1 | -1): void
  /** Milliseconds since the slot's call gave its last sign of life. */
  quiet(slot: number): number
  processExit(code: number): void
  strerror(errno: number): string
  /** How many bytes into a page of 4096 a view's memory begins. */
  pageOffset(view: ArrayBufferView): number
  capabilities(): Record<'librados' | 'librbd' | 'libvirt', Record<string, boolean> | string>
  /** The release that brings a function of librbd which this host's lacks; `undefined`: it has it. */
  lacks(name: string): string | undefined
  versions(): { librados?: string; librbd?: string; libvirt?: string }
  close: Task<[handle: number]>
  /** Events of a watch or the like, as progress, until it is closed. */
  listen: Task<[subscription: number]>
}
