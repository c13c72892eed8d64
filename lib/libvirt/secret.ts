import { native } from '../internal/addon.js'
import type { CallOptions } from '../internal/call-options.js'
import { secretUsageTypes } from '../internal/generated/libvirt.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeSecret } from '../internal/native/libvirt-objects.js'
import { invalidArgValue, invalidSecretType, toOptions } from '../internal/validate.js'
import type { Connection } from './connection.js'
import { openEvents, type SecretEventMap } from './event-kinds.js'
import type { Events } from './events.js'
import { LibvirtObject } from './object.js'

/**
 * What a secret is for: libvirt's virSecretUsageType.
 *
 * @since 0.1.0
 */
export type SecretUsageType = (typeof secretUsageTypes)[keyof typeof secretUsageTypes]

/** The bytes of a base64 text, with the line end that it has in a file. */
function fromBase64(value: { base64: string }): Buffer {
  const expected = 'an instance of Uint8Array, or { base64 }'
  if (typeof value !== 'object' || value === null) throw invalidSecretType('value', expected, value)
  const { base64 } = toOptions('value', value, { base64: true })
  if (typeof base64 !== 'string') throw invalidSecretType('value.base64', 'of type string', base64)
  const text = base64.trim()
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw invalidArgValue('value.base64', 'is not base64')
  }
  return Buffer.from(text, 'base64')
}

/**
 * A secret that libvirtd keeps for its guests and pools: for Ceph, a user's key.
 *
 * @since 0.1.0
 */
export class Secret extends LibvirtObject {
  readonly connection: Connection
  /** What an RBD disk's `<auth>` refers to. */
  readonly uuid: string
  readonly usageType: SecretUsageType | 'unknown'
  /** The `<name>`, `<volume>` or `<target>` of its usage; `''` when it has none. */
  readonly usageId: string

  /** @internal */
  constructor(connection: Connection, native: NativeSecret) {
    super(native.handle, connection, { uri: connection.givenUri, object: native.uuid, kind: 'secret' })
    this.connection = connection
    this.uuid = native.uuid
    this.usageType = nameOf(secretUsageTypes, native.usageType)
    this.usageId = native.usageId
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.connection.call(native.virSecretLookupByUUIDString, this.uuid)
  }

  /**
   * Its events of one kind, until the stream or this handle is closed. See `connection.events()`.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the hypervisor has no such events.
   *
   * Implements: virConnectSecretEventRegisterAny.
   * @since 0.1.0
   */
  events<K extends keyof SecretEventMap>(kind: K, options?: CallOptions): Promise<Events<SecretEventMap[K]>> {
    return openEvents(this.connection, 'secret', kind, options, this)
  }

  /**
   * Sets the secret's bytes, or what its base64 text says: `{ base64: await cluster.auth.getKey('client.libvirt') }`.
   * A text alone is refused, for it could be either. rbdkit copies the bytes and clears its copy; clearing the caller's
   * is up to the caller.
   *
   * Errors: `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` no bytes, or no base64, none of which is shown;
   * `VIR_ERR_OPERATION_DENIED` the connection is read-only.
   *
   * Implements: virSecretSetValue.
   * @since 0.1.0
   */
  async setValue(value: Uint8Array | { base64: string }): Promise<void> {
    if (value instanceof Uint8Array) {
      if (value.byteLength === 0) throw invalidArgValue('value', 'must not be empty or detached')
      await this.call(native.virSecretSetValue, value)
      return
    }
    const bytes = fromBase64(value)
    try {
      await this.call(native.virSecretSetValue, bytes)
    } finally {
      bytes.fill(0)
    }
  }

  /**
   * The secret's bytes. Keep them short-lived and clear them with `fill(0)`; nothing here logs them or puts them in
   * an error.
   *
   * Errors: `VIR_ERR_INVALID_SECRET` the secret is defined with `private='yes'`; `VIR_ERR_NO_SECRET` no value is
   * set; `VIR_ERR_OPERATION_DENIED` the connection is read-only.
   *
   * Implements: virSecretGetValue.
   * @since 0.1.0
   */
  getValue(): Promise<Buffer> {
    return this.call(native.virSecretGetValue)
  }

  /**
   * The secret's document, without its value.
   *
   * Implements: virSecretGetXMLDesc.
   * @since 0.1.0
   */
  xml(): Promise<string> {
    return this.call(native.virSecretGetXMLDesc)
  }

  /**
   * Removes the secret and its value. Guests that run keep what they were started with.
   *
   * Errors: `VIR_ERR_NO_SECRET` it is gone already.
   *
   * Implements: virSecretUndefine.
   * @since 0.1.0
   */
  async undefine(): Promise<void> {
    await this.call(native.virSecretUndefine)
  }
}
