import { constants } from 'node:os'
import type { ErrorObject } from '../errors.js'
import { native } from '../internal/addon.js'
import {
  secretUsageTypes,
  VIR_CONNECT_LIST_DOMAINS,
  VIR_CONNECT_LIST_STORAGE_POOLS,
  VIR_DOMAIN_DEFINE,
} from '../internal/generated/libvirt.js'
import { numberOf } from '../internal/name-of.js'
import type { Task } from '../internal/native/core.js'
import { toSize, toText } from '../internal/validate.js'
import { ConnectionEvents } from './connection-events.js'
import { type ConnectionOptions, openConnection } from './connection-open.js'
import { Domain } from './domain.js'
import { type StartOptions, startBits } from './domain-options.js'
import { SaveImages } from './domain-saved.js'
import { statsOf } from './domain-statistics.js'
import type { DomainStats, DomainStatsGroup, DomainStatsOptions } from './domain-stats.js'
import { libvirtError, orNone, systemError } from './errors.js'
import { type ListOptions, listFlags, toFlags, type ValidateOptions, validateFlag } from './flags.js'
import { Host } from './host.js'
import { Interfaces } from './interfaces.js'
import { NativeConfig } from './native-config.js'
import { Networks } from './networks.js'
import { NodeDevices } from './node-devices.js'
import { NWFilters } from './nwfilters.js'
import type { Reopening } from './reconnecting.js'
import type { Reconnected } from './reconnection.js'
import { Secret, type SecretUsageType } from './secret.js'
import { Storage } from './storage.js'
import { StoragePool } from './storage-pool.js'
import { versionText } from './version.js'

/**
 * A connection to a hypervisor's libvirt daemon.
 *
 * Calls run on up to four threads of the connection's own, so a daemon that is slow delays no other connection. A
 * daemon that ends fails the calls under way at once; one that is stopped fails them after the keepalive time
 * (`keepAliveInterval` times `keepAliveCount + 1` seconds), with `VIR_ERR_INTERNAL_ERROR` or `VIR_ERR_RPC`, and so
 * ends `close()`. Calls other than `open` take no signal, because libvirt cannot take a call back.
 *
 * The connection then stays dead, `isAlive()` gives `false`; or, opened with `reconnect`, it is opened again. A call that
 * was under way has failed for good, and may have been done or not. One that is made meanwhile rejects with `ENOTCONN` and was
 * not sent. Once `connected()` resolves, domains, pools and the rest go on: they are looked up again by their UUID or name.
 * What ends with its connection are streams of bytes, jobs that were watched (`ECONNRESET`, they go on without us), and
 * events without `resume`. `waitForState()` goes on.
 *
 * @since 0.1.0
 */
export class Connection extends ConnectionEvents {
  /** @internal The URI as it was given, without a password. */
  readonly givenUri: string | undefined
  /** What its domains run on. */
  readonly host: Host = new Host(this)
  readonly storage: Storage = new Storage(this)
  readonly networks: Networks = new Networks(this)
  readonly interfaces: Interfaces = new Interfaces(this)
  readonly nodeDevices: NodeDevices = new NodeDevices(this)
  readonly nwfilters: NWFilters = new NWFilters(this)
  /** Files that `domain.save()` has written. */
  readonly saveImages: SaveImages = new SaveImages(this)
  /** The hypervisor's own configuration beside documents. */
  readonly nativeConfig: NativeConfig = new NativeConfig(this)

  private constructor(handle: number, givenUri: string | undefined, reopening: Reopening | undefined) {
    super(handle, 'Connection', reopening)
    this.givenUri = givenUri
  }

