/** This file writes the document of a new machine, with what virt-install gives one. */

import { type Connection, xml } from '../../libvirt/index.js'
import type { Plan, PlannedDisk } from './options.js'

/** What the host says of its machines. */
export interface Ground {
  readonly uuid: string
  /** The processor's architecture. */
  readonly arch: string
  /** Whether machines run on the processor itself. */
  readonly kvm: boolean
  readonly monitors: readonly xml.Monitor[]
  /** The UUID of the secret with the user's key. */
  readonly secret: string
}

/** The namespace of what rbdkit writes down in a machine's document. */
const NAMESPACE = 'urn:rbdkit:machine:1'

/** Which architecture the host has, and whether KVM. */
export async function hostKind(connection: Connection): Promise<Pick<Ground, 'arch' | 'kvm'>> {
  const { arch = 'x86_64', guests } = xml.CapabilitiesXml.parse(await connection.host.capabilities())
  return { arch, kvm: guests.some((guest) => guest.arch === arch && guest.domainTypes.includes('kvm')) }
}

function diskElement(disk: PlannedDisk, { monitors, secret }: Ground, username: string): xml.XmlElement {
  const { pool, image, target, device } = disk
  const auth = { username, secret: { uuid: secret } }
  const common = { pool, image, target, monitors, auth }
  const text =
    device === 'cdrom'
      ? xml.rbdDisk({ ...common, bus: 'sata', readonly: true })
      : xml.rbdDisk({ ...common, discard: 'unmap' })
  const view = xml.DiskXml.parse(text)
  view.device = device
  return view.element
}

/** Which image is cloud-init's, for the machine's removal. */
function metadata({ pool, image }: PlannedDisk): xml.XmlElement {
  const child = new xml.XmlElement('rbdkit:cloudInit', { pool, image })
  return new xml.XmlElement('rbdkit:machine', { 'xmlns:rbdkit': NAMESPACE }, [child])
}

/** The image that {@link documentOf} has written down as cloud-init's. */
export function cloudInitOf(domainXml: string): { pool: string; image: string } | undefined {
  const machine = xml
    .parse(domainXml)
    .find('metadata')
    ?.elements()
    .find(({ name, attributes }) => attributes.get(`xmlns:${name.split(':')[0]}`) === NAMESPACE)
  const found = machine?.elements().find(({ name }) => name.endsWith(':cloudInit'))
  const [pool, image] = [found?.attribute('pool'), found?.attribute('image')]
  return pool === undefined || image === undefined ? undefined : { pool, image }
}

/** The document without the disk that cloud-init reads, which is this machine's alone. */
export function withoutCloudInit(domainXml: string): string {
  const own = cloudInitOf(domainXml)
  if (own === undefined) return domainXml
  const document = xml.DomainXml.parse(domainXml)
  for (const disk of document.disks)
    if (disk.rbd?.pool === own.pool && disk.rbd.image === own.image) disk.remove()
  const metadata = document.element.find('metadata')
  const isOurs = (child: xml.XmlNode): boolean =>
    child instanceof xml.XmlElement && child.attributes.get(`xmlns:${child.name.split(':')[0]}`) === NAMESPACE
  metadata?.children.splice(
    0,
    metadata.children.length,
    ...metadata.children.filter((child) => !isOurs(child)),
  )
  return String(document)
}

/** The machine's document. Errors: those of `xml.domain()`. */
export function documentOf(plan: Plan, ground: Ground): string {
  const { name, memoryMiB, vcpus, graphics, networks, cloudInit } = plan
  const { arch, kvm, uuid } = ground
  const machine = plan.machineType ?? (arch === 'x86_64' ? 'q35' : undefined)
  const cpu = plan.cpu ?? (kvm ? 'host-passthrough' : undefined)
  const medium = plan.disks.some((disk) => disk.device === 'cdrom' && disk !== cloudInit)
  return xml.domain({
    name,
    uuid,
    type: kvm ? 'kvm' : 'qemu',
    arch,
    machine,
    cpu,
    memoryMiB,
    vcpus,
    // An empty disk does not boot, and the medium does; once it is installed the disk does.
    boot: medium ? ['hd', 'cdrom'] : ['hd'],
    disks: plan.disks.map((disk) => diskElement(disk, ground, plan.user)),
    interfaces: networks,
    graphics,
    guestAgent: true,
    rng: true,
    metadata: cloudInit === undefined ? [] : [metadata(cloudInit)],
  })
}
