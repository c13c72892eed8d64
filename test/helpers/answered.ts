/** Waits until a method of an object has answered somebody: the sign, on JavaScript's thread, that this caller has got so far. */

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>

/**
 * Resolves once the object's method has answered so many calls, of those that `which` is true for. Begin it before the
 * caller; afterwards the object is as it was.
 */
export function answered(
  object: object,
  method: string,
  times = 1,
  which: (args: unknown[]) => boolean = () => true,
): Promise<void> {
  const methods = object as Methods
  const original = methods[method]
  if (original === undefined) throw new TypeError(`it has no ${method}()`)
  let missing = times
  return new Promise((resolve) => {
    methods[method] = async (...args) => {
      const result = await original.apply(object, args)
      if (which(args) && --missing === 0) {
        delete methods[method]
        resolve()
      }
      return result
    }
  })
}
