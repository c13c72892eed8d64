import { native } from '../internal/addon.js'
import {
  VIR_DOMAIN_SNAPSHOT_CREATE,
  VIR_DOMAIN_SNAPSHOT_DELETE,
  VIR_DOMAIN_SNAPSHOT_LIST,
  VIR_DOMAIN_SNAPSHOT_REVERT,
  VIR_DOMAIN_XML,
} from '../internal/generated/libvirt.js'
import type { NativeDomainSnapshot } from '../internal/native/libvirt-objects.js'
import { toText } from '../internal/validate.js'
import type { Domain } from './domain.js'
import { orNone } from './errors.js'
import { type Bits, toFlags } from './flags.js'
import { LibvirtObject } from './object.js'

/**
 * How a snapshot is made.
 *
 * @since 0.1.0
 */
export interface SnapshotCreateOptions {
  /** Only tells libvirt of a snapshot that is there. */
  redefine?: boolean
  /** With `redefine`: it is the current one. */
  current?: boolean
  /** libvirt keeps no record of it. */
  noMetadata?: boolean
  /** Stops the domain once it is made. */
  halt?: boolean
  /** The disks only, not the memory. */
  diskOnly?: boolean
  /** The files that the document names are there already. */
  reuseExternal?: boolean
  /** Freezes the guest's file systems meanwhile, by its agent. */
  quiesce?: boolean
  /** All disks or none. */
  atomic?: boolean
  /** The guest goes on while the memory is written. */
  live?: boolean
  /** Holds the document against its schema first. */
  validate?: boolean
}

const createBits: Bits<SnapshotCreateOptions> = {
  redefine: VIR_DOMAIN_SNAPSHOT_CREATE.REDEFINE,
  current: VIR_DOMAIN_SNAPSHOT_CREATE.CURRENT,
  noMetadata: VIR_DOMAIN_SNAPSHOT_CREATE.NO_METADATA,
  halt: VIR_DOMAIN_SNAPSHOT_CREATE.HALT,
  diskOnly: VIR_DOMAIN_SNAPSHOT_CREATE.DISK_ONLY,
  reuseExternal: VIR_DOMAIN_SNAPSHOT_CREATE.REUSE_EXT,
  quiesce: VIR_DOMAIN_SNAPSHOT_CREATE.QUIESCE,
  atomic: VIR_DOMAIN_SNAPSHOT_CREATE.ATOMIC,
  live: VIR_DOMAIN_SNAPSHOT_CREATE.LIVE,
  validate: VIR_DOMAIN_SNAPSHOT_CREATE.VALIDATE,
}

/**
 * Which snapshots to list. Of two that exclude each other, neither: all.
 *
 * @since 0.1.0
 */
export interface SnapshotListOptions {
  /** Those without a parent. */
  roots?: boolean
  /** Those without children. */
  leaves?: boolean
  noLeaves?: boolean
  /** Those that libvirt has a record of. */
  metadata?: boolean
  noMetadata?: boolean
  /** Of a domain that was shut off. */
  inactive?: boolean
  /** Of one that ran, with its memory. */
  active?: boolean
  /** Of the disks alone. */
  diskOnly?: boolean
  /** Inside the disks' own files. */
  internal?: boolean
  external?: boolean
  /** Parents before their children. */
  topological?: boolean
}

const listBits: Bits<SnapshotListOptions> = {
  roots: VIR_DOMAIN_SNAPSHOT_LIST.ROOTS,
  leaves: VIR_DOMAIN_SNAPSHOT_LIST.LEAVES,
  noLeaves: VIR_DOMAIN_SNAPSHOT_LIST.NO_LEAVES,
  metadata: VIR_DOMAIN_SNAPSHOT_LIST.METADATA,
  noMetadata: VIR_DOMAIN_SNAPSHOT_LIST.NO_METADATA,
  inactive: VIR_DOMAIN_SNAPSHOT_LIST.INACTIVE,
  active: VIR_DOMAIN_SNAPSHOT_LIST.ACTIVE,
  diskOnly: VIR_DOMAIN_SNAPSHOT_LIST.DISK_ONLY,
  internal: VIR_DOMAIN_SNAPSHOT_LIST.INTERNAL,
  external: VIR_DOMAIN_SNAPSHOT_LIST.EXTERNAL,
  topological: VIR_DOMAIN_SNAPSHOT_LIST.TOPOLOGICAL,
}

