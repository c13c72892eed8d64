import { constants } from 'node:os'
import { objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import { type CallOptions, toTaskOptions } from '../internal/call-options.js'
import type { NativeLayout } from '../internal/native/rbd.js'
import { type Known, toBoolean, toOptions, toSize, toText } from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { explained, whyNotRemoved } from './explain.js'
import type { OperationOptions, OperationToTheEndOptions } from './handle.js'
import { type ImageLayout, layoutOptions, toNativeLayout, withOwnStripes } from './layout.js'
import {
  checkSource,
  isAscii,
  type MigrationSource,
  toSourceSpec,
  whereSourceIs,
} from './migration-source.js'
import { type MigrationStatus, toMigrationStatus } from './migration-status.js'
import { toName } from './names.js'
import { operationOptions, runOperation, runUnstoppable } from './operation.js'
import { checkSameCluster } from './same-cluster.js'

/**
 * How the new image of a migration is laid out. What is not given is as in the source; of an import, the cluster's default.
 *
 * @since 0.1.0
 */
export interface MigrationOptions extends ImageLayout, CallOptions {
  /** Of a clone that stays one: the clone's format. */
  cloneFormat?: 1 | 2
  /** Makes of a clone an image without a parent. Default false. */
  flatten?: boolean
}

const migrationOptions: Known<MigrationOptions> = {
  ...layoutOptions,
  cloneFormat: true,
  flatten: true,
  signal: true,
}

function toLayout(given: Partial<MigrationOptions>): NativeLayout {
  const layout = withOwnStripes(toNativeLayout(given))
  if (given.cloneFormat !== undefined)
    layout.cloneFormat = toSize('options.cloneFormat', given.cloneFormat, 1, 2)
  if (toBoolean('options.flatten', given.flatten, false)) layout.flatten = 1
  return layout
}

/**
 * The live migration of an image: to another pool, another layout, or into Ceph. Clients use the new image from the moment
 * it is prepared; `execute()` moves the data meanwhile; `commit()` lets the source go, or `abort()` the new image.
 *
 * @since 0.1.0
 */
export class Migration {
  readonly #ioctx: IoCtx
  /** The image's name: the new one's, or, with its own ioctx, the source's. */
  readonly image: string

  /** A migration that was prepared, by whomever. The ioctx stays the caller's. */
  constructor(ioctx: IoCtx, image: string) {
    this.#ioctx = toIoCtx('ioctx', ioctx)
    this.image = toText('image', image)
  }

  /**
   * Begins to migrate an image of this cluster: makes the new one, and puts the source into the trash. The names may be the
   * same. Nobody may have the source open. Aborting has no effect on what has begun.
   *
   * Errors: `ENOENT` no such image; `EEXIST` there is one of the new name; `EBUSY` somebody has the source open, or it is
   * being migrated; `EINVAL` a layout that Ceph does not take, or the source's namespace is not ASCII; `EXDEV` the two ioctxs
   * are of different clusters.
   *
   * Implements: rbd_migration_prepare.
   * @since 0.1.0
   */
  static async prepare(
    ioctx: IoCtx,
    image: string,
    destIoctx: IoCtx,
    dest: string,
    options?: MigrationOptions,
  ): Promise<Migration> {
    toIoCtx('ioctx', ioctx)
    const { pool, namespace } = toIoCtx('destIoctx', destIoctx)
    const from = toText('image', image)
    const to = toName('dest', dest)
    const given = toOptions('options', options, migrationOptions)
    const layout = toLayout(given)
    const object = { image: from, dest: objectPath({ pool, namespace, image: to }) }
    const task = toTaskOptions({ signal: given.signal }, object)
    if (!isAscii(ioctx.namespace)) {
      // librbd (16.2.15) reads such a namespace as another one, and clients that open the new image end.
      const detail = "the source's namespace is not ASCII: nobody could open the new image; copy() copies it"
      throw ioctx.makeError(-constants.errno.EINVAL, 'rbd_migration_prepare', detail, object)
    }
    await destIoctx.lend('rbd_migration_prepare', async () => {
      await checkSameCluster(ioctx, destIoctx, 'rbd_migration_prepare', object)
      await explained(
        ioctx.callWith(native.rbd_migration_prepare, task, from, destIoctx.handle, to, layout),
        ['EBUSY'],
        (code) => whyNotRemoved(ioctx, from, code),
        task.signal,
      )
    })
    return new Migration(destIoctx, to)
  }

  /**
   * Begins to import a disk from elsewhere: a new image that reads there what it does not have yet. The source stays, and
   * nobody must write it until `commit()`: Ceph 16.2 copies to the new image what is written behind the snapshot.
   *
   * librbd (16.2.15) reads compressed clusters of a qcow2 image as zeros, or not at all. So a file that has any is refused,
   * and `copy({ file }, { ioctx, image })` imports it. What comes over the network is not looked at.
   *
   * An image of another cluster is read through that one's own `ceph.conf`, on each host that opens the new image.
   *
   * Errors: `EEXIST`; `ENOENT` no such pool, image, snapshot or file; `EINVAL` a source that Ceph does not take, or the qcow2
   * image has compressed clusters; `ENOSYS` this host's librbd does not know that kind of stream, or no other clusters;
   * `EACCES` the other cluster refuses the user; `ECONNREFUSED` and the like.
   *
   * Implements: rbd_migration_prepare_import.
   * @since 0.1.0
   */
  static async prepareImport(
    source: MigrationSource,
    destIoctx: IoCtx,
    dest: string,
    options?: MigrationOptions,
  ): Promise<Migration> {
    toIoCtx('destIoctx', destIoctx)
    const spec = toSourceSpec('source', source)
    const to = toName('dest', dest)
    const given = toOptions('options', options, migrationOptions)
    const layout = toLayout(given)
    const task = toTaskOptions({ signal: given.signal }, { image: to })
    await checkSource(destIoctx, source, task)
    await explained(
      destIoctx.callWith(native.rbd_migration_prepare_import, task, JSON.stringify(spec), to, layout),
      ['ENOENT', 'EACCES'],
      async () => whereSourceIs(source),
      task.signal,
    )
    return new Migration(destIoctx, to)
  }

  /**
   * How far it is.
   *
   * Errors: `ENOENT` no such image; `EINVAL` it is not being migrated.
   *
   * Implements: rbd_migration_status.
   * @since 0.1.0
   */
  async status(options?: CallOptions): Promise<MigrationStatus> {
    const task = toTaskOptions(options, { image: this.image })
    return toMigrationStatus(await this.#ioctx.callWith(native.rbd_migration_status, task, this.image))
  }

  /**
   * Moves the data, while the new image is in use. librbd (16 to 20) moves it to the end.
   *
   * Errors: `ENOENT`; `EINVAL` it is not being migrated, or executed already.
   *
   * Implements: rbd_migration_execute_with_progress.
   * @since 0.1.0
   */
  async execute(options?: OperationToTheEndOptions): Promise<void> {
    const call = native.rbd_migration_execute_with_progress
    await runUnstoppable(this.#ioctx, call, options, operationOptions, { image: this.image }, this.image)
  }

  /**
   * Ends a migration that was executed: removes the source of one within the cluster; that of an import stays. It is not ended
   * early: what librbd (16.2.15) then leaves of the source in the trash can be removed by nobody.
   *
   * Errors: `ENOENT`; `EINVAL` it was not executed.
   *
   * Implements: rbd_migration_commit_with_progress.
   * @since 0.1.0
   */
  async commit(options?: OperationToTheEndOptions): Promise<void> {
    const call = native.rbd_migration_commit_with_progress
    await runUnstoppable(this.#ioctx, call, options, operationOptions, { image: this.image }, this.image)
  }

  /**
   * Calls the migration off: removes the new image, with what was written to it, and puts the source back. Nobody may have the
   * new image open. The signal stops this at the next object; aborting the migration again ends the work.
   *
   * Errors: `ENOENT`; `EINVAL` it is not being migrated; `EBUSY` somebody has the new image open.
   *
   * Implements: rbd_migration_abort_with_progress.
   * @since 0.1.0
   */
  async abort(options?: OperationOptions): Promise<void> {
    const call = native.rbd_migration_abort_with_progress
    await runOperation(this.#ioctx, call, options, operationOptions, { image: this.image }, this.image)
  }
}
