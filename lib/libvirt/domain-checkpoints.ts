import { native } from '../internal/addon.js'
import {
  VIR_DOMAIN_CHECKPOINT_CREATE,
  VIR_DOMAIN_CHECKPOINT_DELETE,
  VIR_DOMAIN_CHECKPOINT_LIST,
  VIR_DOMAIN_CHECKPOINT_XML,
} from '../internal/generated/libvirt.js'
import type { NativeDomainCheckpoint } from '../internal/native/libvirt-objects.js'
import { toText } from '../internal/validate.js'
import type { Domain } from './domain.js'
import type { TreeDeleteOptions } from './domain-snapshots.js'
import { orNone } from './errors.js'
import { type Bits, toFlags } from './flags.js'
import { LibvirtObject } from './object.js'

/**
 * How a checkpoint is made.
 *
 * @since 0.1.0
 */
export interface CheckpointCreateOptions {
  /** Only tells libvirt of a checkpoint that is there. */
  redefine?: boolean
  /** With `redefine`: looks whether the disks have it. */
  redefineValidate?: boolean
  /** Freezes the guest's file systems meanwhile, by its agent. */
  quiesce?: boolean
}

const createBits: Bits<CheckpointCreateOptions> = {
  redefine: VIR_DOMAIN_CHECKPOINT_CREATE.REDEFINE,
  redefineValidate: VIR_DOMAIN_CHECKPOINT_CREATE.REDEFINE_VALIDATE,
  quiesce: VIR_DOMAIN_CHECKPOINT_CREATE.QUIESCE,
}

/**
 * Which checkpoints to list.
 *
 * @since 0.1.0
 */
export interface CheckpointListOptions {
  /** Those without a parent. */
  roots?: boolean
  /** Those without children. */
  leaves?: boolean
  noLeaves?: boolean
  /** Parents before their children. */
  topological?: boolean
}

const listBits: Bits<CheckpointListOptions> = {
  roots: VIR_DOMAIN_CHECKPOINT_LIST.ROOTS,
  leaves: VIR_DOMAIN_CHECKPOINT_LIST.LEAVES,
  noLeaves: VIR_DOMAIN_CHECKPOINT_LIST.NO_LEAVES,
  topological: VIR_DOMAIN_CHECKPOINT_LIST.TOPOLOGICAL,
}

/**
 * A checkpoint of a domain: from when on QEMU notes what changes on its disks, for incremental backups.
 *
 * Every method rejects with `VIR_ERR_NO_DOMAIN_CHECKPOINT` when it is gone.
 *
 * @since 0.1.0
 */
export class DomainCheckpoint extends LibvirtObject {
  readonly domain: Domain
  readonly name: string

  /** @internal */
  constructor(domain: Domain, checkpoint: NativeDomainCheckpoint) {
    super(checkpoint.handle, domain, {
      uri: domain.connection.givenUri,
      object: `${domain.name}@${checkpoint.name}`,
      kind: 'checkpoint',
    })
    this.domain = domain
    this.name = checkpoint.name
  }

  /** @internal */
  protected override lookUpAgain(): Promise<{ handle: number }> {
    return this.domain.call(native.virDomainCheckpointLookupByName, this.name)
  }

  /**
   * The checkpoint's document.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` `size` and the domain does not run.
   *
   * Implements: virDomainCheckpointGetXMLDesc.
   * @since 0.1.0
   */
  async xml(options?: {
    /** Gives passwords as well. Default `false`. */
    secure?: boolean
    /** Without the domain's document. Default `false`. */
    noDomain?: boolean
    /** With the bytes that have changed since, by QEMU's estimate. Default `false`. */
    size?: boolean
  }): Promise<string> {
    const mask = toFlags(options, {
      secure: VIR_DOMAIN_CHECKPOINT_XML.SECURE,
      noDomain: VIR_DOMAIN_CHECKPOINT_XML.NO_DOMAIN,
      size: VIR_DOMAIN_CHECKPOINT_XML.SIZE,
    })
    return this.call(native.virDomainCheckpointGetXMLDesc, mask)
  }

