import { constants } from 'node:os'
import { objectPath } from '../errors.js'
import { native } from '../internal/addon.js'
import type { TaskOptions } from '../internal/task-options.js'
import { invalidArgType, invalidArgValue, toOptions, toText } from '../internal/validate.js'
import type { IoCtx } from '../rados/ioctx.js'

/**
 * Where the bytes of a disk are that is imported. Every client that opens the image before `commit()` reads there.
 *
 * @since 0.1.0
 */
export type MigrationStream =
  /** An absolute path, the same on every host that opens the image. */
  | { type: 'file'; path: string }
  /** A server that answers ranges. */
  | { type: 'http'; url: string }
  /**
   * An object of an S3 service. Ceph keeps both keys in the image's header; `'config://...'` names one that the monitors
   * keep instead (`ceph config-key set`).
   */
  | { type: 's3'; url: string; accessKey: string; secretKey: string }
  /** An NBD export, `nbd://host/name`. Since Ceph 20.2. */
  | { type: 'nbd'; uri: string }

/**
 * What is imported: an image of Ceph, or a disk in a file, raw or qcow.
 *
 * @since 0.1.0
 */
export type MigrationSource =
  | {
      type: 'native'
      pool: string
      namespace?: string
      image: string
      /** The last snapshot that is imported; the new image begins as it was then. Needed: the image's head may change. */
      snapshot: string
      /**
       * Of another cluster: its name, as in `/etc/ceph/<cluster>.conf` or `~/.ceph/<cluster>.conf`, on every host that opens the
       * new image. Since Ceph 20.2.
       */
      cluster?: string
      /** The user there, `'client.backup'`; default `'client.admin'`. With `cluster` only. */
      client?: string
    }
  | { type: 'raw'; stream: MigrationStream; snapshots?: readonly { name: string; stream: MigrationStream }[] }
  | { type: 'qcow'; stream: MigrationStream }

type Spec = Record<string, unknown>

/** Whether librbd can keep a text in the description of a source. */
export function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

/** The type of what has one, before its other options are looked at. */
function typeOf(name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) throw invalidArgType(name, 'of type object', value)
  return (value as { type?: unknown }).type
}

/**
 * A text that librbd reads again as it was: others it keeps as escapes of their single bytes, so that whoever opens the new
 * image does not find the source (16.2.15).
 */
function toAscii(name: string, value: unknown, options: { empty?: boolean } = {}): string {
  const text = toText(name, value, options)
  if (!isAscii(text))
    throw invalidArgValue(name, 'must be ASCII: nobody could open the new image; copy() takes any name')
  return text
}

function toStreamSpec(name: string, stream: MigrationStream): Spec {
  switch (typeOf(name, stream)) {
    case 'file': {
      const { path } = toOptions(name, stream as { type: 'file'; path: string }, {
        type: true,
        path: ['file'],
      })
      const file = toAscii(`${name}.path`, path)
      if (!file.startsWith('/'))
        throw invalidArgValue(`${name}.path`, 'must be absolute: others open the image, too')
      return { type: 'file', file_path: file }
    }
    case 'http': {
      const { url } = toOptions(name, stream as { type: 'http'; url: string }, { type: true, url: ['uri'] })
      return { type: 'http', url: toAscii(`${name}.url`, url) }
    }
    case 's3': {
      const known = {
        type: true,
        url: ['uri'],
        accessKey: ['access_key'],
        secretKey: ['secret_key'],
      } as const
      const given = toOptions(name, stream as Extract<MigrationStream, { type: 's3' }>, known)
      return {
        type: 's3',
        url: toAscii(`${name}.url`, given.url),
        access_key: toAscii(`${name}.accessKey`, given.accessKey),
        secret_key: toAscii(`${name}.secretKey`, given.secretKey),
      }
    }
    case 'nbd': {
      const { uri } = toOptions(name, stream as { type: 'nbd'; uri: string }, { type: true, uri: ['url'] })
      return { type: 'nbd', uri: toAscii(`${name}.uri`, uri) }
    }
    default:
      throw invalidArgValue(`${name}.type`, "must be one of 'file', 'http', 's3', 'nbd'")
  }
}

