/** This file reads which images on RBD a machine has. */

import { xml } from '../../libvirt/index.js'

/**
 * A disk of a machine that is an image on RBD.
 *
 * @since 0.1.0
 */
export interface RbdDisk {
  /** The device's name: `'vda'`. */
  readonly target: string
  readonly pool: string
  /** Absent: the pool's own. */
  readonly namespace?: string
  readonly image: string
  /** The image's snapshot that the machine reads; absent: the image itself. */
  readonly snapshot?: string
  readonly device: 'disk' | 'cdrom' | 'floppy' | 'lun'
  /** Whether the machine can only read it: what is marked so, every CD-ROM, and every snapshot. */
  readonly readOnly: boolean
  /** Empty: QEMU takes them from `ceph.conf`. */
  readonly monitors: readonly xml.Monitor[]
  /** The user for Ceph; absent: none. */
  readonly auth?: xml.CephAuth
}

/**
 * The images on RBD of a domain's document, in its order. Other disks, and drives with nothing in them, are left out.
 *
 * @throws {@link xml.XmlError} `ERR_INVALID_XML`
 */
export function rbdDisksOf(domainXml: string): RbdDisk[] {
  return xml.DomainXml.parse(domainXml).disks.flatMap((disk) => {
    const { rbd, target, rbdSnapshot: snapshot, auth, device = 'disk' } = disk
    if (rbd === undefined || target === undefined) return []
    const { pool, namespace, image } = rbd
    return [
      {
        target,
        pool,
        ...(namespace !== undefined && { namespace }),
        image,
        ...(snapshot !== undefined && { snapshot }),
        device,
        readOnly: disk.readonly || device === 'cdrom' || snapshot !== undefined,
        monitors: disk.monitors,
        ...(auth !== undefined && { auth }),
      },
    ]
  })
}
