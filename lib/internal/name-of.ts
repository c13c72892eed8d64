/** The name of a number in a generated table; `'unknown'` for one that a newer library brought. */
export function nameOf<T extends Readonly<Record<number, string>>>(
  table: T,
  number: number,
): T[keyof T] | 'unknown' {
  return (table as Readonly<Record<number, T[keyof T]>>)[number] ?? 'unknown'
}
