/** This file says what a diagnosis takes and what it tells. */

/**
 * How bad a finding is: `'error'` something does not work, `'warning'` something will not, or not always; `'info'` nothing need be done.
 *
 * @since 0.1.0
 */
export type Severity = 'error' | 'warning' | 'info'

/**
 * What a finding is about. The words of these do not change.
 *
 * - `CLUSTER_UNREACHABLE`, `LIBVIRT_UNREACHABLE`: nothing that needs it was looked at
 * - `NOT_CHECKED`: a check failed, or was not answered in time; what it found until then is there
 * - `DAEMONS_MIXED`, `LIBRARY_TOO_OLD`, `RBD_POOLS_UNSUPPORTED`: releases that do not fit together
 * - `MONITOR_UNREACHABLE`, `OSD_DOWN`, `CLUSTER_HEALTH`, `FULL`, `NEARFULL`, `POOL_QUOTA`: the cluster
 * - `CLOCK_SKEW`: of a monitor, or of this host
 * - `POOL_MISSING`, `POOL_SNAPSHOT_MODE`, `POOL_NO_APPLICATION`: pools that cannot have images, or have no leave to
 * - `USER_MISSING`, `CAPS_INSUFFICIENT`, `CAPS_NO_BLOCKLIST`: the user of the guests
 * - `SECRET_MISSING`, `SECRET_EMPTY`, `SECRET_WRONG_KEY`, `SECRET_PRIVATE`: libvirt's secrets
 * - `STORAGE_POOL_INACTIVE`, `STORAGE_POOL_MONITORS`: libvirt's storage pools
 * - `PROGRAM_MISSING`, `QEMU_WITHOUT_RBD`: what this host lacks
 * - `BLOCKLISTED`: this host, or a client of it
 * - `DEAD_LOCKER`: a lock of an image whose owner has the image open no more
 * - `IMAGES_LEFT_OUT`: a pool has more images than were looked at
 *
 * @since 0.1.0
 */
export type FindingCode =
  | 'CLUSTER_UNREACHABLE'
  | 'LIBVIRT_UNREACHABLE'
  | 'NOT_CHECKED'
  | 'DAEMONS_MIXED'
  | 'LIBRARY_TOO_OLD'
  | 'RBD_POOLS_UNSUPPORTED'
  | 'MONITOR_UNREACHABLE'
  | 'OSD_DOWN'
  | 'CLUSTER_HEALTH'
  | 'FULL'
  | 'NEARFULL'
  | 'POOL_QUOTA'
  | 'CLOCK_SKEW'
  | 'POOL_MISSING'
  | 'POOL_SNAPSHOT_MODE'
  | 'POOL_NO_APPLICATION'
  | 'USER_MISSING'
  | 'CAPS_INSUFFICIENT'
  | 'CAPS_NO_BLOCKLIST'
  | 'SECRET_MISSING'
  | 'SECRET_EMPTY'
  | 'SECRET_WRONG_KEY'
  | 'SECRET_PRIVATE'
  | 'STORAGE_POOL_INACTIVE'
  | 'STORAGE_POOL_MONITORS'
  | 'PROGRAM_MISSING'
  | 'QEMU_WITHOUT_RBD'
  | 'BLOCKLISTED'
  | 'DEAD_LOCKER'
  | 'IMAGES_LEFT_OUT'

/**
 * Something that is wrong, or will be.
 *
 * @since 0.1.0
 */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** What it is about, as its own tools name it: `'osd.3'`, `'client.libvirt'`, `'vms/disk'`. */
  readonly object: string
  /** One sentence. No key is in it. */
  readonly message: string
  /** A command, or a sentence. */
  readonly remedy: string
}

/**
 * What {@link diagnose} takes.
 *
 * @since 0.1.0
 */
export interface DiagnoseOptions {
  /** Pools of images. Default: those of the application `rbd`, and those that libvirt's storage pools and domains name. */
  readonly pools?: readonly string[] | undefined
  /** The id of the guests' user for `pools`: `'libvirt'`. Those that libvirt's documents name are looked at in any case. */
  readonly user?: string | undefined
  /** Images whose locks are looked at, of each pool with its namespaces, 0 to 1 000 000. Default 1000. */
  readonly imagesPerPool?: number | undefined
  /** Milliseconds that a check may take, 1 to 600 000. Default 15 000. What is not answered then is a finding. */
  readonly timeoutMs?: number | undefined
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * What was found.
 *
 * @since 0.1.0
 */
export interface Diagnosis {
  /** The worst first. */
  readonly findings: readonly Finding[]
  /** The checks that were made to their end. */
  readonly checked: readonly string[]
  /** What is not known is absent. */
  readonly versions: {
    /** Of librados' and librbd's interfaces, and of libvirt's client library. */
    readonly librados?: string
    readonly librbd?: string
    readonly libvirt?: string
    /** `'mon 16.2.15'`, one for each kind of daemon and version, with how many there are. */
    readonly daemons?: Readonly<Record<string, number>>
    readonly libvirtd?: string
    /** Of the hypervisor behind the connection, mostly QEMU. */
    readonly hypervisor?: string
  }
}
