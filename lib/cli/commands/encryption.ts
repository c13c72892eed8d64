/** This file is the command `rbdkit encryption`, which is about encryption by librbd. */

import { readFile } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type Operand, onImage } from '../one-image.js'
import type { Flags } from '../options/options.js'

type FormatFlags = Flags & { readonly cipherAlg: 'aes-128' | 'aes-256' }

const operands: readonly Operand[] = [
  ['format', 'luks1 or luks2'],
  ['passphrase-file', 'a file with the passphrase; a newline at its end is not of it'],
]

/** Encryption by librbd. */
export function command(): Command {
  const format = new Command('format')
    .description('encrypt an image; what is in it is lost, and it becomes smaller by the header')
    .addOption(
      new Option('--cipher-alg <algorithm>', 'the cipher').choices(['aes-128', 'aes-256']).default('aes-256'),
    )
  return new Command('encryption').description('encrypt an image').addCommand(
    onImage<FormatFlags, 'none'>(
      format,
      { done: 'formatted', snapshot: 'none', operands },
      async (image, _, { flags, signal }, kind = '', path = '') => {
        if (kind !== 'luks1' && kind !== 'luks2')
          throw new InvalidArgumentError(`'${kind}' is not luks1 or luks2`)
        const file = await readFile(path)
        const passphrase = file.at(-1) === 0x0a ? file.subarray(0, -1) : file
        try {
          await image.encryption.format({ format: kind, algorithm: flags.cipherAlg, passphrase, signal })
        } finally {
          file.fill(0)
        }
      },
    ),
  )
}