  /**
   * The checkpoint before it; `undefined` for the first.
   *
   * Implements: virDomainCheckpointGetParent.
   * @since 0.1.0
   */
  async parent(): Promise<DomainCheckpoint | undefined> {
    const found = await orNone(this.call(native.virDomainCheckpointGetParent), 'VIR_ERR_NO_DOMAIN_CHECKPOINT')
    return found && new DomainCheckpoint(this.domain, found)
  }

  /**
   * The checkpoints after it; with `descendants` also those after them.
   *
   * Implements: virDomainCheckpointListAllChildren.
   * @since 0.1.0
   */
  async children(
    options?: Omit<CheckpointListOptions, 'roots'> & { descendants?: boolean },
  ): Promise<DomainCheckpoint[]> {
    const { roots, ...bits } = listBits
    const mask = toFlags(options, { ...bits, descendants: VIR_DOMAIN_CHECKPOINT_LIST.DESCENDANTS })
    const found = await this.call(native.virDomainCheckpointListAllChildren, mask)
    return found.map((one) => new DomainCheckpoint(this.domain, one))
  }

  /**
   * Deletes the checkpoint; what it noted goes to the one before.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` the domain does not run, without `metadataOnly`.
   *
   * Implements: virDomainCheckpointDelete.
   * @since 0.1.0
   */
  async delete(options?: TreeDeleteOptions): Promise<void> {
    const mask = toFlags(options, {
      children: VIR_DOMAIN_CHECKPOINT_DELETE.CHILDREN,
      childrenOnly: VIR_DOMAIN_CHECKPOINT_DELETE.CHILDREN_ONLY,
      metadataOnly: VIR_DOMAIN_CHECKPOINT_DELETE.METADATA_ONLY,
    })
    await this.call(native.virDomainCheckpointDelete, mask)
  }
}

/**
 * The checkpoints of a domain: `domain.checkpoints`.
 *
 * @since 0.1.0
 */
export class DomainCheckpoints {
  readonly #domain: Domain

  /** @internal */
  constructor(domain: Domain) {
    this.#domain = domain
  }

  /**
   * Makes a checkpoint of a domain that runs.
   *
   * Errors: `VIR_ERR_OPERATION_UNSUPPORTED` the domain does not run; `VIR_ERR_CONFIG_UNSUPPORTED` a disk that is not
   * qcow2.
   *
   * Implements: virDomainCheckpointCreateXML.
   * @since 0.1.0
   */
  async create(xml: string, options?: CheckpointCreateOptions): Promise<DomainCheckpoint> {
    const mask = toFlags(options, createBits)
    return new DomainCheckpoint(
      this.#domain,
      await this.#domain.call(native.virDomainCheckpointCreateXML, toText('xml', xml), mask),
    )
  }

  /**
   * The checkpoints.
   *
   * Implements: virDomainListAllCheckpoints.
   * @since 0.1.0
   */
  async list(options?: CheckpointListOptions): Promise<DomainCheckpoint[]> {
    const found = await this.#domain.call(native.virDomainListAllCheckpoints, toFlags(options, listBits))
    return found.map((one) => new DomainCheckpoint(this.#domain, one))
  }

  /**
   * A checkpoint by its name.
   *
   * Errors: `VIR_ERR_NO_DOMAIN_CHECKPOINT` there is none.
   *
   * Implements: virDomainCheckpointLookupByName.
   * @since 0.1.0
   */
  async byName(name: string): Promise<DomainCheckpoint> {
    const options = { object: { libvirtObject: `${this.#domain.name}@${toText('name', name)}` } }
    return new DomainCheckpoint(
      this.#domain,
      await this.#domain.callWith(native.virDomainCheckpointLookupByName, options, name),
    )
  }
}
