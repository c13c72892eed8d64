/** JSON.stringify() calls it: JSON has no bigint, and a number would not be exact. */
function toJSON(this: object): object {
  const entries = Object.entries(this)
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  )
}

/** Makes a result that has ids fit for JSON.stringify(). The method is not enumerable: it is in no copy or comparison. */
export function jsonable<T extends object>(result: T): T {
  return Object.defineProperty(result, 'toJSON', { value: toJSON, configurable: true, writable: true })
}
