/** This file reads values as fio writes them: sizes, times, block-size mixes, distributions. */

import { InvalidArgumentError } from 'commander'
import type { BenchDistribution, BenchOperation, BenchPattern } from '../../bench/types.js'

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
}

/** `4096`, `4k`, `1.5g`, `4KiB`: powers of 1024, as fio has them by default. Bytes. */
export function parseSize(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text) ?? []
  const bytes = Number(number) * (units[unit.toLowerCase()] ?? Number.NaN)
  if (!Number.isSafeInteger(bytes) || bytes === 0) {
    throw new InvalidArgumentError('must be a size such as 4096, 4k, 1m or 10g')
  }
  return bytes
}

const seconds: Readonly<Record<string, number>> = { '': 1, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86_400 }

/** `30`, `30s`, `500ms`, `2m`, `1h`. Seconds. */
export function parseTime(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/i.exec(text) ?? []
  const time = Number(number) * (seconds[unit.toLowerCase()] ?? Number.NaN)
  if (!Number.isFinite(time)) throw new InvalidArgumentError('must be a time such as 30, 500ms, 2m or 1h')
  return time
}

/** A parser of whole numbers, which may have fio's `k` and `m` for thousands when `suffix` is set. */
export function integer(min: number, max: number, suffix = false): (text: string) => number {
  return (text) => {
    const [, number, unit = ''] = (suffix ? /^(\d+(?:\.\d+)?)([km])?$/i : /^(\d+)$/).exec(text) ?? []
    const value = Number(number) * ({ '': 1, k: 1e3, m: 1e6 }[unit.toLowerCase()] ?? Number.NaN)
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}`)
    }
    return value
  }
}

/** A seed: 0 to 2^64-1. */
export function parseSeed(text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n) {
    throw new InvalidArgumentError('must be a whole number below 2^64')
  }
  return BigInt(text)
}

/** fio's `--rw`, and what fio's rbd engine has not: zeroes. */
export const workloads: Readonly<Record<string, { operation: BenchOperation; pattern: BenchPattern }>> = {
  read: { operation: 'read', pattern: 'sequential' },
  write: { operation: 'write', pattern: 'sequential' },
  randread: { operation: 'read', pattern: 'random' },
  randwrite: { operation: 'write', pattern: 'random' },
  rw: { operation: 'readwrite', pattern: 'sequential' },
  readwrite: { operation: 'readwrite', pattern: 'sequential' },
  randrw: { operation: 'readwrite', pattern: 'random' },
  trim: { operation: 'discard', pattern: 'sequential' },
  randtrim: { operation: 'discard', pattern: 'random' },
  zeroes: { operation: 'writeZeroes', pattern: 'sequential' },
  randzeroes: { operation: 'writeZeroes', pattern: 'random' },
}

/** `4k/60:64k/40`, as fio's `--bssplit`: sizes with percentages; those without one share the rest. */
export function parseSplit(text: string): { bytes: number; weight: number }[] {
  const wrong = (reason: string): never => {
    throw new InvalidArgumentError(`${reason}; write it as 4k/60:64k/40`)
  }
  const parts = text.split(':').map((part) => {
    const [, size, percent] =
      /^([^/,]+)(?:\/(\d*))?$/.exec(part) ?? wrong(`'${part}' is not a size with a percentage`)
    return { bytes: parseSize(size ?? ''), weight: percent ? Number(percent) : undefined }
  })
  const given = parts.reduce((sum, { weight = 0 }) => sum + weight, 0)
  const open = parts.filter(({ weight }) => weight === undefined).length
  if (given > 100 || (open === 0 && given !== 100)) wrong('the percentages must add up to 100')
  const split = parts.map(({ bytes, weight }) => ({ bytes, weight: weight ?? (100 - given) / open }))
  return split.filter(({ weight }) => weight > 0)
}

/**
 * fio's `--random_distribution`: `random`, `zipf:1.2`; and `hot:90/10`: 90 % of the operations go to 10 % of the blocks
 * (in the order of fio's `zoned`).
 */
export function parseDistribution(text: string): BenchDistribution {
  if (text === 'random' || text === 'uniform') return 'uniform'
  const zipf = /^zipf:(\d+(?:\.\d+)?)$/.exec(text)
  if (zipf !== null && Number(zipf[1]) > 0) return { zipf: Number(zipf[1]) }
  const hot = /^hot:(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text)
  if (hot !== null) {
    const [share, part] = [Number(hot[1]) / 100, Number(hot[2]) / 100]
    if (share <= 1 && part > 0 && part <= 1) return { hot: { part, share } }
  }
  throw new InvalidArgumentError(
    'must be random, zipf:<theta> such as zipf:1.2, or hot:<% of operations>/<% of blocks> such as hot:90/10',
  )
}
