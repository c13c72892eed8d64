/** This file says what a run did, in words: `4 KiB random read, depth 16`. */

import { formatBytes, formatCount } from '../../internal/text.js'
import type { Setting } from './run.js'

const operations: Readonly<Record<string, string>> = {
  read: 'sequential read',
  write: 'sequential write',
  randread: 'random read',
  randwrite: 'random write',
  rw: 'sequential read and write',
  readwrite: 'sequential read and write',
  randrw: 'random read and write',
  trim: 'sequential discard',
  randtrim: 'random discard',
  zeroes: 'sequential write-zeroes',
  randzeroes: 'random write-zeroes',
}

/** `4k`, `4096`, `4KiB` in bytes; `undefined`: no plain size. */
export function parseBlockSize(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+)([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  if (number === undefined) return undefined
  return Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' ')
}

function size(text: string): string {
  const bytes = parseBlockSize(text)
  return bytes === undefined ? text : formatBytes(bytes)
}

/** `4096/60:65536/40` as `4 KiB/60:64 KiB/40`. */
function splitText(split: string): string {
  return split
    .split(':')
    .map((part) => part.replace(/^[^/]+/, size))
    .join(':')
}

/** What rbdkit does and fio has no word for. */
export interface OwnWords {
  readonly interleaved: boolean
  readonly zeroes: boolean
}

/** Describes options under fio's names, with fio's defaults for those that are missing. */
export function describeWorkload(options: readonly Setting[], own: OwnWords): string {
  const given = new Map(options)
  const rw = given.get('rw') ?? given.get('readwrite') ?? 'read'
  const split = given.get('bssplit')
  const block = split ?? given.get('bs') ?? given.get('blocksize') ?? '4k'
  let what = operations[rw] ?? rw
  if (own.interleaved) what = what.replace('sequential', 'interleaved')
  if (own.zeroes) what = what.replace('discard', 'write-zeroes')
  let text = `${split === undefined ? size(block) : splitText(split)} ${what}`
  if (/^(?:rw|readwrite|randrw)$/.test(rw)) text += ` (${given.get('rwmixread') ?? '50'} % reads)`
  const distribution = given.get('random_distribution')
  if (distribution !== undefined && distribution !== 'random') text += `, ${distribution}`
  text += `, depth ${given.get('iodepth') ?? '1'}`
  const rate = Number(given.get('rate_iops'))
  if (rate > 0) text += `, open loop at ${formatCount(rate)} a second`
  return text
}
