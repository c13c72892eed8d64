/** This file writes and reads the job as it stands in the group's object, and says who does what of it. */

import { invalidArgType, invalidArgValue, toText } from '../../internal/validate.js'
import type { CheckedOptions } from '../options.js'
import type { BenchOptions } from '../types.js'
import { isJobId, isObject, isWorkerName, type Json } from './protocol.js'
import type { BenchImages } from './types.js'

const version = 1
/** A job of a thousand workers with a hundred images each has less. */
export const maxJobBytes = 16 * 1024 * 1024
const maxWorkers = 4096

/** One worker's part. */
export interface Part {
  worker: string
  /** `'image'` or `'image@snapshot'`. */
  images: string[]
  options: BenchOptions
}

/** What a worker is to do, and what cleaning up after a controller needs. */
export interface JobRecord {
  id: string
  /** Silence that means death. */
  timeoutMs: number
  parts: Part[]
}

/** The options that travel: no others reach a worker's engine. */
const optionNames = [
  'operation',
  'readPercent',
  'pattern',
  'distribution',
  'blockSize',
  'depth',
  'rate',
  'runtime',
  'bytes',
  'warmup',
  'flushEvery',
  'compressible',
  'verify',
  'seed',
  'allowUnallocated',
  'destructive',
] as const

/** An image's name, and its snapshot's. */
export function splitImage(text: string): { image: string; snapshot: string | undefined } {
  const at = text.indexOf('@')
  return at < 0
    ? { image: text, snapshot: undefined }
    : { image: text.slice(0, at), snapshot: text.slice(at + 1) }
}

/** An image of the pool and namespace that the worker was started with: a path to another one is no name. */
function isImage(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 1024 || /[/\0]/.test(value)) return false
  const { image, snapshot } = splitImage(value)
  return image !== '' && snapshot !== '' && snapshot?.includes('@') !== true
}

export function toImages(name: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw invalidArgType(name, 'an array of strings', value)
  if (value.length === 0) throw invalidArgValue(name, 'must not be empty')
  for (const [i, image] of value.entries()) {
    toText(`${name}[${i}]`, image)
    if (!isImage(image)) throw invalidArgValue(`${name}[${i}]`, "must be 'image' or 'image@snapshot'")
  }
  if (new Set(value).size < value.length) throw invalidArgValue(name, 'has an image twice')
  return value as string[]
}

/** Who has which images. */
export function assignImages(
  images: BenchImages,
  share: 'split' | 'all',
  workers: readonly string[],
): Map<string, string[]> {
  if (isObject(images)) {
    return new Map(
      workers.map((worker) => [worker, toImages(`images.${worker}`, (images as Json)[worker])] as const),
    )
  }
  const all = toImages('images', images)
  if (share === 'all') return new Map(workers.map((worker) => [worker, all]))
  if (all.length < workers.length) {
    throw invalidArgValue(
      'images',
      `are ${all.length} for ${workers.length} workers: give as many at least, or \`share: 'all'\` for reads`,
    )
  }
  return new Map(
    workers.map((worker, i) => [worker, all.filter((_, image) => image % workers.length === i)] as const),
  )
}

/** Refuses what would have workers take an image's exclusive lock from each other. */
export function checkShared(assigned: ReadonlyMap<string, readonly string[]>, options: CheckedOptions): void {
  if (options.operation === 'read') return
  const seen = new Set<string>()
  for (const image of [...assigned.values()].flat().map((text) => splitImage(text).image)) {
    if (seen.has(image))
      throw invalidArgValue('images', `has '${image}' for several workers, which only reads can share`)
    seen.add(image)
  }
}

/** Shares out what is meant for all workers together, by their images; the shares of `bytes` add up to it. */
export function toParts(
  assigned: ReadonlyMap<string, string[]>,
  { rate, bytes, seed, ...options }: CheckedOptions,
): Part[] {
  const total = [...assigned.values()].reduce((sum, images) => sum + images.length, 0)
  // Of the first so many images; a product of large numbers would lose its last digits.
  const shareOf = (bytes: number, images: number): number =>
    Math.floor(bytes / total) * images + Math.floor(((bytes % total) * images) / total)
  let before = 0
  return [...assigned].map(([worker, images], i) => {
    const from = before
    before += images.length
    const { runtime, ...rest } = options
    return {
      worker,
      images,
      options: {
        ...rest,
        ...(runtime === undefined ? {} : { runtime }),
        ...(rate === undefined ? {} : { rate: (rate * images.length) / total }),
        ...(bytes === undefined ? {} : { bytes: Math.max(1, shareOf(bytes, before) - shareOf(bytes, from)) }),
        // The same places at the same time on one image would be one client's work; stamps need the very seed.
        seed: options.verify ? seed : BigInt.asUintN(64, seed + BigInt(i)),
      },
    }
  })
}

export function encodeJob(job: JobRecord): Buffer {
  const text = JSON.stringify({ rbdkit: version, ...job }, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  return Buffer.from(text)
}

function decodeOptions(value: Json): BenchOptions {
  const options: Json = {}
  for (const name of optionNames) if (value[name] !== undefined) options[name] = value[name]
  const { seed } = options
  if (typeof seed === 'string' && /^\d{1,20}$/.test(seed)) options.seed = BigInt(seed)
  // What they are worth, the engine's own checks tell: see checkOptions().
  return options as BenchOptions
}

function decodePart(value: unknown): Part | undefined {
  if (!isObject(value) || !isWorkerName(value.worker) || !isObject(value.options)) return undefined
  const { images } = value
  if (!Array.isArray(images) || images.length === 0 || !images.every(isImage)) return undefined
  return { worker: value.worker, images: images as string[], options: decodeOptions(value.options) }
}

/** `undefined`: there is no job, or none that this version understands. */
export function decodeJob(data: Buffer): JobRecord | undefined {
  let value: unknown
  try {
    value = JSON.parse(data.toString('utf8'))
  } catch {
    return undefined
  }
  if (!isObject(value) || value.rbdkit !== version || !isJobId(value.id)) return undefined
  const { timeoutMs, parts } = value
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 1000 && timeoutMs <= 3_600_000)) return undefined
  if (!Array.isArray(parts) || parts.length === 0 || parts.length > maxWorkers) return undefined
  const decoded = parts.map(decodePart)
  if (decoded.includes(undefined)) return undefined
  return { id: value.id, timeoutMs, parts: decoded as Part[] }
}
