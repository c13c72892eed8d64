/** This file reads `[pool/[namespace/]]image[@snapshot]` and `pool[/namespace]`, as Ceph's own tools take them. */

import { InvalidArgumentError } from 'commander'

/** A pool, or a namespace of it. */
export interface PoolSpec {
  readonly pool: string
  /** Empty: the pool's default namespace. */
  readonly namespace: string
}

/** Which image a command is about. */
export interface ImageSpec extends PoolSpec {
  readonly image: string
  readonly snapshot?: string
}

/** A spec as it is written: without a pool it is in the one that the cluster's configuration says. */
export type Written<Spec extends PoolSpec> = Omit<Spec, 'pool'> & { readonly pool: string | undefined }

/** What the options say of where something is. */
export interface Given {
  readonly pool?: string | undefined
  readonly namespace?: string | undefined
}

// A pool's name may have an '@', as with rbd; '/' ends it. Snapshots that other programs have made may have both.
const form = /^(?:([^/]+)\/(?:([^/@]+)\/)?)?([^/@]+)(?:@(.+))?$/s

/**
 * Parses an image's; `given` holds where it does not say. Throws commander's error, which ends the command with the
 * status of a wrong command line.
 */
export function parseImageSpec(text: string, given: Given = {}): Written<ImageSpec> {
  const match = form.exec(text)
  if (match === null) {
    throw new InvalidArgumentError(`'${text}' is not of the form [pool/[namespace/]]image[@snapshot]`)
  }
  const [, pool = given.pool, namespace = given.namespace ?? '', image = '', snapshot] = match
  return { pool, namespace, image, ...(snapshot === undefined ? {} : { snapshot }) }
}

/** Parses a pool's, likewise. */
export function parsePoolSpec(text: string, given: Given = {}): PoolSpec {
  const match = /^([^/]+)(?:\/([^/]+))?$/.exec(text)
  if (match === null) throw new InvalidArgumentError(`'${text}' is not of the form pool[/namespace]`)
  const [, pool = '', namespace = given.namespace ?? ''] = match
  return { pool, namespace }
}

/** The whole name, the pool included. */
export function formatImageSpec({ pool, namespace, image, snapshot }: ImageSpec): string {
  const middle = namespace === '' ? '' : `${namespace}/`
  return `${pool}/${middle}${image}${snapshot === undefined ? '' : `@${snapshot}`}`
}
