import { randomBytes } from 'node:crypto'
import { jobOptions } from '../internal/job.js'
import type { NativeBenchOptions } from '../internal/native/bench.js'
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  outOfRange,
  toBoolean,
  toOneOf,
  toOptions,
  toSize,
  toUint64,
} from '../internal/validate.js'
import type { BenchOptions } from './types.js'

const operations = ['read', 'write', 'readwrite', 'discard', 'writeZeroes'] as const
const patterns = ['random', 'sequential', 'interleaved'] as const

/** The options, with the names that fio and `rbd bench` have for them. */
export const benchOptions: Known<BenchOptions> = {
  ...jobOptions,
  operation: ['rw', 'readwrite', 'ioType', 'type'],
  readPercent: ['rwmixread', 'rwMixRead'],
  pattern: ['ioPattern'],
  distribution: ['randomDistribution'],
  blockSize: ['bs', 'ioSize'],
  depth: ['iodepth', 'ioThreads', 'queueDepth'],
  rate: ['rateIops'],
  runtime: ['seconds', 'duration', 'time'],
  bytes: ['ioTotal', 'size'],
  warmup: ['rampTime'],
  flushEvery: ['fsync'],
  compressible: ['bufferCompressPercentage'],
  verify: true,
  seed: ['randseed'],
  allowUnallocated: true,
  destructive: ['force', 'overwrite'],
}

const mib = 1024 * 1024
/** A sector: less is not what any disk is asked for, and a stamp needs room. */
const minBlock = 512
const maxBlock = 64 * mib
const maxDepth = 65_536
const maxBuffers = 1024 * mib
/** A week: past it somebody has mistaken milliseconds for seconds. */
const maxSeconds = 7 * 86_400

/** Options with their defaults, as the result shows them. */
export interface CheckedOptions {
  operation: (typeof operations)[number]
  readPercent: number
  pattern: (typeof patterns)[number]
  distribution: NonNullable<BenchOptions['distribution']>
  blockSize: { bytes: number; weight: number }[]
  depth: number
  rate: number | undefined
  runtime: number | undefined
  bytes: number | undefined
  warmup: number
  flushEvery: number
  compressible: number
  verify: boolean
  seed: bigint
  allowUnallocated: boolean
  destructive: boolean
}

function toNumber(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value)
  if (!(value >= min && value <= max)) throw outOfRange(name, `>= ${min} and <= ${max}`, value)
  return value
}

function toPositive(name: string, value: unknown, max: number): number {
  const number = toNumber(name, value, 0, max)
  if (number === 0) throw outOfRange(name, '> 0', value)
  return number
}

function toDistribution(value: unknown): CheckedOptions['distribution'] {
  const name = 'options.distribution'
  if (value === undefined || value === 'uniform') return 'uniform'
  if (typeof value !== 'object' || value === null)
    throw invalidArgValue(name, "must be 'uniform', { zipf } or { hot }")
  toOptions(name, value as { zipf?: number; hot?: object }, { zipf: ['theta'], hot: true })
  if ('zipf' in value) return { zipf: toPositive(`${name}.zipf`, value.zipf, 100) }
  if (!('hot' in value)) throw invalidArgValue(name, "must be 'uniform', { zipf } or { hot }")
  const { part, share } = toOptions(`${name}.hot`, value.hot as { part: number; share: number }, {
    part: true,
    share: true,
  })
  return {
    hot: {
      part: toPositive(`${name}.hot.part`, part, 1),
      share: toNumber(`${name}.hot.share`, share, 0, 1),
    },
  }
}

function toBlockSize(value: BenchOptions['blockSize']): CheckedOptions['blockSize'] {
  const name = 'options.blockSize'
  if (!Array.isArray(value)) return [{ bytes: toSize(name, value ?? 4096, minBlock, maxBlock), weight: 1 }]
  if (value.length === 0) throw invalidArgValue(name, 'must not be empty')
  return value.map((size: { bytes: number; weight: number }, i) => {
    const { bytes, weight } = toOptions(`${name}[${i}]`, size, { bytes: ['size'], weight: true })
    return {
      bytes: toSize(`${name}[${i}].bytes`, bytes, minBlock, maxBlock),
      weight: toPositive(`${name}[${i}].weight`, weight, Number.MAX_SAFE_INTEGER),
    }
  })
}

