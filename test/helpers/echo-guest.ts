/** A guest without an operating system: on its first serial line it says `!`, and every letter in the other case. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { xml } from 'rbdkit/libvirt'

/** The boot sector that is all of it. */
export function echoSector(): Buffer {
  const sector = Buffer.alloc(512)
  // COM1: write `!`; then wait for a byte, flip 0x20 in it, write it.
  Buffer.from('baf803b021eebafd03eca80174f8baf803ec3420eeebef', 'hex').copy(sector)
  sector.writeUInt16LE(0xaa55, 510)
  return sector
}

/** The document of a domain that boots it from a disk in the directory. It knows nothing of ACPI: no shutdown is heard. */
export function echoDomain(name: string, directory: string): string {
  const path = join(directory, 'boot.raw')
  writeFileSync(path, Buffer.concat([echoSector(), Buffer.alloc(2 ** 20 - 512)]))
  return xml.domain({
    name,
    type: 'qemu',
    memoryMiB: 32,
    vcpus: 1,
    disks: [xml.fileDisk({ path, target: 'vda' })],
  })
}
