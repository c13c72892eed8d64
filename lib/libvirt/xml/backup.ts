/** This file builds the documents of backups and checkpoints (libvirt: formatbackup, formatcheckpoint). */

import { type Known, toOneOf } from '../../internal/validate.js'
import { format, XmlElement } from './element.js'
import { textElement, toHost, toInteger, toList, toObject, toObjectName, toPath, toToken } from './fields.js'

const MODES = ['push', 'pull'] as const

/**
 * A disk that is backed up.
 *
 * @since 0.1.0
 */
export interface BackupDisk {
  /** The disk's target: `vda`. */
  readonly target: string
  /** On the host of QEMU, absolute: the file that is written, or of what is pulled the one for blocks that the guest changes. */
  readonly path?: string | undefined
  /** Of the file that is written. Default `qcow2`. */
  readonly format?: 'raw' | 'qcow2' | undefined
  /** The name by which NBD has it. Default: the target. */
  readonly exportName?: string | undefined
}

/**
 * What {@link backup} takes.
 *
 * @since 0.1.0
 */
export interface BackupDocumentOptions {
  /** `push`, the default: QEMU writes files. `pull`: somebody reads by NBD. */
  readonly mode?: (typeof MODES)[number] | undefined
  /** A checkpoint: what has changed since it. Absent: all. */
  readonly incremental?: string | undefined
  /** Where NBD is served, with `pull`: a socket's path, or an address. */
  readonly server?: { readonly socket: string } | { readonly host: string; readonly port: number } | undefined
  /** The disks; others are left out. */
  readonly disks: readonly BackupDisk[]
}

const backupDocumentOptions: Known<BackupDocumentOptions> = {
  mode: true,
  incremental: ['checkpoint'],
  server: true,
  disks: true,
}
const backupDisk: Known<BackupDisk> = {
  target: ['name', 'dev'],
  path: ['file'],
  format: true,
  exportName: true,
}

function serverElement(server: NonNullable<BackupDocumentOptions['server']>): XmlElement {
  if ('socket' in server) {
    const { socket } = toObject('server', server, { socket: true })
    return new XmlElement('server', { transport: 'unix', socket: toPath('server.socket', socket) })
  }
  const { host, port } = toObject('server', server, { host: true, port: true })
  return new XmlElement('server', {
    transport: 'tcp',
    name: toHost('server.host', host),
    port: toInteger('server.port', port, 1, 65_535),
  })
}

function diskElement(disk: BackupDisk, mode: (typeof MODES)[number]): XmlElement {
  const { target, path, format: given, exportName } = toObject('disks', disk, backupDisk)
  const file = path === undefined ? undefined : { file: toPath('disks.path', path) }
  const type = toOneOf('disks.format', given ?? 'qcow2', ['raw', 'qcow2'])
  return new XmlElement(
    'disk',
    {
      name: toToken('disks.target', target),
      backup: 'yes',
      type: 'file',
      exportname: exportName === undefined ? undefined : toToken('disks.exportName', exportName),
    },
    [
      file && new XmlElement(mode === 'push' ? 'target' : 'scratch', file),
      mode === 'push' ? new XmlElement('driver', { type }) : undefined,
    ],
  )
}

/**
 * A document for `domain.backups.begin()`.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`
 * @since 0.1.0
 */
export function backup(options: BackupDocumentOptions): string {
  const { mode: given, incremental, server, disks } = toObject('options', options, backupDocumentOptions)
  const mode = toOneOf('mode', given ?? 'push', MODES)
  return format(
    new XmlElement('domainbackup', { mode }, [
      incremental === undefined
        ? undefined
        : textElement('incremental', toObjectName('incremental', incremental)),
      server === undefined ? undefined : serverElement(server),
      new XmlElement(
        'disks',
        {},
        toList('disks', disks).map((disk) => diskElement(disk, mode)),
      ),
    ]),
  )
}

/**
 * What {@link checkpoint} takes.
 *
 * @since 0.1.0
 */
export interface CheckpointOptions {
  readonly name: string
  /** Targets of the disks whose changes are noted. Absent: all. They must be qcow2. */
  readonly disks?: readonly string[] | undefined
}

/**
 * A document for `domain.checkpoints.create()`, or for `checkpoint` of `domain.backups.begin()`.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 * @since 0.1.0
 */
export function checkpoint(options: CheckpointOptions): string {
  const { name, disks } = toObject('options', options, { name: true, disks: true })
  const elements = toList('disks', disks).map(
    (target) => new XmlElement('disk', { name: toToken('disks', target), checkpoint: 'bitmap' }),
  )
  return format(
    new XmlElement('domaincheckpoint', {}, [
      textElement('name', toObjectName('name', name)),
      elements.length === 0 ? undefined : new XmlElement('disks', {}, elements),
    ]),
  )
}
