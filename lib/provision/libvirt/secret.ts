/** This file is libvirt's secret with the user's key. */

import { type Secret, xml } from '../../libvirt/index.js'
import type { Difference } from '../errors.js'
import { orNone } from './none.js'
import { absent, type Look, type Part, right, type Target } from './target.js'

export class SecretPart implements Part {
  readonly name = 'secret'
  readonly of = 'host'
  readonly label: string
  readonly #target: Target
  /** As it was before it was brought in line; `value` is absent where there was none, or it cannot be read. */
  #before: { document: string; value: Buffer | undefined; hidden: boolean } | undefined

  constructor(target: Target) {
    this.#target = target
    this.label = target.usage
  }

  #find(): Promise<Secret | undefined> {
    const { connection, usage } = this.#target
    return orNone(connection.secretByUsage('ceph', usage), 'VIR_ERR_NO_SECRET')
  }

  #differs(reason: string, replaceable: boolean): Look {
    const difference: Difference = { step: this.name, name: this.#target.usage, reason, replaceable }
    return { is: 'near', differences: [difference] }
  }

  async look(): Promise<Look> {
    const { connection, secretUuid, user, uuid } = this.#target
    const secret = await this.#find()
    if (secret === undefined) {
      const other = await orNone(connection.secretByUuid(uuid), 'VIR_ERR_NO_SECRET')
      if (other === undefined) return absent
      return this.#differs(`the UUID ${uuid} is that of another secret, '${other.usageId}'`, false)
    }
    if (secretUuid !== undefined && secret.uuid !== secretUuid)
      return this.#differs(
        `it has the UUID ${secret.uuid}, which documents may name, not ${secretUuid}`,
        false,
      )
    this.#target.uuid = secret.uuid
    return this.#compare(secret, user?.key)
  }

  async #compare(secret: Secret, key: string | undefined): Promise<Look> {
    const document = await secret.xml()
    const hidden = xml.parseSecret(document).private
    this.#before?.value?.fill(0)
    const value = hidden ? undefined : await orNone(secret.getValue(), 'VIR_ERR_NO_SECRET')
    this.#before = { document, value, hidden }
    if (hidden) return this.#differs('it is private: whether it holds the key cannot be seen', true)
    if (value === undefined) return { is: 'near', differences: [] } // it is good for nothing yet
    if (key !== undefined && value.equals(Buffer.from(key, 'base64'))) return right
    return this.#differs(
      key === undefined
        ? 'it holds the key of a user that is not there'
        : "it holds another key than the user's",
      true,
    )
  }

  async make(): Promise<void> {
    const { connection, usage, uuid } = this.#target
    const description = `Key of the Ceph user ${this.#target.entity}`
    await connection.defineSecret(xml.secret({ uuid, description, usage: { type: 'ceph', name: usage } }))
    await this.align()
  }

  async align(): Promise<void> {
    const key = this.#target.user?.key
    if (key === undefined) throw new Error('the user has no key')
    const secret = await this.#find()
    if (secret === undefined) throw new Error('the secret is gone')
    await secret.setValue({ base64: key })
  }

  async restore(): Promise<void> {
    if (this.#before === undefined) return
    const { document, value, hidden } = this.#before
    if (hidden) throw new Error('its value before could not be read, so it cannot be put back')
    const secret = await this.#find()
    if (value !== undefined) {
      await secret?.setValue(value)
      return
    }
    await secret?.undefine()
    await this.#target.connection.defineSecret(document)
  }

  async remove(): Promise<boolean> {
    const secret = await this.#find()
    await secret?.undefine()
    return secret !== undefined
  }
}
