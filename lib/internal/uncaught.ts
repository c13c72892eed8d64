/**
 * Throws what a listener of the user's threw where nobody can be told any more: as an uncaught exception, which is what
 * an EventEmitter's listeners make of it.
 */
export function throwUncaught(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}