/**
 * How a domain goes back to a snapshot.
 *
 * @since 0.1.0
 */
export interface SnapshotRevertOptions {
  /** It runs afterwards, also when it did not. */
  running?: boolean
  /** It is paused afterwards. */
  paused?: boolean
  /** Also where that loses what cannot be had back. */
  force?: boolean
  /** The UEFI variables are made anew. */
  resetNvram?: boolean
}

const revertBits: Bits<SnapshotRevertOptions> = {
  running: VIR_DOMAIN_SNAPSHOT_REVERT.RUNNING,
  paused: VIR_DOMAIN_SNAPSHOT_REVERT.PAUSED,
  force: VIR_DOMAIN_SNAPSHOT_REVERT.FORCE,
  resetNvram: VIR_DOMAIN_SNAPSHOT_REVERT.RESET_NVRAM,
}

/**
 * What goes with a snapshot or checkpoint.
 *
 * @since 0.1.0
 */
export interface TreeDeleteOptions {
  /** All that come after it, too. */
  children?: boolean
  /** Those, and not itself. */
  childrenOnly?: boolean
  /** libvirt's record alone. */
  metadataOnly?: boolean
}

/**
 * A snapshot of a domain.
 *
 * Every method rejects with `VIR_ERR_NO_DOMAIN_SNAPSHOT` when it is gone.
 *
 * @since 0.1.0
 */
export class DomainSnapshot extends LibvirtObject {
  readonly domain: Domain
  readonly name: string

  /** @internal */
  constructor(domain: Domain, snapshot: NativeDomainSnapshot) {
    super(snapshot.handle, domain, {
      uri: domain.connection.givenUri,
      object: `${domain.name}@${snapshot.name}`,
      kind: 'snapshot',
    })
    this.domain = domain
    this.name = snapshot.name
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.domain.call(native.virDomainSnapshotLookupByName, this.name)
  }

  /**
   * The snapshot's document, with the domain's as it was.
   *
   * Errors: `VIR_ERR_OPERATION_DENIED` `secure` on a read-only connection.
   *
   * Implements: virDomainSnapshotGetXMLDesc.
   * @since 0.1.0
   */
  async xml(options?: {
    /** Gives passwords as well. Default `false`. */
    secure?: boolean
  }): Promise<string> {
    return this.call(native.virDomainSnapshotGetXMLDesc, toFlags(options, { secure: VIR_DOMAIN_XML.SECURE }))
  }

  /**
   * The snapshot before it; `undefined` for the first.
   *
   * Implements: virDomainSnapshotGetParent.
   * @since 0.1.0
   */
  async parent(): Promise<DomainSnapshot | undefined> {
    const found = await orNone(this.call(native.virDomainSnapshotGetParent), 'VIR_ERR_NO_DOMAIN_SNAPSHOT')
    return found && new DomainSnapshot(this.domain, found)
  }

  /**
   * The snapshots after it; with `descendants` also those after them.
   *
   * Implements: virDomainSnapshotListAllChildren.
   * @since 0.1.0
   */
  async children(
    options?: Omit<SnapshotListOptions, 'roots'> & { descendants?: boolean },
  ): Promise<DomainSnapshot[]> {
    const { roots, ...bits } = listBits
    const mask = toFlags(options, { ...bits, descendants: VIR_DOMAIN_SNAPSHOT_LIST.DESCENDANTS })
    const found = await this.call(native.virDomainSnapshotListAllChildren, mask)
    return found.map((one) => new DomainSnapshot(this.domain, one))
  }

  /**
   * Whether it is the one that the domain goes on from.
   *
   * Implements: virDomainSnapshotIsCurrent.
   * @since 0.1.0
   */
  isCurrent(): Promise<boolean> {
    return this.call(native.virDomainSnapshotIsCurrent)
  }

