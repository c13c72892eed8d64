/** This file has the views of storage pools, volumes and secrets (libvirt: formatstorage, formatsecret). */

import { toRbdName, toVolumeName } from '../fields.js'
import { type Codec, integer, line, name, path, seconds, token, uuid, word, yesNo } from './codecs.js'
import { auth, EncryptionXml, monitors } from './common.js'
import { attr, bytes, fixed, list, one, record, text, values } from './lenses.js'
import { viewOf } from './view.js'

const rbdName: Codec<string> = { read: (value) => value, write: (value, what) => toRbdName(what, value) }
const volumeName: Codec<string> = {
  read: (value) => value,
  write: (value, what) => toVolumeName(what, value),
}

/**
 * A storage pool's document. Sizes are bytes, and libvirt's.
 *
 * @since 0.1.0
 */
export class StoragePoolXml extends viewOf(['pool'], {
  type: attr('@type', token),
  name: text('name', name),
  uuid: text('uuid', uuid),
  capacity: fixed(bytes('capacity', 'bytes')),
  allocation: fixed(bytes('allocation', 'bytes')),
  available: fixed(bytes('available', 'bytes')),
  /** The monitors of an `rbd` pool, the hosts of others. */
  monitors: monitors(),
  devices: values('source/device@path', line),
  sourceDirectory: attr('source/dir@path', line),
  sourceFormat: attr('source/format@type', token),
  /** The Ceph pool, of an `rbd` pool; the volume group of a `logical` one. */
  sourceName: text('source/name', rbdName),
  auth: auth('source/auth', 'pool'),
  path: text('target/path', path),
  mode: text('target/permissions/mode', token),
  owner: text('target/permissions/owner', integer(-1)),
  group: text('target/permissions/group', integer(-1)),
  /** Options of Ceph for an `rbd` pool's connection (`rbd:config_opts`). */
  configOptions: record('rbd:config_opts/rbd:option@name=value'),
}) {}

/**
 * A volume's document. Sizes are bytes.
 *
 * @since 0.1.0
 */
export class StorageVolumeXml extends viewOf(['volume'], {
  /** Only in what libvirt writes. */
  type: attr('@type', word('file', 'block', 'dir', 'network', 'netdir', 'ploop')),
  name: text('name', volumeName),
  key: fixed(text('key', line)),
  capacity: bytes('capacity', 'bytes'),
  allocation: bytes('allocation', 'bytes'),
  physical: fixed(bytes('physical', 'bytes')),
  path: text('target/path', line),
  format: attr('target/format@type', token),
  mode: text('target/permissions/mode', token),
  owner: text('target/permissions/owner', integer(-1)),
  group: text('target/permissions/group', integer(-1)),
  encryption: one('target/encryption', EncryptionXml),
  compat: text('target/compat', token),
  clusterSize: bytes('target/clusterSize', 'bytes'),
  backingPath: text('backingStore/path', line),
  backingFormat: attr('backingStore/format@type', token),
}) {}

/**
 * A secret's document. It never holds the value.
 *
 * @since 0.1.0
 */
export class SecretXml extends viewOf(['secret'], {
  ephemeral: attr('@ephemeral', yesNo),
  private: attr('@private', yesNo),
  uuid: text('uuid', uuid),
  description: text('description', line),
  usageType: attr('usage@type', word('ceph', 'volume', 'iscsi', 'tls', 'vtpm')),
  /** The usage id of a `ceph`, `tls` or `vtpm` secret. */
  usageName: text('usage/name', name),
  usageVolume: text('usage/volume', path),
  usageTarget: text('usage/target', line),
}) {}

/**
 * A disk in a snapshot, checkpoint or backup. Which of the properties it has is the document's matter.
 *
 * @since 0.1.0
 */
export class DiskReferenceXml extends viewOf(['disk'], {
  /** The disk's target. */
  name: attr('@name', line),
  snapshot: attr('@snapshot', word('no', 'internal', 'external', 'manual')),
  checkpoint: attr('@checkpoint', word('no', 'bitmap')),
  bitmap: attr('@bitmap', token),
  size: fixed(attr('@size', integer())),
  backup: attr('@backup', yesNo),
  type: attr('@type', word('file', 'block', 'network')),
  exportName: attr('@exportname', line),
  exportBitmap: attr('@exportbitmap', line),
  backupMode: attr('@backupmode', word('full', 'incremental')),
  incremental: attr('@incremental', line),
  format: attr('driver@type', token),
  file: attr('source@file', path),
  blockDevice: attr('source@dev', path),
  targetFile: attr('target@file', path),
  targetDevice: attr('target@dev', path),
  scratchFile: attr('scratch@file', path),
  scratchDevice: attr('scratch@dev', path),
}) {}

/**
 * A snapshot's document. `domain` in it, the machine as it was, is in `element`.
 *
 * @since 0.1.0
 */
export class SnapshotXml extends viewOf(['domainsnapshot'], {
  name: text('name', line),
  description: text('description', line),
  state: fixed(text('state', token)),
  parent: fixed(text('parent/name', line)),
  created: fixed(text('creationTime', seconds)),
  memory: attr('memory@snapshot', word('no', 'internal', 'external')),
  memoryFile: attr('memory@file', path),
  disks: list('disks/disk', DiskReferenceXml),
}) {}

/**
 * A checkpoint's document.
 *
 * @since 0.1.0
 */
export class CheckpointXml extends viewOf(['domaincheckpoint'], {
  name: text('name', line),
  description: text('description', line),
  parent: fixed(text('parent/name', line)),
  created: fixed(text('creationTime', seconds)),
  disks: list('disks/disk', DiskReferenceXml),
}) {}

/**
 * A backup's document: into files (`push`), or served by NBD (`pull`).
 *
 * @since 0.1.0
 */
export class BackupXml extends viewOf(['domainbackup'], {
  mode: attr('@mode', word('push', 'pull')),
  /** The checkpoint since which data is wanted. */
  incremental: text('incremental', line),
  serverTransport: attr('server@transport', word('tcp', 'unix', 'fd')),
  serverHost: attr('server@name', line),
  serverPort: attr('server@port', integer(1, 65_535)),
  serverSocket: attr('server@socket', path),
  serverTls: attr('server@tls', yesNo),
  disks: list('disks/disk', DiskReferenceXml),
}) {}
