/** This file tells what is not there from what went wrong. */

import { LibvirtError } from '../../libvirt/index.js'

/** `undefined` for what libvirt says is not there. */
export async function orNone<T>(found: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (error instanceof LibvirtError && error.code === code) return undefined
    throw error
  }
}
