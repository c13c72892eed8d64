/** This file takes a worker's result through an object of the pool. */

import { gunzipSync, gzipSync } from 'node:zlib'
import type { BenchResult } from '../types.js'
import { isObject } from './protocol.js'

/** A year of seconds compresses to less; what claims to be more is no result. */
export const maxResultBytes = 64 * 1024 * 1024
const maxJsonBytes = 512 * 1024 * 1024
/** fio's buckets. */
const maxBins = 29 * 64
const maxImages = 10_000

/** What a value has to look like. */
type Shape = (value: unknown, path: string) => void

class ShapeError extends Error {}

function fail(path: string, expected: string): never {
  throw new ShapeError(`${path} is not ${expected}`)
}

const count: Shape = (value, path) => {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) fail(path, 'a number')
}
const text: Shape = (value, path) => {
  if (typeof value !== 'string' || value.length > 4096) fail(path, 'a text')
}
const flag: Shape = (value, path) => {
  if (typeof value !== 'boolean') fail(path, 'true or false')
}

function object(shapes: Readonly<Record<string, Shape>>): Shape {
  return (value, path) => {
    if (!isObject(value)) fail(path, 'an object')
    for (const [name, shape] of Object.entries(shapes)) shape(value[name], `${path}.${name}`)
  }
}

function list(shape: Shape, max: number): Shape {
  return (value, path) => {
    if (!Array.isArray(value) || value.length > max) fail(path, 'a list')
    for (const [i, item] of value.entries()) shape(item, `${path}[${i}]`)
  }
}

function map(shape: Shape, max: number): Shape {
  return (value, path) => {
    if (!isObject(value) || Object.keys(value).length > max) fail(path, 'an object')
    for (const [name, item] of Object.entries(value)) shape(item, `${path}.${name}`)
  }
}

function counts(...names: string[]): Record<string, Shape> {
  return Object.fromEntries(names.map((name) => [name, count]))
}

/** Bins that do not add up would give percentiles of nothing. */
const latency: Shape = (value, path) => {
  object({
    ...counts('min', 'max', 'mean', 'stddev', 'N'),
    percentile: map(count, 100),
    bins: map(count, maxBins),
  })(value, path)
  const { N, bins } = value as { N: number; bins: Record<string, number> }
  let total = 0
  for (const [key, entry] of Object.entries(bins)) {
    if (!/^\d{1,16}$/.test(key)) fail(`${path}.bins`, 'keyed by nanoseconds')
    if (!Number.isSafeInteger(entry)) fail(`${path}.bins.${key}`, 'a count')
    total += entry
  }
  if (!Number.isSafeInteger(N) || total !== N) fail(`${path}.bins`, 'as many as N')
}

const row = object({
  ...counts('time', 'iops', 'bw_bytes'),
  lat_ns: object(counts('mean', 'p50', 'p99', 'max')),
})

const direction = object({
  ...counts('io_bytes', 'io_kbytes', 'bw_bytes', 'bw', 'iops', 'runtime', 'total_ios', 'short_ios'),
  ...counts('iops_min', 'iops_max', 'iops_mean', 'iops_stddev', 'iops_samples'),
  ...counts('bw_min', 'bw_max', 'bw_mean', 'bw_dev', 'bw_samples'),
  lat_ns: latency,
  series: list(row, 31_536_000),
})

const image: Shape = (value, path) => {
  object({
    ...counts('size', 'objectSize', 'stripeUnit', 'stripeCount', 'allocated'),
    fsid: text,
    pool: text,
    namespace: text,
    image: text,
    features: list(text, 64),
    exclusiveLock: flag,
    overrides: map(text, 1000),
  })(value, path)
  const { snapshot } = value as { snapshot?: unknown }
  if (snapshot !== undefined) text(snapshot, `${path}.snapshot`)
}

const job = object({
  jobname: (value, path) => {
    if (typeof value !== 'string') fail(path, 'a text')
  },
  ...counts('elapsed', 'unstarted_ios', 'usr_cpu', 'sys_cpu', 'ctx'),
  'job options': map((value, path) => {
    if (typeof value !== 'string') fail(path, 'a text')
  }, 100),
  read: direction,
  write: direction,
  trim: direction,
  sync: object({ total_ios: count, lat_ns: latency }),
})

const result = object({
  'rbdkit version': text,
  jobs: (value, path) => {
    list(job, 1)(value, path)
    if ((value as unknown[]).length === 0) fail(path, 'a list of one')
  },
  cpu: object(counts('userSeconds', 'systemSeconds')),
  settings: object({
    images: list(image, maxImages),
    client: map(text, 1000),
    cluster: object({ fsid: text }),
    handles: count,
    versions: map(text, 100),
  }),
})

export function encodeResult(value: BenchResult): Buffer {
  return gzipSync(JSON.stringify(value), { level: 1 })
}

/** Throws an Error that says what is wrong: the object may hold anything. */
export function decodeResult(data: Buffer): BenchResult {
  let value: unknown
  try {
    value = JSON.parse(gunzipSync(data, { maxOutputLength: maxJsonBytes }).toString('utf8'))
  } catch {
    throw new Error('its result is not readable')
  }
  try {
    result(value, 'result')
  } catch (error) {
    if (error instanceof ShapeError) throw new Error(`its result is malformed: ${error.message}`)
    throw error
  }
  return value as BenchResult
}
