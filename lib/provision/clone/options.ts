/** This file checks what a clone of a machine is asked for by. */

import { progressOptions } from '../libvirt/options.js'
import { checkBoolean, checkLine, checkOptions, checkProgress, invalid } from '../options.js'
import type { ProvisionOptions } from '../steps.js'

/**
 * Which machine is made, and how.
 *
 * @since 0.1.0
 */
export interface CloneMachineOptions extends ProvisionOptions {
  /** The clone's name. Its images are called by it, too: `web2-vda`. */
  readonly name: string
  /**
   * `'copy-on-write'` (default): each image is a clone of a snapshot, which stays as long as the clone. `'full'`: each is a
   * copy that needs nothing of the first machine.
   */
  readonly disks?: 'copy-on-write' | 'full' | undefined
  /** Start it; default `false`. */
  readonly start?: boolean | undefined
}

/** What is asked for, checked. */
export interface AskedClone {
  readonly name: string
  readonly isFull: boolean
  readonly start: boolean
}

export function checkCloneOptions(options: CloneMachineOptions): AskedClone {
  const given = checkOptions<CloneMachineOptions>('options', options, {
    ...progressOptions,
    name: true,
    disks: true,
    start: true,
  })
  checkProgress(given)
  const name = checkLine('options.name', given.name)
  // It becomes a part of images' names, which libvirt writes as `pool/image@snapshot`.
  if (/[/@]/.test(name)) throw invalid('options.name', 'must not contain / or @')
  const { disks = 'copy-on-write' } = given
  if (disks !== 'copy-on-write' && disks !== 'full')
    throw invalid('options.disks', "must be 'copy-on-write' or 'full'")
  return { name, isFull: disks === 'full', start: checkBoolean('options.start', given.start, false) }
}
