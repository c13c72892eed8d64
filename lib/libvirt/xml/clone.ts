/** This file makes a second machine from the document of a first. */

import { toDisks } from './domain.js'
import { format, stripIndentation, XmlElement } from './element.js'
import { textElement, toObject, toObjectName, toUuid } from './fields.js'
import { parseRoot, XmlError } from './parse.js'

/**
 * What {@link cloneDomain} takes.
 *
 * @since 0.1.0
 */
export interface CloneDomainOptions {
  /** The clone's name. */
  readonly name: string
  /** Absent: libvirt makes one. */
  readonly uuid?: string | undefined
  /** The clone's own disks. Default none: attach them when their images are there. */
  readonly disks?: readonly (string | XmlElement)[] | undefined
}

function remove(parent: XmlElement | undefined, drop: (child: XmlElement) => boolean): void {
  if (parent === undefined) return
  parent.children.splice(
    0,
    parent.children.length,
    ...parent.children.filter((child) => !(child instanceof XmlElement && drop(child))),
  )
}

/** Two machines with one writable disk would destroy it; CD and floppy drives stay. */
function isOwnDisk(element: XmlElement): boolean {
  const device = element.attribute('device') ?? 'disk'
  return element.name === 'disk' && (device === 'disk' || device === 'lun')
}

/**
 * A domain's document under another name. Everything stays but what two machines cannot share: UUID, MAC addresses,
 * generation id, EFI variable file and every disk that is not a CD or floppy drive; `disks` take their place. Give it
 * the inactive document (`VIR_DOMAIN_XML_INACTIVE`): a running machine's also names its sockets and ports. Paths that a
 * person chose, such as a serial port's file, stay: change them in the tree of {@link parse}.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 * @throws {@link XmlError} `ERR_INVALID_XML`
 * @since 0.1.0
 */
export function cloneDomain(domainXml: string, options: CloneDomainOptions): string {
  const name = toObjectName(
    'name',
    toObject('options', options, { name: true, uuid: true, disks: true }).name,
  )
  const uuid = options.uuid === undefined ? undefined : textElement('uuid', toUuid('uuid', options.uuid))
  const disks = toDisks(options.disks)
  const root = stripIndentation(parseRoot(domainXml, 'domain'))
  const devices = root.find('devices')
  if (devices === undefined) throw new XmlError('The domain has no <devices>')

  root.attributes.delete('id')
  remove(root, (child) => child.name === 'name' || child.name === 'uuid')
  root.children.unshift(textElement('name', name), ...(uuid === undefined ? [] : [uuid]))
  remove(root.find('os'), (child) => child.name === 'nvram')
  // Without text libvirt makes a new one.
  root.find('genid')?.children.splice(0)
  for (const part of root.elements('sysinfo').flatMap((sysinfo) => sysinfo.elements('system'))) {
    // It must equal the domain's UUID.
    remove(part, (child) => child.name === 'entry' && child.attribute('name') === 'uuid')
  }
  remove(devices, isOwnDisk)
  const emulator = devices.children.findIndex(
    (child) => child instanceof XmlElement && child.name === 'emulator',
  )
  devices.children.splice(emulator + 1, 0, ...disks)
  for (const nic of devices.elements('interface'))
    remove(nic, (child) => child.name === 'mac' || child.name === 'target')
  return format(root)
}
