import { describe, type GivenEnd } from './errors.js'

/**
 * Says that a job which was aborted has not ended, and what may be left of it. Its promise has been rejected with the
 * signal's reason, which is the caller's, so this is a warning of the process.
 */
export function warnLeft(call: string, ...ends: readonly GivenEnd[]): void {
  // Node writes a warning to the terminal, which takes no orders from names.
  const names = ends
    .map(describe)
    .join(', ')
    .replace(/\p{Cc}/gu, '\ufffd')
  const between = names && ` (${names})`
  process.emitWarning(
    `${call}${between} was aborted and has not ended yet, for what it works with does not answer. It ends when that ` +
      "answers; should the process end before, cleanupCopies() or 'rbdkit cleanup' removes what it leaves: an " +
      'image, file or snapshot named *.rbdkit-*',
    { code: 'RBDKIT_LEFT_BEHIND' },
  )
}
