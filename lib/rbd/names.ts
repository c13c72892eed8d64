import { invalidArgValue, toText } from '../internal/validate.js'

/**
 * A name of an image, a snapshot or a namespace. librbd takes more, but `pool/image@snapshot` means something else to every
 * tool, and to QEMU a ':' begins an option.
 */
export function toName(argument: string, value: unknown): string {
  const name = toText(argument, value)
  if (/[/@]/.test(name)) throw invalidArgValue(argument, `must not contain '/' or '@'`)
  return name
}
