/** The fake librados and librbd of native/test/, for faults that a real cluster cannot be asked for. */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../../build-cmake/native/test/fake', import.meta.url))

/** What the fakes are to do wrong; see native/test/fakes/common.h. */
export interface Faults {
  /** By C function, its answer: `{ rbd_open: -2 }`. With `_submit` at its end: the submission's. */
  errors?: Readonly<Record<string, number>>
  /** C functions that never return, or never complete. */
  hang?: readonly string[]
  /** C functions that throw a C++ exception. */
  throws?: readonly string[]
  /** How long the status text of a monitor command is. */
  statusBytes?: number
  /** How much later completions come. */
  delayMs?: number
  /** `pacific` lacks optional functions, `incomplete` a required one. */
  release?: 'pacific' | 'incomplete'
}

/** The environment of a child process that is to use the fakes. */
export function fakeEnv(faults: Faults = {}): Record<string, string> {
  if (!existsSync(`${built}/librbd.so.1`))
    throw new Error(`no fake libraries in ${built}: npm run build:native`)
  const errors = Object.entries(faults.errors ?? {}).map(([name, number]) => `${name}=${number}`)
  return {
    LD_LIBRARY_PATH: faults.release === undefined ? built : `${built}/${faults.release}:${built}`,
    RBDKIT_FAKE_ERROR: errors.join(','),
    RBDKIT_FAKE_HANG: (faults.hang ?? []).join(','),
    RBDKIT_FAKE_THROW: (faults.throws ?? []).join(','),
    RBDKIT_FAKE_STATUS_BYTES: String(faults.statusBytes ?? 0),
    RBDKIT_FAKE_DELAY_MS: String(faults.delayMs ?? 0),
  }
}
