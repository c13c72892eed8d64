import { toOneOf } from './validate.js'

/** A generated table: names by their numbers. */
type Names = Readonly<Record<number, string>>

/** The name of a number in a generated table; `'unknown'` for one that a newer library brought. */
export function nameOf<T extends Names>(table: T, number: number): T[keyof T] | 'unknown' {
  return (table as Readonly<Record<number, T[keyof T]>>)[number] ?? 'unknown'
}

/** The number of a name in a generated table, for an argument. */
export function numberOf(argument: string, value: unknown, table: Names): number {
  const name = toOneOf(argument, value, Object.values(table))
  return Number(Object.keys(table).find((number) => table[Number(number)] === name))
}
