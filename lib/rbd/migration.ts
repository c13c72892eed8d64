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
 * A live migration that was prepared: `rbd migration` executes and commits it, or aborts it.
 *
 * @since 0.1.0
 */
export interface MigrationStatus {
  source: MigrationEnd
  dest: MigrationEnd
  state: 'error' | 'preparing' | 'prepared' | 'executing' | 'executed' | 'aborting' | 'unknown'
}
