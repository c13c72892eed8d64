/** This file reads a machine's disk, and its network, as an option has them. */

import { InvalidArgumentError } from 'commander'
import type { xml } from '../../libvirt/index.js'
import { parseImageSize } from './image-size.js'
import { type Given, type ImageSpec, parseImageSpec, type Written } from './image-spec.js'

/** A disk whose pools may be those that count when none is named. */
export interface WrittenDisk {
  readonly image: Written<ImageSpec>
  readonly from?: Written<ImageSpec>
  readonly size?: number
  readonly device?: 'cdrom'
}

function specOf(text: string, given: Given): Written<ImageSpec> {
  const spec = parseImageSpec(text, given)
  if (spec.namespace) throw new InvalidArgumentError(`'${text}' is in a namespace; a machine's disks are not`)
  return spec
}

/** `[pool/]image`, then `,size=10g`, `,from=[pool/]image@snapshot` or `,cdrom`. */
export function parseMachineDisk(text: string, given: Given): WrittenDisk {
  const [name = '', ...words] = text.split(',')
  let disk: WrittenDisk = { image: specOf(name, given) }
  if (disk.image.snapshot !== undefined)
    throw new InvalidArgumentError(`'${name}' names a snapshot; see from=`)
  for (const word of words) {
    const [key = '', value = ''] = word.split(/=(.*)/s)
    if (word === 'cdrom') disk = { ...disk, device: 'cdrom' }
    else if (key === 'size') disk = { ...disk, size: parseImageSize(value) }
    else if (key === 'from') {
      const from = specOf(value, given)
      if (from.snapshot === undefined)
        throw new InvalidArgumentError(`'${value}' names no snapshot: from=image@snapshot`)
      disk = { ...disk, from }
    } else throw new InvalidArgumentError(`'${word}' is none of size=, from= and cdrom`)
  }
  return disk
}

/** `network=default`, `bridge=br0`, `user`; `none` is for none at all. */
export function parseNetwork(text: string): xml.DomainInterface | undefined {
  const [key = '', value = ''] = text.split(/=(.*)/s)
  if (text === 'none') return undefined
  if (text === 'user') return { type: 'user' }
  if (key === 'network' && value !== '') return { type: 'network', network: value }
  if (key === 'bridge' && value !== '') return { type: 'bridge', bridge: value }
  throw new InvalidArgumentError('must be network=<name>, bridge=<device>, user or none')
}
