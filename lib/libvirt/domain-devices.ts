// Devices of a domain that are found in its document and detached.
import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { VIR_DOMAIN_AFFECT } from '../internal/generated/libvirt.js'
import { type Known, toBoolean, toOptions, toText } from '../internal/validate.js'
import type { Domain } from './domain.js'
import type { WaitOptions } from './domain-options.js'
import { toLimits, untilDetached } from './domain-wait.js'
import { systemError } from './errors.js'
import type { AffectOptions } from './flags.js'
import { parse, serialize, type XmlElement } from './xml/builders.js'

/**
 * What is detached from, and how long that may take.
 *
 * @since 0.1.0
 */
export interface DetachOptions extends AffectOptions, WaitOptions {}

const known: Known<DetachOptions> = { live: true, config: true, timeoutMs: ['timeout'], signal: true }

/** The disk of a domain's document; `undefined` without one. */
export function findDisk(xml: string, target: string): XmlElement | undefined {
  const disks = parse(xml).find('devices')?.elements('disk') ?? []
  return disks.find((disk) => disk.find('target')?.attribute('dev') === target)
}

function diskOf(domain: Domain, xml: string, target: string): XmlElement {
  const found = findDisk(xml, target)
  if (found !== undefined) return found
  const context = domain.context('virDomainGetXMLDesc')
  throw systemError(-constants.errno.ENODEV, context, `there is no disk '${target}'`)
}

/** Detaches the disk from the running domain, its definition or both, and waits for the guest. */
export async function detachDisk(
  domain: Domain,
  target: string,
  options: DetachOptions | undefined,
): Promise<void> {
  const given = toOptions('options', options, known)
  const name = toText('target', target)
  const limits = toLimits(given)
  const config = toBoolean('options.config', given.config, false)
  const live = toBoolean('options.live', given.live, !config && (await domain.isActive()))
  if (config || !live) {
    const disk = serialize(diskOf(domain, await domain.xml({ inactive: true }), name))
    await domain.call(native.virDomainDetachDeviceFlags, disk, VIR_DOMAIN_AFFECT.CONFIG)
  }
  if (!live) return
  const alias =
    diskOf(domain, await domain.xml(), name)
      .find('alias')
      ?.attribute('name') ?? ''
  const begin = (): Promise<void> =>
    domain.call(native.virDomainDetachDeviceAlias, alias, VIR_DOMAIN_AFFECT.LIVE)
  await untilDetached(domain, alias, begin, limits)
}