  /**
   * Whether libvirt has a record of it.
   *
   * Implements: virDomainSnapshotHasMetadata.
   * @since 0.1.0
   */
  hasMetadata(): Promise<boolean> {
    return this.call(native.virDomainSnapshotHasMetadata)
  }

  /**
   * Takes the domain back to what it was.
   *
   * Errors: `VIR_ERR_SNAPSHOT_REVERT_RISKY` something would be lost without `force`; `VIR_ERR_CONFIG_UNSUPPORTED` of what
   * is outside the disks' own files, by an older libvirt.
   *
   * Implements: virDomainRevertToSnapshot.
   * @since 0.1.0
   */
  async revert(options?: SnapshotRevertOptions): Promise<void> {
    await this.call(native.virDomainRevertToSnapshot, toFlags(options, revertBits))
  }

  /**
   * Deletes the snapshot; what came after it goes to the one before.
   *
   * Errors: `VIR_ERR_OPERATION_UNSUPPORTED` outside the disks' own files, by an older libvirt, without `metadataOnly`.
   *
   * Implements: virDomainSnapshotDelete.
   * @since 0.1.0
   */
  async delete(options?: TreeDeleteOptions): Promise<void> {
    const mask = toFlags(options, {
      children: VIR_DOMAIN_SNAPSHOT_DELETE.CHILDREN,
      childrenOnly: VIR_DOMAIN_SNAPSHOT_DELETE.CHILDREN_ONLY,
      metadataOnly: VIR_DOMAIN_SNAPSHOT_DELETE.METADATA_ONLY,
    })
    await this.call(native.virDomainSnapshotDelete, mask)
  }
}

/**
 * The snapshots of a domain: `domain.snapshots`.
 *
 * @since 0.1.0
 */
export class DomainSnapshots {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * Makes a snapshot: `create('<domainsnapshot><name>before</name></domainsnapshot>')`.
   *
   * Errors: `VIR_ERR_CONFIG_UNSUPPORTED` a disk that cannot, such as one on RBD of a domain that is shut off;
   * `VIR_ERR_AGENT_UNRESPONSIVE` `quiesce` and the guest's agent does not answer.
   *
   * Implements: virDomainSnapshotCreateXML.
   * @since 0.1.0
   */
  async create(xml: string, options?: SnapshotCreateOptions): Promise<DomainSnapshot> {
    const mask = toFlags(options, createBits)
    return new DomainSnapshot(
      this.#domain,
      await this.#domain.call(native.virDomainSnapshotCreateXML, toText('xml', xml), mask),
    )
  }

  /**
   * The snapshots.
   *
   * Implements: virDomainListAllSnapshots.
   * @since 0.1.0
   */
  async list(options?: SnapshotListOptions): Promise<DomainSnapshot[]> {
    const found = await this.#domain.call(native.virDomainListAllSnapshots, toFlags(options, listBits))
    return found.map((one) => new DomainSnapshot(this.#domain, one))
  }

  /**
   * A snapshot by its name.
   *
   * Errors: `VIR_ERR_NO_DOMAIN_SNAPSHOT` there is none.
   *
   * Implements: virDomainSnapshotLookupByName.
   * @since 0.1.0
   */
  async byName(name: string): Promise<DomainSnapshot> {
    const options = { object: { libvirtObject: `${this.#domain.name}@${toText('name', name)}` } }
    return new DomainSnapshot(
      this.#domain,
      await this.#domain.callWith(native.virDomainSnapshotLookupByName, options, name),
    )
  }

  /**
   * The one that the domain goes on from; `undefined` without one.
   *
   * Implements: virDomainHasCurrentSnapshot, virDomainSnapshotCurrent.
   * @since 0.1.0
   */
  async current(): Promise<DomainSnapshot | undefined> {
    if (!(await this.#domain.call(native.virDomainHasCurrentSnapshot))) return undefined
    const found = await orNone(
      this.#domain.call(native.virDomainSnapshotCurrent),
      'VIR_ERR_NO_DOMAIN_SNAPSHOT',
    )
    return found && new DomainSnapshot(this.#domain, found)
  }
}
