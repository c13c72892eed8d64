/**
 * The consistency group that an image is in: `rbd group` lists and changes them.
 *
 * @since 0.1.0
 */
export interface ImageGroup {
  /** The group's pool. */
  poolId: bigint
  pool: string
  group: string
}
