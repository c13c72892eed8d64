/**
 * This file reads and writes Ceph's encoding: numbers little endian, a text or bytes behind their length, a structure
 * behind its version and length (src/include/encoding.h of Ceph).
 */

/** What an OSD answered does not have the form that it must have. */
export class DecodeError extends Error {}

/** Reads what an OSD's class answered. Throws {@link DecodeError} where it ends too early. */
export class Decoder {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  #take(count: number): number {
    const at = this.#at
    if (at + count > this.#bytes.length) throw new DecodeError('the OSD answered less than it must')
    this.#at += count
    return at
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1))
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4))
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8))
  }

  i64(): bigint {
    return this.#bytes.readBigInt64LE(this.#take(8))
  }

  bytes(count: number): Buffer {
    const at = this.#take(count)
    return this.#bytes.subarray(at, at + count)
  }

  text(): string {
    return this.bytes(this.u32()).toString()
  }

  /** A `utime_t`: seconds and nanoseconds. */
  time(): Date {
    const seconds = this.u32()
    return new Date(1000 * seconds + Math.floor(this.u32() / 1e6))
  }

  /** A list behind its length. */
  list<T>(read: (decoder: Decoder) => T): T[] {
    return Array.from({ length: this.u32() }, () => read(this))
  }

  /** A structure: what a later release has added at its end is skipped. `oldest` is the version that can still read it. */
  structure<T>(read: (decoder: Decoder, version: number, oldest: number) => T): T {
    const version = this.u8()
    const oldest = this.u8()
    return read(new Decoder(this.bytes(this.u32())), version, oldest)
  }
}

export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([length, bytes])
}
