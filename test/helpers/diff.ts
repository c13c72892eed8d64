/** Diffs made by hand, for tests: the format of doc/dev/rbd-diff.rst, with nothing in common with the code under test. */

export interface DiffRecord {
  offset: number | bigint
  /** Data, or how many zeros. */
  content: Buffer | number
}

export interface DiffSpec {
  version?: 1 | 2
  from?: string
  to?: string
  size: number | bigint
  records: readonly DiffRecord[]
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

export function text(value: string): Buffer {
  return Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)])
}

/** The bytes of a diff. */
export function makeDiff({ version = 1, from, to, size, records }: DiffSpec): Buffer {
  const record = (tag: string, ...parts: Buffer[]): Buffer => {
    const body = Buffer.concat(parts)
    return Buffer.concat([Buffer.from(tag), ...(version === 2 ? [u64(body.length)] : []), body])
  }
  return Buffer.concat([
    Buffer.from(`rbd diff v${version}\n`),
    ...(from === undefined ? [] : [record('f', text(from))]),
    ...(to === undefined ? [] : [record('t', text(to))]),
    record('s', u64(size)),
    ...records.map(({ offset, content }) =>
      typeof content === 'number'
        ? record('z', u64(offset), u64(content))
        : record('w', u64(offset), u64(content.length), content),
    ),
    Buffer.from('e'),
  ])
}

/** What an image's content becomes with a diff applied. */
export function applied(image: Buffer, { size, records }: DiffSpec): Buffer {
  const after = Buffer.alloc(Number(size))
  image.copy(after)
  for (const { offset, content } of records) {
    if (typeof content === 'number') after.fill(0, Number(offset), Number(offset) + content)
    else content.copy(after, Number(offset))
  }
  return after
}

/** A diff of up to `count` records with gaps, that touch or not. */
export function randomDiff(random: () => number, size: number, count: number): DiffRecord[] {
  const below = (limit: number): number => Math.floor(random() * limit)
  const records: DiffRecord[] = []
  for (let offset = 0; records.length < count; ) {
    offset += below(3) === 0 ? 0 : below((2 * size) / count)
    const length = Math.min(size - offset, 1 + below(size / count))
    if (length <= 0) break
    const data = Buffer.alloc(length, 0)
    for (let i = 0; i < length; i++) data[i] = below(256)
    records.push({ offset, content: below(3) === 0 ? length : data })
    offset += length
  }
  return records
}

/** Numbers from 0 to 1 that a seed decides. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
