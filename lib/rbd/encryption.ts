import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import { invalidArgValue, invalidSecretType, type Known, toOneOf, toOptions } from '../internal/validate.js'
import { explained } from './explain.js'
import type { ImageHandle } from './handle.js'

/**
 * The format that an image is encrypted in.
 *
 * @since 0.1.0
 */
export type EncryptionFormat = 'luks1' | 'luks2'

/**
 * How an image is formatted for encryption.
 *
 * @since 0.1.0
 */
export interface EncryptionFormatOptions extends CallOptions {
  format: EncryptionFormat
  /** rbdkit copies it and clears its copy; clearing the caller's is up to the caller. */
  passphrase: Uint8Array
  /** Default `'aes-256'`. */
  algorithm?: 'aes-128' | 'aes-256'
}

/**
 * What an image, or one that it is a clone of, is encrypted with.
 *
 * @since 0.1.0
 */
export interface EncryptionLayer {
  /** `'luks'` is either of them; it needs Ceph 18. */
  format: EncryptionFormat | 'luks'
  /** As of {@link EncryptionFormatOptions}. */
  passphrase: Uint8Array
}

const formatOptions: Known<EncryptionFormatOptions> = {
  format: true,
  passphrase: ['password', 'key'],
  algorithm: ['cipher'],
  signal: true,
}
const layerOptions: Known<EncryptionLayer> = { format: true, passphrase: ['password', 'key'] }
const formats = ['luks1', 'luks2'] as const
const anyFormats = ['luks1', 'luks2', 'luks'] as const

function toPassphrase(name: string, value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw invalidSecretType(name, 'an instance of Uint8Array', value)
  if (value.byteLength === 0) throw invalidArgValue(name, 'must not be empty or detached')
  return value
}

/**
 * Encryption of an image by librbd itself, in a format that dm-crypt and QEMU read: `image.encryption`.
 *
 * What is read and written through a handle is encrypted once it was formatted or loaded with it; other handles, also of
 * this process, read what is stored. A handle at a snapshot is loaded as well. librbd takes the passphrase to the key
 * for a second or more, by design.
 *
 * @since 0.1.0
 */
export class Encryption {
  readonly #image: ImageHandle

  /** @internal */
  constructor(image: ImageHandle) {
    this.#image = image
  }

  /**
   * Formats the image, and loads the encryption into this handle. What was in the image is lost. It becomes smaller:
   * the header takes 4 MiB (LUKS1) or 16 MiB (LUKS2), rounded up to whole objects, so with objects of 32 MiB it takes 32 MiB. So
   * make the image larger by that. A clone can be formatted since Ceph 18. What its header has more than its parent's, it hides
   * at the end of the parent's data: make the parent larger by that before its snapshot.
   *
   * Errors: `ENOSPC`, `EINVAL` the header does not fit; `EEXIST`, `EINVAL` this handle has an encryption loaded; `EROFS`;
   * `EOPNOTSUPP` the image is a clone and librbd is older than Ceph 18, or is built without encryption.
   *
   * Implements: rbd_encryption_format.
   * @since 0.1.0
   */
  async format(options: EncryptionFormatOptions): Promise<void> {
    this.#image.checkWritable('rbd_encryption_format')
    const given = toOptions('options', options, formatOptions)
    const format = toOneOf('options.format', given.format, formats)
    const algorithm =
      given.algorithm === undefined
        ? 'aes-256'
        : toOneOf('options.algorithm', given.algorithm, ['aes-128', 'aes-256'] as const)
    const passphrase = toPassphrase('options.passphrase', given.passphrase)
    const task = toTaskOptions({ signal: given.signal })
    await explained(
      this.#image.callWith(native.rbd_encryption_format, task, format, algorithm, passphrase),
      ['ENOSPC', 'EINVAL'],
      () => this.#whyNotFormatted(format),
      task.signal,
    )
  }

  /**
   * Loads what the image was formatted with into this handle, which then reads and writes plain data, and whose size is
   * less by the header. Of a clone whose parents are encrypted otherwise, each layer is given, the image's own first; that needs
   * Ceph 18 when there are several, or for `'luks'`.
   *
   * Errors: `EPERM` a wrong passphrase; `EINVAL` the image is not of that format, or this handle has an encryption
   * loaded; `ENOSYS` librbd is older than several layers, or than `'luks'`.
   *
   * Implements: rbd_encryption_load, rbd_encryption_load2.
   * @since 0.1.0
   */
  async load(layers: EncryptionLayer | readonly EncryptionLayer[], options?: CallOptions): Promise<void> {
    const list = Array.isArray(layers) ? layers : [layers]
    if (list.length === 0) throw invalidArgValue('layers', 'must not be empty')
    const checked = list.map((layer: EncryptionLayer, i: number) => {
      const name = Array.isArray(layers) ? `layers[${i}]` : 'layers'
      const given = toOptions(name, layer, layerOptions)
      return {
        format: toOneOf(`${name}.format`, given.format, anyFormats),
        passphrase: toPassphrase(`${name}.passphrase`, given.passphrase),
      }
    })
    const task = toTaskOptions(options)
    const [first] = checked
    if (checked.length === 1 && first && first.format !== 'luks') {
      await this.#image.callWith(native.rbd_encryption_load, task, first.format, 'aes-256', first.passphrase)
      return
    }
    const specs = checked.map(({ format, passphrase }): [typeof format, Uint8Array] => [format, passphrase])
    await this.#image.callWith(native.rbd_encryption_load2, task, specs)
  }

  async #whyNotFormatted(format: EncryptionFormat): Promise<string> {
    const { size, objectSize } = await this.#image.call(native.rbd_stat)
    const header = Math.ceil((format === 'luks1' ? 4 : 16) / (objectSize / 2 ** 20)) * objectSize
    return size > header ? '' : `it has ${size} bytes, and its header takes ${header}: resize() it first`
  }
}
