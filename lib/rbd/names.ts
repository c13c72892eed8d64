import { invalidArgValue, toText } from '../internal/validate.js'

/**
 * The name of an image, a snapshot or a namespace that is to be made. librbd takes more, but `pool/image@snapshot` means
 * something else to every tool, and to QEMU a ':' begins an option. What another program has named so is there all the
 * same: what exists is not checked with this, so that it can be read, renamed and removed.
 */
export function toName(argument: string, value: unknown): string {
  const name = toText(argument, value)
  if (/[/@]/.test(name)) throw invalidArgValue(argument, `must not contain '/' or '@'`)
  return name
}