/** Reads and checks the options of a run over so many images. */
export function checkOptions(o: BenchOptions, images: number): CheckedOptions {
  const operation = o.operation === undefined ? 'read' : toOneOf('options.operation', o.operation, operations)
  const pattern = o.pattern === undefined ? 'random' : toOneOf('options.pattern', o.pattern, patterns)
  const distribution = toDistribution(o.distribution)
  if (distribution !== 'uniform' && pattern !== 'random')
    throw invalidArgValue('options.distribution', `does not go with pattern '${pattern}'`)
  const rate = o.rate === undefined ? undefined : toPositive('options.rate', o.rate, 1e9)
  const bytes = o.bytes === undefined ? undefined : toSize('options.bytes', o.bytes, 1)
  const verify = toBoolean('options.verify', o.verify, false)
  if (verify && (operation === 'discard' || operation === 'writeZeroes'))
    throw invalidArgValue('options.verify', `does not go with operation '${operation}'`)
  const runtime =
    o.runtime === undefined
      ? bytes === undefined
        ? 10
        : undefined
      : toPositive('options.runtime', o.runtime, maxSeconds)
  const checked: CheckedOptions = {
    operation,
    readPercent: toNumber('options.readPercent', o.readPercent ?? 50, 0, 100),
    pattern,
    distribution,
    blockSize: toBlockSize(o.blockSize),
    depth: toSize('options.depth', o.depth ?? (rate === undefined ? 16 : 128), 1, maxDepth),
    rate,
    runtime,
    bytes,
    warmup: toNumber('options.warmup', o.warmup ?? 0, 0, maxSeconds),
    flushEvery: toSize('options.flushEvery', o.flushEvery ?? 0, 0, 2 ** 31 - 1),
    compressible: toNumber('options.compressible', o.compressible ?? 0, 0, 100),
    verify,
    seed:
      o.seed === undefined
        ? BigInt(randomBytes(6).readUIntBE(0, 6)) // fits a number, so that JSON can carry it
        : toUint64('options.seed', o.seed),
    allowUnallocated: toBoolean('options.allowUnallocated', o.allowUnallocated, false),
    destructive: toBoolean('options.destructive', o.destructive, false),
  }
  const bytesOf = checked.blockSize.map((size) => size.bytes)
  const smallest = Math.min(...bytesOf)
  const largest = Math.max(...bytesOf)
  // Else a block's last stamp would be of less than another block has there.
  if (verify && bytesOf.some((size) => size % smallest !== 0))
    throw invalidArgValue(
      'options.blockSize',
      'has to be multiples of the smallest to go with options.verify',
    )
  if (
    (operation === 'read' || operation === 'readwrite' || verify) &&
    largest * checked.depth * images > maxBuffers
  )
    throw outOfRange(
      'options.depth',
      `at most ${Math.floor(maxBuffers / largest / images)} with these blocks`,
      checked.depth,
    )
  return checked
}

/** Makes the options for native/addon/bench.cc. */
export function toNativeOptions(o: CheckedOptions): NativeBenchOptions {
  const { distribution } = o
  const hot = typeof distribution === 'object' && 'hot' in distribution ? distribution.hot : undefined
  const zipf = typeof distribution === 'object' && 'zipf' in distribution ? distribution.zipf : undefined
  return {
    // A run of reads and writes is one of writes with reads mixed in.
    kind: ['read', 'write', 'discard', 'writeZeroes'].indexOf(
      o.operation === 'readwrite' ? 'write' : o.operation,
    ),
    readShare: o.operation === 'read' ? 1 : o.operation === 'readwrite' ? o.readPercent / 100 : 0,
    order: patterns.indexOf(o.pattern),
    distribution: zipf !== undefined ? 1 : hot !== undefined ? 2 : 0,
    theta: zipf ?? 1,
    hotPart: hot?.part ?? 1,
    hotShare: hot?.share ?? 1,
    sizes: o.blockSize,
    depth: o.depth,
    rate: o.rate ?? 0,
    warmup: o.warmup,
    runtime: o.runtime ?? 0,
    bytes: o.bytes ?? 0,
    flushEvery: o.flushEvery,
    compressible: o.compressible,
    verify: o.verify,
    seed: o.seed,
  }
}
