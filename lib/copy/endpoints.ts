/** This file checks the two ends of copying and comparing and describes them to native code. */

import { extname, resolve } from 'node:path'
import { type Owner, startTask } from '../internal/dispatcher.js'
import type { JobContext } from '../internal/job.js'
import type { NativeCopyError, NativeEndpoint } from '../internal/native/copy.js'
import type { Task } from '../internal/native/core.js'
import {
  invalidArgType,
  invalidArgValue,
  type Known,
  toOneOf,
  toOptions,
  toSize,
  toText,
} from '../internal/validate.js'
import { type IoCtx, toIoCtx } from '../rados/ioctx.js'
import { layoutOptions } from '../rbd/layout.js'
import { copyError, type GivenEnd } from './errors.js'
import { warnLeft } from './left.js'
import type { StreamEnd } from './streams.js'
import type {
  CopyDestination,
  CopySource,
  DescriptorSource,
  DiskFormat,
  DiskSource,
  FileSource,
  ImageDestination,
  ImageSource,
  RateLimits,
} from './types.js'

/** Buffers are 4 MiB each; with fewer than four nothing overlaps. */
export const minMemory = 16 * 1024 * 1024
export const defaultMemory = 64 * 1024 * 1024

/** An endpoint for native code, and the ioctx that must stay open meanwhile. */
export interface Endpoint {
  native: NativeEndpoint
  ioctx: IoCtx | undefined
  /** What errors call it. */
  given: GivenEnd
  /** When it is a stream of JavaScript. */
  stream?: StreamEnd
}

/** Whether it is a file; throws when it is several things. */
export function isFile<T extends object>(name: string, end: T): end is Extract<T, { file: string }> {
  if (typeof end !== 'object' || end === null) throw invalidArgType(name, 'of type object', end)
  if (['file', 'ioctx', 'fd'].filter((key) => key in end).length > 1) {
    throw invalidArgValue(name, 'is either a file, an image or a descriptor')
  }
  return 'file' in end
}

/** An end that is a stream or a descriptor, and so goes in order; undefined when it is something else. */
export function toOrdered(
  name: string,
  end: CopySource | CopyDestination,
  toStream: (name: string, value: unknown) => StreamEnd | undefined,
): Endpoint | undefined {
  const stream = toStream(name, end)
  if (stream) return { native: stream.native, ioctx: undefined, given: { stream: name }, stream }
  const other = end as DiskSource | DescriptorSource
  if (isFile(name, other) || !('fd' in other)) return undefined
  toOptions(name, other, { fd: true })
  return { native: { fd: toSize(`${name}.fd`, other.fd, 0, 0x7fffffff) }, ioctx: undefined, given: other }
}

const diskFormats: readonly DiskFormat[] = ['raw', 'qcow2', 'vmdk', 'vhdx', 'vdi', 'vpc']

/** Formats by what a name ends in. */
const formats: Readonly<Record<string, DiskFormat>> = {
  '.qcow2': 'qcow2',
  '.vmdk': 'vmdk',
  '.vhdx': 'vhdx',
  '.vdi': 'vdi',
  '.vhd': 'vpc',
}

/** Tells the format by the name, which is the caller's; never by the content, which may be a guest's. */
const formatOf = (file: string): DiskFormat | undefined => formats[extname(file).toLowerCase()]

const fileSource: Known<FileSource> = { file: ['path'], format: true, backingDirectories: true }
export const imageSource: Known<ImageSource> = { ioctx: ['pool'], image: ['name'], snapshot: ['snap'] }

export const imageDestination: Known<ImageDestination> = {
  ioctx: ['pool'],
  image: ['name'],
  ...layoutOptions,
}

function toFileSource(name: string, source: FileSource): NativeEndpoint {
  toOptions(name, source, fileSource)
  const file = resolve(toText(`${name}.file`, source.file))
  const given = source.format
  const format = given === undefined ? formatOf(file) : toOneOf(`${name}.format`, given, diskFormats)
  const list = `${name}.backingDirectories`
  const directories: unknown = source.backingDirectories ?? []
  if (!Array.isArray(directories)) throw invalidArgType(list, 'an instance of Array', directories)
  if (directories.length > 0 && format !== 'qcow2') throw invalidArgValue(list, 'is for qcow2 images only')
  const backingDirectories = directories.map((path, i) => resolve(toText(`${list}[${i}]`, path)))
  return { file, format, backingDirectories }
}

/** Checks a source; `name` is what the caller calls it. */
export function toSource(name: string, source: DiskSource): Endpoint {
  if (isFile(name, source)) {
    return { native: toFileSource(name, source), ioctx: undefined, given: source }
  }
  toOptions(name, source, imageSource)
  const image = toText(`${name}.image`, source.image)
  const snapshot =
    source.snapshot === undefined ? {} : { snapshot: toText(`${name}.snapshot`, source.snapshot) }
  const ioctx = toIoCtx(`${name}.ioctx`, source.ioctx)
  return { native: { image, ...snapshot }, ioctx, given: source }
}

/** The arguments of a native function that works between two ends. */
type Between<A extends unknown[]> = [
  a: NativeEndpoint,
  ioctxOfA: number,
  b: NativeEndpoint,
  ioctxOfB: number,
  ...rest: A,
]

/** Starts native work between two ends. Their ioctxs do not close meanwhile. */
export function startBetween<P, A extends unknown[], R>(
  call: Task<Between<A>, R>,
  a: Endpoint,
  b: Endpoint,
  rest: A,
  { signal, report }: JobContext<P>,
): Promise<R> {
  const ioctxs = [a.ioctx, b.ioctx].filter((ioctx) => ioctx !== undefined)
  const closed = ioctxs.find((ioctx) => !ioctx.open)
  if (closed) throw closed.closedError(call.name)
  signal.throwIfAborted()
  for (const ioctx of ioctxs) ioctx.inFlight++
  const owner: Owner = {
    inFlight: 0,
    idle() {
      for (const ioctx of ioctxs) if (--ioctx.inFlight === 0) ioctx.idle()
    },
    makeError: (result, _syscall, value) =>
      copyError(result, value as NativeCopyError | string | undefined, a.given, b.given),
  }
  const args: Between<A> = [a.native, a.ioctx?.handle ?? 0, b.native, b.ioctx?.handle ?? 0, ...rest]
  return startTask(owner, call, args, {
    signal,
    onAbort: 'leave',
    left: () => warnLeft(call.name, a.given, b.given),
    onProgress: report as (progress: never) => void,
  })
}

export const rateLimits: Known<RateLimits> = { bandwidthLimit: ['bandwidth', 'rate'], iopsLimit: ['iops'] }

/** Checks the limits; 0 is none to native code. */
export function toLimits({ bandwidthLimit, iopsLimit }: RateLimits): [bandwidth: number, iops: number] {
  return [
    bandwidthLimit === undefined ? 0 : toSize('options.bandwidthLimit', bandwidthLimit, 1),
    iopsLimit === undefined ? 0 : toSize('options.iopsLimit', iopsLimit, 1),
  ]
}

/** `'crc32c:'` and eight hex digits. */
export function toDigest(crc32c: number): string {
  return `crc32c:${crc32c.toString(16).padStart(8, '0')}`
}
