import { getSystemErrorName } from 'node:util'
import { native } from '../internal/addon.js'
import { errorCodes, errorDomains, errorLevels } from '../internal/generated/libvirt.js'
import type { NativeLibvirtError } from '../internal/native/libvirt.js'
import { remedy } from './remedies.js'

/**
 * How bad it is: libvirt's virErrorLevel.
 *
 * @since 0.1.0
 */
export type LibvirtErrorLevel = (typeof errorLevels)[keyof typeof errorLevels]

/**
 * Where a call failed. Names only, never a secret's value.
 *
 * @since 0.1.0
 */
export interface LibvirtErrorContext {
  /** The C function. */
  syscall: string
  /** The connection's URI, without a password. */
  uri?: string | undefined
  /** The name of the domain, pool or volume, or the secret's UUID. */
  object?: string | undefined
}

/**
 * The parts of a {@link LibvirtError}.
 *
 * @since 0.1.0
 */
export interface LibvirtErrorInit extends LibvirtErrorContext {
  code: string
  errno: number
  domain: string
  level: LibvirtErrorLevel
  /** libvirt's own words, and what helps where they do not say it. */
  text: string
}

/**
 * What libvirt answered: `VIR_ERR_NO_DOMAIN: Domain not found: no domain with matching name 'vm1',
 * virDomainLookupByName`.
 *
 * Some codes are not libvirt's and have a negative `errno` and the domain `VIR_FROM_NONE`: `EBADF` the handle is
 * closed, `ETIMEDOUT` a `timeoutMs` passed, `ENOSYS` libvirt is not installed (the message names the package) or older than
 * the call, `EAGAIN` no thread could be started, `ECONNRESET` the connection ended while events were waited for, `ENOTCONN` it has ended and what was called was not sent, `ENOBUFS`
 * events were lost, `EBUSY` and `ENODEV` of `detachDisk()`, `ECANCELED`, `EIO` and `ESRCH` (the domain has stopped) of block
 * jobs and backups, `ENOTSUP` of a `Connection` beside an `AdminConnection`.
 *
 * @since 0.1.0
 */
export class LibvirtError extends Error {
  static {
    LibvirtError.prototype.name = 'LibvirtError'
  }
  /** libvirt's virErrorNumber by name: `'VIR_ERR_NO_DOMAIN'`. One that this version does not know: `'VIR_ERR_123'`. */
  readonly code: string
  /** libvirt's virErrorNumber: `42`. */
  readonly errno: number
  /** The part of libvirt that failed, virErrorDomain by name: `'VIR_FROM_QEMU'`. */
  readonly domain: string
  readonly level: LibvirtErrorLevel
  /** The C function: `'virDomainLookupByName'`. */
  readonly syscall: string
  /** The connection's URI as it was given, without a password; `undefined` when libvirt chose it. */
  readonly uri: string | undefined
  /** The name of the domain, pool or volume that the call was for, or the secret's UUID. */
  readonly object: string | undefined

  constructor(init: LibvirtErrorInit) {
    super(
      `${init.code}: ${init.text}, ${init.syscall}${init.object === undefined ? '' : ` '${init.object}'`}`,
    )
    this.code = init.code
    this.errno = init.errno
    this.domain = init.domain
    this.level = init.level
    this.syscall = init.syscall
    this.uri = init.uri
    this.object = init.object
  }
}

/** An errno of rbdkit's own in libvirt's form. `errno` is negative. */
export function systemError(errno: number, context: LibvirtErrorContext, text?: string): LibvirtError {
  return new LibvirtError({
    ...context,
    code: getSystemErrorName(errno),
    errno,
    domain: 'VIR_FROM_NONE',
    level: 'error',
    text: text ?? native.strerror(-errno),
  })
}

function isNativeError(value: unknown): value is NativeLibvirtError {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value
}

/** The error of a native call: `value` is libvirt's error, or what was said about a negative errno. */
export function libvirtError(result: number, value: unknown, context: LibvirtErrorContext): LibvirtError {
  if (!isNativeError(value)) {
    return systemError(result, context, typeof value === 'string' ? value : undefined)
  }
  const codes: Readonly<Record<number, string>> = errorCodes
  const domains: Readonly<Record<number, string>> = errorDomains
  const levels: Readonly<Record<number, LibvirtErrorLevel>> = errorLevels
  const code = codes[value.code] ?? `VIR_ERR_${value.code}`
  const text = value.message || 'libvirt gave no reason'
  const help = remedy(code, text, context)
  return new LibvirtError({
    ...context,
    code,
    errno: value.code,
    domain: domains[value.domain] ?? `VIR_FROM_${value.domain}`,
    level: levels[value.level] ?? 'error',
    text: help === undefined ? text : `${text} (${help})`,
  })
}

/** `undefined` for what `code` says is not there. */
export async function orNone<T>(found: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (error instanceof LibvirtError && error.code === code) return undefined
    throw error
  }
}
