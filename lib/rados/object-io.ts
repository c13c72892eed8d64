/** This file has what each asynchronous call on an object resolves with (internal/dispatcher.ts). */
import type { ObjectIo } from '../internal/dispatcher.js'

/** MAX_ERRNO of Ceph's include/err.h. */
export const maxErrno = 4095

/** A call that resolves with nothing. `lent` is what it reads from. */
export class Change implements ObjectIo<void> {
  readonly syscall: string
  readonly object: string
  readonly lent: Uint8Array | undefined
  constructor(syscall: string, object: string, lent?: Uint8Array) {
    this.syscall = syscall
    this.object = object
    this.lent = lent
  }
  toResult(): void {}
}

/** A call that resolves with the bytes that it has read. */
export class Read implements ObjectIo<Buffer> {
  readonly syscall: string
  readonly object: string
  readonly buffer: Buffer
  constructor(syscall: string, object: string, buffer: Buffer) {
    this.syscall = syscall
    this.object = object
    this.buffer = buffer
  }
  toResult(result: number): Buffer {
    return result === this.buffer.length ? this.buffer : this.buffer.subarray(0, result)
  }
}

/** A comparison, which resolves with where the object differs: that many bytes into what it was compared with. */
export class Compare implements ObjectIo<number | undefined> {
  readonly syscall = 'rados_aio_cmpext'
  readonly object: string
  readonly lent: Uint8Array
  constructor(object: string, lent: Uint8Array) {
    this.object = object
    this.lent = lent
  }
  expects(result: number): boolean {
    return result <= -maxErrno
  }
  toResult(result: number): number | undefined {
    return result < 0 ? -result - maxErrno : undefined
  }
}

/** Size and time, which native code puts into `view`. */
export class Stat implements ObjectIo<{ size: number; mtimeMs: number }> {
  syscall = 'rados_aio_stat2'
  readonly object: string
  readonly view = new BigUint64Array(3)
  constructor(object: string) {
    this.object = object
  }
  toResult(): { size: number; mtimeMs: number } {
    const [size, seconds, nanoseconds] = this.view as unknown as [bigint, bigint, bigint]
    const mtimeMs = 1000 * Number(BigInt.asIntN(64, seconds)) + Math.floor(Number(nanoseconds) / 1e6)
    return { size: Number(size), mtimeMs }
  }
}
