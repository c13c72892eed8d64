/** This file keeps the current position of a file handle on an image. */

/** Operations at the current position take turns; one that fails leaves it where it was. */
export class FileCursor {
  #position = 0
  /** The last operation that took its turn. */
  #turn: Promise<void> = Promise.resolve()

  /** The position in bytes, without operations which still wait for their turn. */
  get position(): number {
    return this.#position
  }

  /** Runs it at the current position, after those that were to run there before, and moves on by what it `moved`. */
  async inTurn<T>(run: (position: number) => Promise<T>, moved: (result: T) => number): Promise<T> {
    const before = this.#turn
    let done = (): void => {}
    this.#turn = new Promise((resolve) => {
      done = resolve
    })
    await before
    try {
      const result = await run(this.#position)
      this.#position += moved(result)
      return result
    } finally {
      done()
    }
  }
}
