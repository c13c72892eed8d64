import { native } from '../internal/addon.js'
import {
  addressSources,
  ipAddressTypes,
  VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET,
  VIR_DOMAIN_GET_HOSTNAME,
  VIR_DOMAIN_GUEST_INFO,
  VIR_DOMAIN_PASSWORD,
  VIR_DOMAIN_TIME,
} from '../internal/generated/libvirt.js'
import { nameOf, numberOf } from '../internal/name-of.js'
import {
  invalidArgType,
  invalidArgValue,
  invalidSecretType,
  toOptions,
  toSize,
  toText,
} from '../internal/validate.js'
import { cpusOfText, toCpus } from './cpus.js'
import type { Domain } from './domain.js'
import { toFlags, toTruth } from './flags.js'
import { toTexts } from './host-arguments.js'
import { type Told, toldTree } from './told.js'

/**
 * A file system that a guest has mounted.
 *
 * @since 0.1.0
 */
export interface GuestFileSystem {
  mountpoint: string
  /** The device in the guest: `'vda1'`. */
  name: string
  fsType: string
  /** The targets of the disks that it is on: `['vda']`. */
  devAlias: string[]
}

/**
 * An interface of a guest, with its addresses.
 *
 * @since 0.1.0
 */
export interface GuestInterface {
  name: string
  mac: string
  addresses: {
    type: (typeof ipAddressTypes)[keyof typeof ipAddressTypes] | 'unknown'
    address: string
    /** Bits of the network. */
    prefix: number
  }[]
}

/**
 * Where a guest's addresses are asked for; `'agent'` only of a guest that has one.
 *
 * @since 0.1.0
 */
export type AddressSource = (typeof addressSources)[keyof typeof addressSources]

/**
 * What to ask a guest for; nothing: all that its agent knows.
 *
 * @since 0.1.0
 */
export interface GuestInfoOptions {
  users?: boolean
  os?: boolean
  timezone?: boolean
  hostname?: boolean
  filesystem?: boolean
  disks?: boolean
  interfaces?: boolean
}

/**
 * The virtual CPUs as the guest has them.
 *
 * @since 0.1.0
 */
export interface GuestVcpus {
  vcpus: number[]
  online: number[]
  /** Those that may be taken offline. */
  offlinable: number[]
}

/**
 * What the agent in a guest tells and does: `domain.guest`.
 *
 * Every method rejects with `VIR_ERR_AGENT_UNRESPONSIVE` when no agent answers, `VIR_ERR_ARGUMENT_UNSUPPORTED` when the
 * domain has no channel for one, and `VIR_ERR_OPERATION_INVALID` when it does not run.
 *
 * @since 0.1.0
 */
export class DomainGuest {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * The file systems that are mounted.
   *
   * Implements: virDomainGetFSInfo.
   * @since 0.1.0
   */
  fsInfo(): Promise<GuestFileSystem[]> {
    return this.#domain.call(native.virDomainGetFSInfo)
  }

  /**
   * Freezes file systems, all or those mounted there; gives how many. They must be thawed again, whatever happens: what
   * writes in the guest waits.
   *
   * Errors: `VIR_ERR_OPERATION_FAILED` they are frozen already.
   *
   * Implements: virDomainFSFreeze.
   * @since 0.1.0
   */
  async fsFreeze(options?: { mountpoints?: readonly string[] }): Promise<number> {
    const { mountpoints } = toOptions('options', options, { mountpoints: true })
    return this.#domain.call(native.virDomainFSFreeze, toTexts('options.mountpoints', mountpoints ?? []))
  }

  /**
   * Thaws them; gives how many.
   *
   * Implements: virDomainFSThaw.
   * @since 0.1.0
   */
  async fsThaw(options?: { mountpoints?: readonly string[] }): Promise<number> {
    const { mountpoints } = toOptions('options', options, { mountpoints: true })
    return this.#domain.call(native.virDomainFSThaw, toTexts('options.mountpoints', mountpoints ?? []))
  }

