/** This file says what a tree of clones is. */

import type { CallOptions } from '../../internal/call-options.js'
import type { Feature } from '../features.js'
import type { LinkedImage } from '../relations.js'

/**
 * An image in a tree of clones. Images in the trash are among them.
 *
 * @since 0.1.0
 */
export interface CloneTree extends LinkedImage {
  /** Bytes. 0 with an `error`. */
  size: number
  features: Feature[]
  /** How many images one above the other a read may have to look in besides this one. */
  depth: number
  /** The snapshot above it in the tree. Absent at the root, and where the clone was flattened meanwhile. */
  snapshot?: { id: bigint; name: string }
  /** By pool, namespace and name. */
  clones: CloneTree[]
  /** Why nothing more can be told of it and of its clones. */
  error?: Error
}

/**
 * How a tree is walked.
 *
 * @since 0.1.0
 */
export interface CloneTreeOptions extends CallOptions {
  /** Images that are open at the same time, 1 to 256. Default 16. */
  concurrency?: number
}

/**
 * How far a change of a tree is.
 *
 * @since 0.1.0
 */
export interface CloneTreeProgress {
  /** The image that is done, `undefined` at the start. */
  image: LinkedImage | undefined
  imagesDone: number
  imagesTotal: number
}

/**
 * How a tree is changed.
 *
 * @since 0.1.0
 */
export interface CloneTreeChangeOptions extends CloneTreeOptions {
  /** Images that are changed at the same time, 1 to 256. Default 4. */
  concurrency?: number
  onProgress?: (progress: CloneTreeProgress) => void
}

/**
 * Which images are flattened.
 *
 * @since 0.1.0
 */
export interface FlattenTreeOptions extends CloneTreeChangeOptions {
  /** Images with a greater `depth` are flattened; 0 makes all of them independent. */
  maxDepth: number
}

/**
 * What of a tree is removed.
 *
 * @since 0.1.0
 */
export interface RemoveTreeOptions extends CloneTreeChangeOptions {
  /** Also what is in the trash until a later time. Default false: `EPERM`. */
  force?: boolean
}
