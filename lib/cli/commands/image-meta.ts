/** This file is the command `rbdkit image-meta`, which is about the metadata of an image. */

import { Command } from 'commander'
import { printable } from '../../internal/text.js'
import { aboutImage, type Operand } from '../one-image.js'
import { formatImageSpec } from '../options/image-spec.js'
import { addFormatOption } from '../options/options.js'
import { table } from '../terminal/table.js'

const key: Operand = ['key', 'conf_<option> sets an option of librbd for this image']
const value: Operand = ['value', 'a text']

/** The metadata of an image. */
export function command(): Command {
  const listing = new Command('ls').alias('list').description('list keys and values')
  const getting = new Command('get').description('the value of a key')
  const setting = new Command('set').description('set the value of a key')
  const removing = new Command('rm').alias('remove').description('remove a key')
  return new Command('image-meta')
    .alias('meta')
    .description('list, get, set, remove metadata of an image')
    .addCommand(
      aboutImage(addFormatOption(listing), { snapshot: 'none', readOnly: true }, async (image) => {
        const pairs = await image.metadata.list()
        return {
          json: Object.fromEntries(pairs),
          text: pairs.size === 0 ? '' : table([['KEY', 'VALUE'], ...pairs]),
        }
      }),
    )
    .addCommand(
      aboutImage(
        getting,
        { snapshot: 'none', operands: [key], readOnly: true },
        async (image, spec, _, name = '') => {
          const found = await image.metadata.get(name)
          if (found === undefined)
            throw new Error(`'${printable(formatImageSpec(spec))}' has no key '${printable(name)}'`)
          return { json: { [name]: found }, text: `${process.stdout.isTTY ? printable(found) : found}\n` }
        },
      ),
    )
    .addCommand(
      aboutImage(
        setting,
        { snapshot: 'none', operands: [key, value] },
        async (image, _, __, name = '', to = '') => {
          await image.metadata.set(name, to)
          return { json: { set: { [name]: to } }, text: '' }
        },
      ),
    )
    .addCommand(
      aboutImage(removing, { snapshot: 'none', operands: [key] }, async (image, _, __, name = '') => {
        await image.metadata.remove(name)
        return { json: { removed: name }, text: '' }
      }),
    )
}