  /**
   * Freezes file systems, all or those mounted there, runs `use`, and thaws them, whatever became of it; settles as `use`
   * does. What freezing left frozen when it failed is thawed, too.
   *
   * Errors: `VIR_ERR_AGENT_UNRESPONSIVE` no agent answers, nothing was frozen and `use` did not run; what `use` throws; an
   * `AggregateError` of that and of thawing, when both failed.
   *
   * Implements: virDomainFSFreeze, virDomainFSThaw.
   * @since 0.1.0
   */
  async whileFrozen<T>(use: () => Promise<T>, options?: { mountpoints?: readonly string[] }): Promise<T> {
    if (typeof use !== 'function') throw invalidArgType('use', 'of type function', use)
    const { mountpoints } = toOptions('options', options, { mountpoints: true })
    const places = toTexts('options.mountpoints', mountpoints ?? [])
    const thaw = (): Promise<number> => this.#domain.call(native.virDomainFSThaw, places)
    const failed = async (error: unknown): Promise<never> => {
      await thaw().catch((late: unknown) => {
        throw new AggregateError([error, late], 'file systems may still be frozen')
      })
      throw error
    }
    try {
      await this.#domain.call(native.virDomainFSFreeze, places)
    } catch (error) {
      // Without an agent there is nobody to thaw either.
      await thaw().catch(() => {})
      throw error
    }
    // What throws, or gives no promise, leaves nothing frozen either.
    const result = await (async () => use())().catch(failed)
    await thaw()
    return result
  }

  /**
   * Discards what the file systems do not use, in ranges of `minimum` bytes at least. `mountpoint` not every libvirt
   * takes.
   *
   * Implements: virDomainFSTrim.
   * @since 0.1.0
   */
  async fsTrim(options?: { mountpoint?: string; minimum?: number }): Promise<void> {
    const given = toOptions('options', options, { mountpoint: true, minimum: true })
    const where = given.mountpoint === undefined ? undefined : toText('options.mountpoint', given.mountpoint)
    await this.#domain.call(native.virDomainFSTrim, where, toSize('options.minimum', given.minimum ?? 0))
  }

  /**
   * What is asked for, as a tree of libvirt's names: `{ os: { id: 'debian' }, user: [{ name: 'root' }] }`.
   *
   * Implements: virDomainGetGuestInfo.
   * @since 0.1.0
   */
  async info(options?: GuestInfoOptions): Promise<Told> {
    const mask = toFlags(options, {
      users: VIR_DOMAIN_GUEST_INFO.USERS,
      os: VIR_DOMAIN_GUEST_INFO.OS,
      timezone: VIR_DOMAIN_GUEST_INFO.TIMEZONE,
      hostname: VIR_DOMAIN_GUEST_INFO.HOSTNAME,
      filesystem: VIR_DOMAIN_GUEST_INFO.FILESYSTEM,
      disks: VIR_DOMAIN_GUEST_INFO.DISKS,
      interfaces: VIR_DOMAIN_GUEST_INFO.INTERFACES,
    })
    return toldTree(await this.#domain.call(native.virDomainGetGuestInfo, mask))
  }

  /**
   * The users that are logged in.
   *
   * Implements: virDomainGetGuestInfo.
   * @since 0.1.0
   */
  async users(): Promise<{ name: string; domain?: string; loginTime: Date }[]> {
    const { user } = await this.info({ users: true })
    const list = Array.isArray(user) ? (user as Told[]) : []
    return list.map(({ name, domain, 'login-time': time }) => ({
      name: String(name),
      ...(typeof domain === 'string' && { domain }),
      loginTime: new Date(Number(time)),
    }))
  }

  /**
   * The guest's host name, from its agent, or with `source: 'lease'` from the leases of the host's networks.
   *
   * Errors: `VIR_ERR_NO_HOSTNAME` no lease has one.
   *
   * Implements: virDomainGetHostname.
   * @since 0.1.0
   */
  async hostname(options?: { source?: 'agent' | 'lease' }): Promise<string> {
    const { source } = toOptions('options', options, { source: true })
    if (source !== undefined && source !== 'agent' && source !== 'lease')
      throw invalidArgValue('options.source', "must be 'agent' or 'lease'")
    // Without a flag libvirt chooses.
    const flag =
      source === undefined
        ? 0
        : source === 'agent'
          ? VIR_DOMAIN_GET_HOSTNAME.AGENT
          : VIR_DOMAIN_GET_HOSTNAME.LEASE
    return this.#domain.call(native.virDomainGetHostname, flag)
  }

  /**
   * The guest's clock.
   *
   * Implements: virDomainGetTime.
   * @since 0.1.0
   */
  async time(): Promise<Date> {
    const [seconds, nanoseconds] = await this.#domain.call(native.virDomainGetTime)
    return new Date(1000 * seconds + nanoseconds / 1e6)
  }

  /**
   * Sets the guest's clock; without a time, from the clock of its hardware.
   *
   * Implements: virDomainSetTime.
   * @since 0.1.0
   */
  async setTime(time: Date | 'sync'): Promise<void> {
    if (time === 'sync') {
      await this.#domain.call(native.virDomainSetTime, 0, 0, VIR_DOMAIN_TIME.SYNC)
      return
    }
    const ms = time instanceof Date ? time.getTime() : Number.NaN
    if (Number.isNaN(ms)) throw invalidArgValue('time', "must be a Date or 'sync'")
    const seconds = Math.floor(ms / 1000)
    await this.#domain.call(native.virDomainSetTime, seconds, Math.round((ms - 1000 * seconds) * 1e6), 0)
  }

  /**
   * The guest's interfaces and their addresses: `'lease'`: from the leases of the host's networks; `'arp'`: from the
   * host's own table; `'agent'`: from the guest.
   *
   * Implements: virDomainInterfaceAddresses.
   * @since 0.1.0
   */
  async interfaceAddresses(options?: { source?: AddressSource }): Promise<GuestInterface[]> {
    const { source } = toOptions('options', options, { source: true })
    const number = numberOf('options.source', source ?? 'lease', addressSources)
    const found = await this.#domain.call(native.virDomainInterfaceAddresses, number)
    return found.map(({ addresses, ...rest }) => ({
      ...rest,
      addresses: addresses.map((one) => ({ ...one, type: nameOf(ipAddressTypes, one.type) })),
    }))
  }

  /**
   * The lines of a user's `authorized_keys`.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR` no such user.
   *
   * Implements: virDomainAuthorizedSSHKeysGet.
   * @since 0.1.0
   */
  async authorizedSshKeys(user: string): Promise<string[]> {
    return this.#domain.call(native.virDomainAuthorizedSSHKeysGet, toText('user', user))
  }

  /**
   * Sets the lines of a user's `authorized_keys`, or with `append` adds them, or with `remove` removes them.
   *
   * Errors: `VIR_ERR_INVALID_ARG` both options; `VIR_ERR_INTERNAL_ERROR` no such user.
   *
   * Implements: virDomainAuthorizedSSHKeysSet.
   * @since 0.1.0
   */
  async setAuthorizedSshKeys(
    user: string,
    keys: readonly string[],
    options?: { append?: boolean; remove?: boolean },
  ): Promise<void> {
    const mask = toFlags(options, {
      append: VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET.APPEND,
      remove: VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET.REMOVE,
    })
    await this.#domain.call(
      native.virDomainAuthorizedSSHKeysSet,
      toText('user', user),
      toTexts('keys', keys),
      mask,
    )
  }

