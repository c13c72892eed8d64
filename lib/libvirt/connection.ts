import { constants } from 'node:os'
import type { ErrorObject } from '../errors.js'
import { native } from '../internal/addon.js'
import type { CallOptions } from '../internal/call-options.js'
import { type Owner, startTask } from '../internal/dispatcher.js'
import {
  secretUsageTypes,
  VIR_CONNECT_LIST_DOMAINS,
  VIR_CONNECT_LIST_STORAGE_POOLS,
} from '../internal/generated/libvirt.js'
import type { Task } from '../internal/native/core.js'
import { Resource } from '../internal/resource.js'
import { type Known, toBoolean, toOneOf, toOptions, toSignal, toSize, toText } from '../internal/validate.js'
import { Domain } from './domain.js'
import { type DomainEventMap, DomainEvents } from './domain-events.js'
import { libvirtError, systemError } from './errors.js'
import { type ListOptions, listFlags } from './flags.js'
import { Secret, type SecretUsageType } from './secret.js'
import { StoragePool } from './storage-pool.js'
import { checkUri, withoutPassword } from './uri.js'

/**
 * How to open a connection.
 *
 * @since 0.1.0
 */
export interface ConnectionOptions {
  /**
   * Lets the URI name programs: `command=` and `netcat=`, which libvirt runs on this host or the other, the transport
   * `+ext`, and a host or user that `ssh` would take for an option. For URIs that you wrote, not for what somebody else
   * gave you. Default `false`: such a URI is `ERR_INVALID_ARG_VALUE`, and libvirt does not see it.
   */
  allowCommands?: boolean
  /** Only look: what changes something rejects with `VIR_ERR_OPERATION_DENIED`. Default `false`. */
  readOnly?: boolean
  /** Milliseconds until opening rejects with `ETIMEDOUT`. Default 30 000. */
  connectTimeoutMs?: number
  /**
   * Seconds of silence after which the daemon is asked whether it is alive; 0: never, then a call to a daemon that
   * stopped answering waits without end. Default 5.
   */
  keepAliveInterval?: number
  /** Unanswered questions after which the connection is given up. Default 5: with the default interval 30 seconds. */
  keepAliveCount?: number
  /** Aborting rejects at once; a connection that comes about after all is closed. */
  signal?: AbortSignal
}

const connectionOptions: Known<ConnectionOptions> = {
  allowCommands: true,
  readOnly: true,
  connectTimeoutMs: ['timeoutMs', 'timeout'],
  keepAliveInterval: true,
  keepAliveCount: true,
  signal: true,
}

const usageTypes = new Map(Object.entries(secretUsageTypes).map(([number, name]) => [name, Number(number)]))

function versionText(version: number): string {
  return `${Math.floor(version / 1e6)}.${Math.floor(version / 1000) % 1000}.${version % 1000}`
}

/**
 * A connection to a hypervisor's libvirt daemon.
 *
 * Calls run on up to four threads of the connection's own, so a daemon that is slow delays no other connection. A
 * daemon that ends fails the calls under way at once; one that is stopped fails them after the keepalive time
 * (`keepAliveInterval` times `keepAliveCount + 1` seconds), with `VIR_ERR_INTERNAL_ERROR` or `VIR_ERR_RPC`, and so
 * ends `close()`. The connection then stays dead: `isAlive()` gives `false`; open a new one. Calls other than `open`
 * take no signal, because libvirt cannot take a call back.
 *
 * @since 0.1.0
 */
export class Connection extends Resource {
  /** @internal The URI as it was given, without a password. */
  readonly givenUri: string | undefined

  private constructor(handle: number, givenUri: string | undefined) {
    super(handle, undefined, 'Connection')
    this.givenUri = givenUri
  }