  /**
   * Opens a connection: `'qemu:///system'`, `'qemu+ssh://root@host/system'`, `'test:///default'`. Without a URI
   * libvirt chooses (`LIBVIRT_DEFAULT_URI`, else what it finds). Never asks for a password on the terminal: `credentials`
   * is asked, if there is one.
   *
   * A URI that names a program needs `allowCommands`. Which one libvirt chooses by itself is not looked at: that is the
   * host's or the process's own setting.
   *
   * Errors: `VIR_ERR_SYSTEM_ERROR` nobody listens, or no permission; `VIR_ERR_NO_CONNECT` no such kind of
   * hypervisor; `VIR_ERR_AUTH_FAILED` and `VIR_ERR_AUTH_CANCELLED` it asks for a password, or
   * refuses it; `ETIMEDOUT` no answer
   * within `connectTimeoutMs`; `ENOSYS` libvirt is not installed; `ENOTSUP` this process has had an
   * `AdminConnection`.
   *
   * Implements: virConnectOpen, virConnectOpenReadOnly, virConnectOpenAuth, virConnectSetKeepAlive.
   * @since 0.1.0
   */
  static async open(uri?: string, options?: ConnectionOptions): Promise<Connection> {
    const { handle, shown, reopening } = await openConnection(uri, options)
    const connection = new Connection(handle, shown, reopening)
    try {
      await connection.watchEnd()
      return connection
    } catch (error) {
      void connection.close().catch(() => {}) // the daemon has gone again
      throw error
    }
  }

  /** @internal */
  protected async domainStates(): Promise<Reconnected['domains']> {
    const domains = await orNone(this.listDomains(), 'VIR_ERR_NO_SUPPORT')
    const states = (domains ?? []).map(async (domain) => {
      const { name, uuid } = domain
      const state = await orNone(domain.state(), 'VIR_ERR_NO_DOMAIN') // it has gone since
      void domain.close().catch(() => {})
      return state === undefined ? [] : [{ domain: { name, uuid }, ...state }]
    })
    return (await Promise.all(states)).flat()
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
   * Whether nobody can listen: what is said stays on this host, or is encrypted.
   *
   * Implements: virConnectIsSecure.
   * @since 0.1.0
   */
  isSecure(): Promise<boolean> {
    return this.call(native.virConnectIsSecure)
  }

  /**
   * Whether what is said is encrypted.
   *
   * Implements: virConnectIsEncrypted.
   * @since 0.1.0
   */
  isEncrypted(): Promise<boolean> {
    return this.call(native.virConnectIsEncrypted)
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
    return new Secret(this, await this.call(native.virSecretDefineXML, toText('xml', xml), 0))
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
    const number = numberOf('type', type, secretUsageTypes)
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
    const secrets = await this.call(native.virConnectListAllSecrets, 0)
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
    return new StoragePool(this, await this.call(native.virStoragePoolDefineXML, toText('xml', xml), 0))
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
   * Implements: virDomainDefineXMLFlags.
   * @since 0.1.0
   */
  async defineDomain(xml: string, options?: ValidateOptions): Promise<Domain> {
    const mask = validateFlag(options, VIR_DOMAIN_DEFINE.VALIDATE)
    return new Domain(this, await this.call(native.virDomainDefineXMLFlags, toText('xml', xml), mask))
  }

  /**
   * Starts a transient domain: one without a definition, gone when it ends.
   *
   * Errors: as `defineDomain` and `domain.create()`.
   *
   * Implements: virDomainCreateXML.
   * @since 0.1.0
   */
  async createDomain(xml: string, options?: StartOptions): Promise<Domain> {
    const mask = toFlags(options, startBits)
    return new Domain(this, await this.call(native.virDomainCreateXML, toText('xml', xml), mask))
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

  /**
   * A domain that runs, by the number of its run.
   *
   * Errors: `VIR_ERR_NO_DOMAIN` there is none.
   *
   * Implements: virDomainLookupByID.
   * @since 0.1.0
   */
  async domainById(id: number): Promise<Domain> {
    return new Domain(this, await this.call(native.virDomainLookupByID, toSize('id', id, 0, 2 ** 31 - 1)))
  }

  /**
   * Statistics of many domains by one call: `groups` of them, or all; of all domains, of those that the options say, or of
   * these.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the hypervisor has none; `VIR_ERR_ARGUMENT_UNSUPPORTED` `enforceStats` and it does not
   * know a group.
   *
   * Implements: virConnectGetAllDomainStats, virDomainListGetStats.
   * @since 0.1.0
   */
  domainStats(
    groups?: readonly DomainStatsGroup[],
    options?: DomainStatsOptions | readonly Domain[],
  ): Promise<DomainStats[]> {
    return statsOf(this, groups, options)
  }
}
