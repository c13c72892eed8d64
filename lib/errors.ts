import { constants } from 'node:os'
import { native } from './internal/addon.js'
import { withoutKeys } from './internal/secrets.js'

const names = new Map<number, string>()
for (const [name, number] of Object.entries(constants.errno)) {
  if (!names.has(number)) names.set(number, name)
}
// Two names for one number: keep the ones that Ceph's and Node's messages use.
names.set(constants.errno.EAGAIN, 'EAGAIN')
names.set(constants.errno.EOPNOTSUPP, 'EOPNOTSUPP')
// Numbers that Ceph answers with and Node has no names for. Source: Linux's asm-generic/errno.h.
names.set(85, 'ERESTART')
names.set(108, 'ESHUTDOWN') // this client is on the cluster's blocklist
names.set(117, 'EUCLEAN')
names.set(121, 'EREMOTEIO')
names.set(126, 'ENOKEY')

/**
 * What an error is about. Names only, never a key or a passphrase.
 *
 * @since 0.1.0
 */
export interface ErrorObject {
  pool?: string | undefined
  namespace?: string | undefined
  image?: string | undefined
  snapshot?: string | undefined
  /** An object of the pool that is not an image. */
  object?: string | undefined
  /** What renaming or cloning was to make: a path as in the message. */
  dest?: string | undefined
  /** libvirt's: a domain, a storage pool, a volume, a secret. */
  libvirtObject?: string | undefined
}

/** `pool/namespace/image@snapshot`, as Ceph's tools write it; `pool/namespace/object`. */
export function objectPath(object: ErrorObject): string {
  const name = object.image ?? object.object
  const image = name === undefined ? '' : `/${name}`
  const namespace = object.namespace ? `/${object.namespace}` : ''
  const snapshot = object.snapshot === undefined ? '' : `@${object.snapshot}`
  return `${object.pool ?? ''}${namespace}${image}${snapshot}`
}

/** The parts of a {@link CephError}. */
export interface CephErrorInit extends ErrorObject {
  /** Negative errno. */
  errno: number
  /** The C function. */
  syscall: string
  /** What the library or the cluster said beyond the number. */
  detail?: string | undefined
  /** Where a comparison of an operation found a difference. */
  mismatch?: number | undefined
}

/** Takes out a key that was given where a name or a path belongs. */
function namesOnly(init: CephErrorInit): CephErrorInit {
  const clean = Object.entries(init).map(([name, value]) => [
    name,
    typeof value === 'string' ? withoutKeys(value) : value,
  ])
  return Object.fromEntries(clean) as CephErrorInit
}

/**
 * What librados, librbd or the cluster answered.
 *
 * `message` is as Node writes them: `ENOENT: no such file or directory, rbd_open 'pool/image'`.
 * @since 0.1.0
 */
export class CephError extends Error {
  static {
    CephError.prototype.name = 'CephError'
  }
  /** The errno's name: `'ENOENT'`, `'EBUSY'`, `'EDQUOT'`. */
  readonly code: string
  /** Negative, as Node has it. */
  readonly errno: number
  /** The C function: `'rbd_open'`. */
  readonly syscall: string
  // Absent, not undefined, when they do not apply: as Node's errors have it.
  declare readonly pool?: string
  declare readonly namespace?: string
  declare readonly image?: string
  declare readonly snapshot?: string
  declare readonly object?: string
  /** What renaming or cloning was to make. */
  declare readonly dest?: string
  /** Of an operation with a `compare()` that found a difference: how many bytes into what was compared. */
  declare readonly mismatch?: number

  constructor(parts: CephErrorInit) {
    const init = namesOnly(parts)
    const code = names.get(-init.errno) ?? `E${-init.errno}`
    const text = native.strerror(-init.errno)
    const object = objectPath(init)
    super(
      `${code}: ${text.charAt(0).toLowerCase()}${text.slice(1)}, ${init.syscall}` +
        `${object === '' ? '' : ` '${object}'`}${init.dest === undefined ? '' : ` -> '${init.dest}'`}${init.detail ? `: ${init.detail}` : ''}`,
    )
    this.code = code
    this.errno = init.errno
    this.syscall = init.syscall
    const { pool, namespace, image, snapshot, object: name, dest, mismatch } = init
    const given = { pool, namespace, image, snapshot, object: name, dest, mismatch }
    Object.assign(this, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
  }
}

/** Adds to an error's message what was found out since it was made. */
export function addDetail(error: CephError, detail: string): void {
  if (detail === '') return
  const before = error.message
  error.message = `${before}: ${detail}`
  error.stack = error.stack?.replace(before, () => error.message) ?? ''
}

/** The error of using a closed handle: `EBADF`, as `FileHandle` has it. */
export function closedError(syscall: string, object: ErrorObject, detail: string): CephError {
  return new CephError({ ...object, errno: -constants.errno.EBADF, syscall, detail })
}
