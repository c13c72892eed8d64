/**
 * How an image is mirrored to other clusters.
 *
 * @since 0.1.0
 */
export interface MirrorInfo {
  /** The same for the image and its copies in other clusters. */
  globalId: string
  mode: 'journal' | 'snapshot'
  state: 'enabled' | 'disabling'
  /** It is the one that may be written; the others follow it. */
  primary: boolean
}
