/** `[pool/[namespace/]]image[@snapshot]`, as Ceph's own tools take it. */

import { InvalidArgumentError } from 'commander'

/** Which image a command is about. */
export interface ImageSpec {
  readonly pool: string
  /** Empty: the pool's default namespace. */
  readonly namespace: string
  readonly image: string
  readonly snapshot?: string
}

/** The pool that `rbd` takes when none is named (its option `rbd_default_pool`). */
const DEFAULT_POOL = 'rbd'

/** Parses one; throws commander's error, which ends the command with the status of a wrong command line. */
export function parseImageSpec(text: string): ImageSpec {
  // A pool's name may have an '@', as with rbd; '/' ends it.
  const match = /^(?:([^/]+)\/(?:([^/@]+)\/)?)?([^/@]+)(?:@([^/@]+))?$/.exec(text)
  if (match === null) {
    throw new InvalidArgumentError(`'${text}' is not of the form [pool/[namespace/]]image[@snapshot]`)
  }
  const [, pool = DEFAULT_POOL, namespace = '', image = '', snapshot] = match
  return { pool, namespace, image, ...(snapshot === undefined ? {} : { snapshot }) }
}

/** The whole name, the pool included. */
export function formatImageSpec({ pool, namespace, image, snapshot }: ImageSpec): string {
  const middle = namespace === '' ? '' : `${namespace}/`
  return `${pool}/${middle}${image}${snapshot === undefined ? '' : `@${snapshot}`}`
}
