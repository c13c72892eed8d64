/** What others have called their images and snapshots, on a terminal. */

import type { WriteStream } from 'node:tty'

/**
 * The text as it may be printed there: a terminal takes no orders from a name, as with `ls`. What goes elsewhere stays as
 * it is.
 */
export function printable(text: string, stream: Pick<WriteStream, 'isTTY'>): string {
  return stream.isTTY ? text.replaceAll(/[^\P{Cc}\n\t]/gu, '?') : text
}
