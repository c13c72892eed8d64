/**
 * This file builds the secret document (libvirt: formatsecret). The document never holds the key itself: that is
 * `secret.setValue()`.
 */

import { type Known, toBoolean, toOneOf } from '../../internal/validate.js'
import { format, XmlElement } from './element.js'
import { defined, textElement, toLine, toObject, toObjectName, toUuid } from './fields.js'
import { parseRoot, XmlError } from './parse.js'

/**
 * What {@link secret} takes.
 *
 * @since 0.1.0
 */
export interface SecretOptions {
  /** What it is for. The name is free and unique, usually `client.<id> secret`. */
  readonly usage: { readonly type: 'ceph'; readonly name: string }
  /** Absent: libvirt makes one. */
  readonly uuid?: string | undefined
  readonly description?: string | undefined
  /** Kept in memory only, and gone when libvirtd restarts. Default false. */
  readonly ephemeral?: boolean | undefined
  /** The value can be set and used, but never read back. Default false. */
  readonly private?: boolean | undefined
}

const secretOptions: Known<SecretOptions> = {
  usage: true,
  uuid: true,
  description: true,
  ephemeral: true,
  private: true,
}

const yesNo = (value: boolean) => (value ? 'yes' : 'no')

/**
 * A document for `connection.defineSecret()`: a secret that will hold a Ceph user's key.
 *
 * Source of the format: libvirt, formatsecret.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 * @since 0.1.0
 */
export function secret(options: SecretOptions): string {
  const { usage, uuid, description } = toObject('options', options, secretOptions)
  const type = toOneOf('usage.type', toObject('usage', usage, { type: true, name: ['id'] }).type, ['ceph'])
  const name = toObjectName('usage.name', usage.name)
  return format(
    new XmlElement(
      'secret',
      {
        ephemeral: yesNo(toBoolean('ephemeral', options.ephemeral, false)),
        private: yesNo(toBoolean('private', options.private, false)),
      },
      [
        uuid === undefined ? undefined : textElement('uuid', toUuid('uuid', uuid)),
        description === undefined
          ? undefined
          : textElement('description', toLine('description', description)),
        new XmlElement('usage', { type }, [textElement('name', name)]),
      ],
    ),
  )
}

/**
 * What a secret's document says.
 *
 * @since 0.1.0
 */
export interface SecretDocument {
  readonly uuid?: string
  readonly description?: string
  readonly ephemeral: boolean
  readonly private: boolean
  /** `type` is `ceph`, or another of libvirt's; `name` is the usage id by which the secret is looked up. */
  readonly usage?: { readonly type: string; readonly name: string }
}

/**
 * Reads a secret's document, such as `secret.getXML()` gives.
 *
 * @throws {@link XmlError} `ERR_INVALID_XML`
 * @since 0.1.0
 */
export function parseSecret(text: string): SecretDocument {
  const root = parseRoot(text, 'secret')
  const usage = root.find('usage')
  const type = usage?.attribute('type')
  // Each type has its own element for the name: <name>, <volume>, <target>.
  const name = usage?.elements()[0]?.text
  if (usage !== undefined && (type === undefined || name === undefined)) {
    throw new XmlError('The <usage> of the secret has no type or no name')
  }
  return defined({
    uuid: root.find('uuid')?.text.trim(),
    description: root.find('description')?.text,
    ephemeral: root.attribute('ephemeral') === 'yes',
    private: root.attribute('private') === 'yes',
    usage: type === undefined || name === undefined ? undefined : { type, name },
  })
}
