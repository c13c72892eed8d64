/** This file is the Ceph user that libvirt's guests have. */

import type { AuthUser, Capabilities } from '../../index.js'
import { isCode } from '../record.js'
import { absent, type Look, type Part, right, type Target } from './target.js'

/** One text for capabilities that mean the same. */
function normal(caps: Capabilities): string {
  const parts = Object.entries(caps).map(([type, text]) => {
    const grants = text.split(',').map((grant) => grant.trim().replaceAll(/\s+/g, ' '))
    return `${type} '${grants.sort().join(', ')}'`
  })
  return parts.sort().join(' ')
}

export class UserPart implements Part {
  readonly name = 'user'
  readonly of = 'cluster'
  readonly label: string
  readonly #target: Target
  #before: AuthUser | undefined

  constructor(target: Target) {
    this.#target = target
    this.label = target.entity
  }

  async look(signal?: AbortSignal): Promise<Look> {
    const { cluster, entity, caps } = this.#target
    try {
      this.#target.user = await cluster.auth.get(entity, signal && { signal })
    } catch (error) {
      if (isCode(error, 'ENOENT')) return absent
      throw error
    }
    const found = normal(this.#target.user.caps)
    if (found === normal(caps)) return right
    this.#before = this.#target.user
    const reason = `it has the capabilities ${found || 'none'}, not ${normal(caps)}`
    return { is: 'near', differences: [{ step: this.name, name: entity, reason, replaceable: true }] }
  }

  async make(): Promise<void> {
    const { cluster, entity, caps } = this.#target
    await cluster.auth.getOrCreate(entity, caps)
    this.#target.user = await cluster.auth.get(entity)
  }

  async align(): Promise<void> {
    const { cluster, entity, caps } = this.#target
    await cluster.auth.setCaps(entity, caps)
  }

  async restore(): Promise<void> {
    const { cluster, entity } = this.#target
    if (this.#before) await cluster.auth.setCaps(entity, this.#before.caps)
  }

  async remove(): Promise<boolean> {
    const { cluster, entity } = this.#target
    try {
      await cluster.auth.get(entity)
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false
      throw error
    }
    await cluster.auth.remove(entity)
    return true
  }
}
