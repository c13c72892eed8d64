/** This file reads the size of an image as `rbd` takes it. */

import { InvalidArgumentError } from 'commander'

const units: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
}

/** `10g`, `512m`, `4096b`, powers of 1024; a number alone is MiB, as with `rbd`. Bytes, 0 included. */
export function parseImageSize(text: string): number {
  const [, number, unit, byte] = /^(\d+(?:\.\d+)?)(?:([kmgtp])(?:i?b)?|(b))?$/i.exec(text) ?? []
  const bytes = Number(number) * (units[(unit ?? byte ?? 'm').toLowerCase()] ?? Number.NaN)
  if (!Number.isSafeInteger(bytes))
    throw new InvalidArgumentError('must be a size such as 10g or 512m; a number alone is MiB')
  return bytes
}
