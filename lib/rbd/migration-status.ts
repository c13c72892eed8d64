import { migrationStates } from '../internal/generated/librbd.js'
import { nameOf } from '../internal/name-of.js'
import type { NativeMigrationStatus } from '../internal/native/rbd-pools.js'

/**
 * The image at one end of a migration. The source of an import has neither pool nor id.
 *
 * @since 0.1.0
 */
export interface MigrationEnd {
  pool: string
  namespace: string
  image: string
  id: string
}

/**
 * How far a live migration is.
 *
 * @since 0.1.0
 */
export interface MigrationStatus {
  source: MigrationEnd
  dest: MigrationEnd
  state: (typeof migrationStates)[keyof typeof migrationStates] | 'unknown'
  /** librbd's own words, of an error above all; often empty. */
  description: string
}

export function toMigrationStatus({ state, ...status }: NativeMigrationStatus): MigrationStatus {
  return { ...status, state: nameOf(migrationStates, state) }
}
