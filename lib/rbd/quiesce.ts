import { RBD_SNAP_CREATE } from '../internal/generated/librbd.js'
import { toOneOf } from '../internal/validate.js'

/**
 * Whether, before a snapshot is made, those are waited for who asked to bring the image to rest (`image.watches.quiesce()`, rbd-nbd): `'skip'` they
 * are not; `'ignore-errors'` they are, and the snapshot is made also when they fail.
 *
 * @since 0.1.0
 */
export type SnapshotQuiesce = 'skip' | 'ignore-errors'

const flags = {
  skip: RBD_SNAP_CREATE.SKIP_QUIESCE,
  'ignore-errors': RBD_SNAP_CREATE.IGNORE_QUIESCE_ERROR,
}

/** The flags that librbd takes for it. Without it they are waited for, and the snapshot fails with them. */
export function toSnapshotFlags(quiesce: SnapshotQuiesce | undefined): number {
  return quiesce === undefined
    ? 0
    : flags[toOneOf('options.quiesce', quiesce, ['skip', 'ignore-errors'] as const)]
}