  /**
   * Sets a user's password; with `encrypted` it is one that `crypt(3)` has made.
   *
   * Errors: `VIR_ERR_INTERNAL_ERROR` no such user. No error shows the password.
   *
   * Implements: virDomainSetUserPassword.
   * @since 0.1.0
   */
  async setUserPassword(user: string, password: string, options?: { encrypted?: boolean }): Promise<void> {
    const name = toText('user', user)
    if (typeof password !== 'string') throw invalidSecretType('password', 'of type string', password)
    if (password.includes('\0')) throw invalidArgValue('password', 'must not contain a NUL byte')
    const mask = toFlags(options, { encrypted: VIR_DOMAIN_PASSWORD.ENCRYPTED })
    await this.#domain.call(native.virDomainSetUserPassword, name, password, mask)
  }

  /**
   * The virtual CPUs as the guest has them.
   *
   * Implements: virDomainGetGuestVcpus.
   * @since 0.1.0
   */
  async vcpus(): Promise<GuestVcpus> {
    const told = new Map(await this.#domain.call(native.virDomainGetGuestVcpus))
    const cpus = (name: string): number[] => cpusOfText(String(told.get(name) ?? ''))
    return { vcpus: cpus('vcpus'), online: cpus('online'), offlinable: cpus('offlinable') }
  }

  /**
   * Takes virtual CPUs offline in the guest, or online again.
   *
   * Errors: `VIR_ERR_INVALID_ARG` one that there is not, or that cannot be taken offline.
   *
   * Implements: virDomainSetGuestVcpus.
   * @since 0.1.0
   */
  async setVcpus(vcpus: readonly number[], online: boolean): Promise<void> {
    const text = toCpus('vcpus', vcpus).join(',')
    await this.#domain.call(native.virDomainSetGuestVcpus, text, toTruth('online', online) ? 1 : 0)
  }

  /**
   * How long each command waits for the agent from now on, in seconds; 0: it must answer at once; `undefined`: as long as
   * it takes.
   *
   * Implements: virDomainAgentSetResponseTimeout.
   * @since 0.1.0
   */
  async setResponseTimeout(seconds: number | undefined): Promise<void> {
    // VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK
    const timeout = seconds === undefined ? -2 : toSize('seconds', seconds, 0, 2 ** 31 - 1)
    await this.#domain.call(native.virDomainAgentSetResponseTimeout, timeout)
  }
}
