/** An operation's kind says what its promise resolves with. */
export const Kind = {
  /** `{ bytesRead, buffer }` */
  read: 0,
  /** `{ bytesWritten, buffer }` */
  write: 1,
  /** `{ bytesRead, buffers }` */
  readv: 2,
  /** `{ bytesWritten, buffers }` */
  writev: 3,
  discard: 4,
  writeZeroes: 5,
  flush: 6,
  task: 7,
  writeSame: 8,
  /** Whether it was written: false when the image differed. */
  compareAndWrite: 9,
  /** Each extent has its own outcome. */
  readExtents: 10,
  writeExtents: 11,
  /** What its own `toResult()` says. */
  object: 12,
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]

/** The C function of each kind. */
export const syscalls = [
  'rbd_aio_read',
  'rbd_aio_write',
  'rbd_aio_readv',
  'rbd_aio_writev',
  'rbd_aio_discard',
  'rbd_aio_write_zeroes',
  'rbd_aio_flush',
  '',
  'rbd_aio_writesame',
  'rbd_aio_compare_and_write',
  'rbd_aio_read',
  'rbd_aio_write',
  '',
]