/** What librbd reads of a source. */
export function toSourceSpec(name: string, source: MigrationSource): Spec {
  switch (typeOf(name, source)) {
    case 'native': {
      const known = {
        type: true,
        pool: true,
        namespace: ['poolNamespace'],
        image: true,
        snapshot: ['snap'],
        cluster: ['clusterName'],
        client: ['clientName', 'user'],
      } as const
      const given = toOptions(name, source as Extract<MigrationSource, { type: 'native' }>, known)
      if (given.client !== undefined && given.cluster === undefined)
        throw invalidArgValue(`${name}.client`, 'is the user of another cluster: name that, too')
      const optional = (key: 'cluster' | 'client') =>
        given[key] === undefined ? {} : { [`${key}_name`]: toAscii(`${name}.${key}`, given[key]) }
      return {
        type: 'native',
        ...optional('cluster'),
        ...optional('client'),
        pool_name: toAscii(`${name}.pool`, given.pool),
        pool_namespace: toAscii(`${name}.namespace`, given.namespace ?? '', { empty: true }),
        image_name: toAscii(`${name}.image`, given.image),
        snap_name: toAscii(`${name}.snapshot`, given.snapshot),
      }
    }
    case 'raw': {
      const known = { type: true, stream: true, snapshots: ['snaps'] } as const
      const given = toOptions(name, source as Extract<MigrationSource, { type: 'raw' }>, known)
      const { snapshots = [] } = given
      if (!Array.isArray(snapshots)) throw invalidArgType(`${name}.snapshots`, 'an Array', snapshots)
      return {
        type: 'raw',
        stream: toStreamSpec(`${name}.stream`, given.stream as MigrationStream),
        snapshots: snapshots.map((snapshot, i) => {
          const of = `${name}.snapshots[${i}]`
          const each = toOptions(of, snapshot as { name: string; stream: MigrationStream }, {
            name: true,
            stream: true,
          })
          return {
            type: 'raw',
            name: toAscii(`${of}.name`, each.name),
            stream: toStreamSpec(`${of}.stream`, each.stream as MigrationStream),
          }
        }),
      }
    }
    case 'qcow': {
      const { stream } = toOptions(name, source as Extract<MigrationSource, { type: 'qcow' }>, {
        type: true,
        stream: true,
      })
      return { type: 'qcow', stream: toStreamSpec(`${name}.stream`, stream as MigrationStream) }
    }
    default:
      throw invalidArgValue(`${name}.type`, "must be one of 'native', 'raw', 'qcow'")
  }
}

/** Refuses an image that is not there, with a clear error and before librbd has made anything. */
async function checkImage(
  ioctx: IoCtx,
  source: Extract<MigrationSource, { type: 'native' }>,
  task: TaskOptions,
): Promise<void> {
  // Not before: image.js needs what needs this file.
  const { Image } = await import('./image.js')
  const { pool, namespace = '', image, snapshot } = source
  const { signal } = task
  await using from = await ioctx.cluster.openIoCtx(pool, { namespace, signal })
  await using _opened = await Image.open(from, image, { readOnly: true, snapshot, signal })
}

/** Refuses a qcow2 file that librbd would read wrongly. */
async function checkClusters(ioctx: IoCtx, path: string, task: TaskOptions): Promise<void> {
  const at = await ioctx.callWith(native.qcow2CompressedCluster, task, path)
  if (at === undefined) return
  throw ioctx.makeError(
    -constants.errno.EINVAL,
    'rbd_migration_prepare_import',
    `the qcow2 image '${path}' has compressed clusters (the first at ${at} bytes of its disk), which librbd reads wrongly: ` +
      'copy({ file }, { ioctx, image }) imports them',
    task.object,
  )
}

/** Refuses another cluster on a host whose librbd takes the image of that name in this one. */
function checkOtherClusters(ioctx: IoCtx, task: TaskOptions): void {
  const { librbd } = native.capabilities() // which loads it
  // A function of the release that brought other clusters. Without any librbd the call itself says so.
  if (typeof librbd === 'string' || librbd.rbd_group_get_id) return
  const detail =
    "this host's librbd is older than Ceph 20.2.0, and knows no other clusters: copy() copies from one"
  throw ioctx.makeError(-constants.errno.ENOSYS, 'rbd_migration_prepare_import', detail, task.object)
}

/** Where librbd has looked for a source that it did not find, or may not read. */
export function whereSourceIs(source: MigrationSource): string {
  if (source.type !== 'native' || source.cluster === undefined) return ''
  const { cluster, client = 'client.admin', pool, namespace, image, snapshot } = source
  const at = objectPath({ pool, namespace, image, snapshot })
  return `the source is ${at} of the cluster that ${cluster}.conf in /etc/ceph or ~/.ceph describes, for ${client} of it`
}

/** Refuses what librbd would not, to somebody's harm. */
export async function checkSource(ioctx: IoCtx, source: MigrationSource, task: TaskOptions): Promise<void> {
  if (source.type === 'native') {
    if (source.cluster === undefined) await checkImage(ioctx, source, task)
    else checkOtherClusters(ioctx, task)
  }
  if (source.type === 'qcow' && source.stream.type === 'file')
    await checkClusters(ioctx, source.stream.path, task)
}
