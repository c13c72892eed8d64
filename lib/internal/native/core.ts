/** What native/core/ and native/addon/ export. */

/** Starts a blocking call for a slot; the slot is settled later by the dispatcher. */
export type TaskFunction<A extends unknown[]> = (slot: number, ...args: A) => void

export interface CoreNative {
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
  /** Milliseconds since the slot's call gave its last sign of life. */
  quiet(slot: number): number
  processExit(code: number): void
  strerror(errno: number): string
  /** How many bytes into a page of 4096 a view's memory begins. */
  pageOffset(view: ArrayBufferView): number
  capabilities(): Record<'librados' | 'librbd' | 'libvirt', Record<string, boolean> | string>
  versions(): { librados?: string; librbd?: string; libvirt?: string }
  close: TaskFunction<[handle: number]>
}
