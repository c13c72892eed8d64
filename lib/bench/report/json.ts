/** This file reads what a file claims: each value is checked where it is taken, and the error says where. */

/** A file that is not what it should be. */
export class BenchFileError extends Error {
  static {
    BenchFileError.prototype.name = 'BenchFileError'
  }
  readonly code = 'ERR_RBDKIT_BENCH_FILE'
}

/** A place in a parsed JSON text. */
export class JsonNode {
  readonly value: unknown
  readonly path: string

  constructor(value: unknown, path: string) {
    this.value = value
    this.path = path
  }

  /** Throws: this place does not have what it should. */
  wrong(expected: string): never {
    throw new BenchFileError(`${this.path} is not ${expected}`)
  }

  /** A member; its value is `undefined` when it is missing. */
  at(key: string): JsonNode {
    const { value } = this
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.wrong('an object')
    return new JsonNode(
      Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined,
      `${this.path}.${key}`,
    )
  }

  get missing(): boolean {
    return this.value === undefined || this.value === null
  }

  /** A number that is finite and not negative. */
  number(fallback?: number): number {
    if (this.missing && fallback !== undefined) return fallback
    const { value } = this
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) this.wrong('a number')
    return value
  }

  text(fallback?: string): string {
    if (this.missing && fallback !== undefined) return fallback
    return typeof this.value === 'string' ? this.value : this.wrong('a text')
  }

  /** The elements; none when it is missing. */
  list(): JsonNode[] {
    if (this.missing) return []
    if (!Array.isArray(this.value)) this.wrong('a list')
    return this.value.map((one: unknown, i) => new JsonNode(one, `${this.path}[${i}]`))
  }

  /** Names and members; none when it is missing. */
  entries(): [string, JsonNode][] {
    if (this.missing) return []
    const { value } = this
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.wrong('an object')
    return Object.entries(value).map(([key, one]) => [key, new JsonNode(one, `${this.path}.${key}`)])
  }

  /** An object whose names and values are numbers, ascending: percentiles, histograms. */
  numbers(): (readonly [number, number])[] {
    const pairs = this.entries().map(([key, one]) => {
      const name = Number(key)
      if (!Number.isFinite(name) || name < 0) one.wrong('named by a number')
      return [name, one.number()] as const
    })
    return pairs.sort(([a], [b]) => a - b)
  }

  /** Any simple value as a text, lists of them too. */
  shown(): string {
    const { value } = this
    if (Array.isArray(value))
      return this.list()
        .map((one) => one.shown())
        .join(', ')
    if (typeof value === 'boolean') return value ? 'yes' : 'no'
    if (typeof value === 'object') return value === null ? '' : JSON.stringify(value)
    return value === undefined ? '' : String(value)
  }
}