  /**
   * Opens a connection: `'qemu:///system'`, `'qemu+ssh://root@host/system'`, `'test:///default'`. Without a URI
   * libvirt chooses (`LIBVIRT_DEFAULT_URI`, else what it finds). Never asks for a password on the terminal.
   *
   * A URI that names a program needs `allowCommands`. Which one libvirt chooses by itself is not looked at: that is the
   * host's or the process's own setting.
   *
   * Errors: `VIR_ERR_SYSTEM_ERROR` nobody listens, or no permission; `VIR_ERR_NO_CONNECT` no such kind of
   * hypervisor; `VIR_ERR_AUTH_FAILED` and `VIR_ERR_AUTH_CANCELLED` it asks for a password; `ETIMEDOUT` no answer
   * within `connectTimeoutMs`; `ENOSYS` libvirt is not installed.
   *
   * Implements: virConnectOpen, virConnectOpenReadOnly, virConnectSetKeepAlive.
   * @since 0.1.0
   */
  static async open(uri?: string, options?: ConnectionOptions): Promise<Connection> {
    const target = uri === undefined ? undefined : toText('uri', uri)
    const given = toOptions('options', options, connectionOptions)
    const readOnly = toBoolean('options.readOnly', given.readOnly, false)
    const timeoutMs = toSize('options.connectTimeoutMs', given.connectTimeoutMs ?? 30_000, 1, 86_400_000)
    const interval = toSize('options.keepAliveInterval', given.keepAliveInterval ?? 5, 0, 86_400)
    const count = toSize('options.keepAliveCount', given.keepAliveCount ?? 5, 1, 1000)
    const signal = toSignal(given.signal)
    if (!toBoolean('options.allowCommands', given.allowCommands, false)) checkUri(target ?? '')
    const shown = withoutPassword(target)
    const context = { syscall: readOnly ? 'virConnectOpenReadOnly' : 'virConnectOpen', uri: shown }
    const owner: Owner = {
      inFlight: 0,
      idle: () => {},
      makeError: (result, _syscall, value) => libvirtError(result, value, context),
    }
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), timeoutMs)
    try {
      const handle = await startTask(
        owner,
        native.virConnectOpen,
        [target, readOnly, interval, count, `libvirt connection ${shown ?? 'to the default URI'}`],
        // Native code leaves the call behind when it is cancelled, so the promise settles at once.
        { signal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal, onAbort: 'cancel' },
      )
      return new Connection(handle, shown)
    } catch (error) {
      if (!timeout.signal.aborted || signal?.aborted) throw error
      throw systemError(-constants.errno.ETIMEDOUT, context, 'the daemon does not answer')
    } finally {
      clearTimeout(timer)
    }
  }

  /** @internal */
  makeError(result: number, syscall: string, value: unknown, object?: ErrorObject): Error {
    return libvirtError(result, value, { syscall, uri: this.givenUri, object: object?.libvirtObject })
  }

  /** @internal */
  closedError(syscall: string): Error {
    const context = { syscall, uri: this.givenUri }
    return systemError(-constants.errno.EBADF, context, 'the connection is closed')
  }

  #lookUp<R>(fn: Task<[number, string], R>, name: string): Promise<R> {
    return this.callWith(fn, { object: { libvirtObject: name } }, name)
  }

  /**
   * The hypervisor's version: QEMU's `'7.2.0'`.
   *
   * Implements: virConnectGetVersion.
   * @since 0.1.0
   */
  async version(): Promise<string> {
    return versionText(await this.call(native.virConnectGetVersion))
  }

  /**
   * The daemon's libvirt version: `'9.0.0'`. This process's own is `versions().libvirt`.
   *
   * Implements: virConnectGetLibVersion.
   * @since 0.1.0
   */
  async libVersion(): Promise<string> {
    return versionText(await this.call(native.virConnectGetLibVersion))
  }

  /**
   * The kind of hypervisor: `'QEMU'`, `'Test'`.
   *
   * Implements: virConnectGetType.
   * @since 0.1.0
   */
  type(): Promise<string> {
    return this.call(native.virConnectGetType)
  }

  /**
   * The URI in full, also when libvirt chose it.
   *
   * Implements: virConnectGetURI.
   * @since 0.1.0
   */
  uri(): Promise<string> {
    return this.call(native.virConnectGetURI)
  }

  /**
   * The hypervisor's host name.
   *
   * Implements: virConnectGetHostname.
   * @since 0.1.0
   */
  hostname(): Promise<string> {
    return this.call(native.virConnectGetHostname)
  }

  /**
   * Whether the connection still stands. Asks nobody: a daemon that is stopped counts as alive until keepalive finds
   * out.
   *
   * Implements: virConnectIsAlive.
   * @since 0.1.0
   */
  isAlive(): Promise<boolean> {
    return this.call(native.virConnectIsAlive)
  }

  /**
   * Events of one kind of all domains: those that come once this has resolved, none is missed. See {@link DomainEvents}.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the hypervisor has no such events.
   *
   * Implements: virConnectDomainEventRegisterAny.
   * @since 0.1.0
   */
  domainEvents<K extends keyof DomainEventMap>(kind: K, options?: CallOptions): Promise<DomainEvents<K>> {
    return DomainEvents.open(this, kind, options)
  }

  /**
   * Defines a secret, or redefines the one with the same UUID. Its value is set by `secret.setValue()`.
   *
   * Errors: `VIR_ERR_XML_DETAIL` the document is malformed; `VIR_ERR_INTERNAL_ERROR` the usage belongs to another
   * UUID.
   *
   * Implements: virSecretDefineXML.
   * @since 0.1.0
   */
  async defineSecret(xml: string): Promise<Secret> {
    return new Secret(this, await this.call(native.virSecretDefineXML, toText('xml', xml)))
  }

  /**
   * A secret by its UUID.
   *
   * Errors: `VIR_ERR_NO_SECRET` there is none; `VIR_ERR_INVALID_ARG` not a UUID.
   *
   * Implements: virSecretLookupByUUIDString.
   * @since 0.1.0
   */
  async secretByUuid(uuid: string): Promise<Secret> {
    return new Secret(this, await this.#lookUp(native.virSecretLookupByUUIDString, toText('uuid', uuid)))
  }

  /**
   * A secret by what it is for: `secretByUsage('ceph', 'client.libvirt secret')`.
   *
   * Errors: `VIR_ERR_NO_SECRET` there is none.
   *
   * Implements: virSecretLookupByUsage.
   * @since 0.1.0
   */
  async secretByUsage(type: SecretUsageType, id: string): Promise<Secret> {
    const number = usageTypes.get(toOneOf('type', type, [...usageTypes.keys()])) ?? 0
    const name = toText('id', id)
    const options = { object: { libvirtObject: name } }
    return new Secret(this, await this.callWith(native.virSecretLookupByUsage, options, number, name))
  }

  /**
   * All secrets.
   *
   * Implements: virConnectListAllSecrets.
   * @since 0.1.0
   */
  async listSecrets(): Promise<Secret[]> {
    const secrets = await this.call(native.virConnectListAllSecrets)
    return secrets.map((secret) => new Secret(this, secret))
  }

  /**
   * Defines a storage pool, or redefines the inactive one with the same name and UUID.
   *
   * Errors: `VIR_ERR_XML_DETAIL` the document is malformed; `VIR_ERR_OPERATION_FAILED` the name or the source is
   * another pool's.
   *
   * Implements: virStoragePoolDefineXML.
   * @since 0.1.0
   */
  async defineStoragePool(xml: string): Promise<StoragePool> {
    return new StoragePool(this, await this.call(native.virStoragePoolDefineXML, toText('xml', xml)))
  }

  /**
   * A storage pool by its name.
   *
   * Errors: `VIR_ERR_NO_STORAGE_POOL` there is none.
   *
   * Implements: virStoragePoolLookupByName.
   * @since 0.1.0
   */
  async storagePoolByName(name: string): Promise<StoragePool> {
    return new StoragePool(this, await this.#lookUp(native.virStoragePoolLookupByName, toText('name', name)))
  }

  /**
   * A storage pool by its UUID.
   *
   * Errors: `VIR_ERR_NO_STORAGE_POOL` there is none; `VIR_ERR_INVALID_ARG` not a UUID.
   *
   * Implements: virStoragePoolLookupByUUIDString.
   * @since 0.1.0
   */
  async storagePoolByUuid(uuid: string): Promise<StoragePool> {
    return new StoragePool(
      this,
      await this.#lookUp(native.virStoragePoolLookupByUUIDString, toText('uuid', uuid)),
    )
  }

  /**
   * The storage pools.
   *
   * Implements: virConnectListAllStoragePools.
   * @since 0.1.0
   */
  async listStoragePools(options?: ListOptions): Promise<StoragePool[]> {
    const flags = listFlags(options, VIR_CONNECT_LIST_STORAGE_POOLS)
    const pools = await this.call(native.virConnectListAllStoragePools, flags)
    return pools.map((pool) => new StoragePool(this, pool))
  }

  /**
   * Defines a domain, or redefines the one with the same name and UUID; a running one takes it at its next start.
   *
   * Errors: `VIR_ERR_XML_DETAIL` the document is malformed; `VIR_ERR_OPERATION_FAILED` the name is another domain's;
   * `VIR_ERR_CONFIG_UNSUPPORTED` the host cannot do it.
   *
   * Implements: virDomainDefineXML.
   * @since 0.1.0
   */
  async defineDomain(xml: string): Promise<Domain> {
    return new Domain(this, await this.call(native.virDomainDefineXML, toText('xml', xml)))
  }

  /**
   * Starts a transient domain: one without a definition, gone when it ends.
   *
   * Errors: as `defineDomain` and `domain.create()`.
   *
   * Implements: virDomainCreateXML.
   * @since 0.1.0
   */
  async createDomain(xml: string): Promise<Domain> {
    return new Domain(this, await this.call(native.virDomainCreateXML, toText('xml', xml)))
  }

  /**
   * A domain by its name.
   *
   * Errors: `VIR_ERR_NO_DOMAIN` there is none.
   *
   * Implements: virDomainLookupByName.
   * @since 0.1.0
   */
  async domainByName(name: string): Promise<Domain> {
    return new Domain(this, await this.#lookUp(native.virDomainLookupByName, toText('name', name)))
  }

  /**
   * A domain by its UUID.
   *
   * Errors: `VIR_ERR_NO_DOMAIN` there is none; `VIR_ERR_INVALID_ARG` not a UUID.
   *
   * Implements: virDomainLookupByUUIDString.
   * @since 0.1.0
   */
  async domainByUuid(uuid: string): Promise<Domain> {
    return new Domain(this, await this.#lookUp(native.virDomainLookupByUUIDString, toText('uuid', uuid)))
  }

  /**
   * The domains.
   *
   * Implements: virConnectListAllDomains.
   * @since 0.1.0
   */
  async listDomains(options?: ListOptions): Promise<Domain[]> {
    const flags = listFlags(options, VIR_CONNECT_LIST_DOMAINS)
    const domains = await this.call(native.virConnectListAllDomains, flags)
    return domains.map((domain) => new Domain(this, domain))
  }
}
