// The data of a volume as streams.
import type { Readable, Writable } from 'node:stream'
import { native } from '../internal/addon.js'
import type { CallOptions } from '../internal/call-options.js'
import { VIR_STORAGE_VOL_DOWNLOAD, VIR_STORAGE_VOL_UPLOAD } from '../internal/generated/libvirt.js'
import {
  invalidArgType,
  type Known,
  toBoolean,
  toOptions,
  toSignal,
  toSize,
  toText,
} from '../internal/validate.js'
import type { StorageVolume } from './storage-volume.js'
import { BytesReader, BytesWriter, bytesOf, StreamHandle } from './stream-handle.js'

/**
 * Which part of a volume is transferred.
 *
 * @since 0.1.0
 */
export interface TransferOptions extends CallOptions {
  /** Bytes from the volume's start. Default 0. */
  offset?: number | bigint
  /** Bytes. Default: to the volume's end. */
  length?: number | bigint
  /** Zeros do not cross the network; on the way to a volume they become holes. Default `false`. */
  sparse?: boolean
}

/**
 * How a file is sent.
 *
 * @since 0.1.0
 */
export interface UploadFileOptions {
  /** Bytes from the volume's start. Default 0. */
  offset?: number | bigint
  /** The file's holes do not cross the network, and are holes of the volume. Default `false`. */
  sparse?: boolean
  /** At most ten times a second. */
  onProgress?: (progress: { bytesDone: number; bytesTotal: number }) => void
  /** Aborting ends the transfer; the volume has then a part of the file. */
  signal?: AbortSignal | undefined
}

const knownOfFiles: Known<UploadFileOptions> = { offset: true, sparse: true, onProgress: true, signal: true }

const known: Known<TransferOptions> = { offset: true, length: true, sparse: true, signal: true }

/**
 * A daemon sends all of a stream as fast as the socket takes it, and libvirt keeps what nobody has read: a download is
 * a stream after another of so many bytes, which bounds that.
 */
const windowSize = 32 * 2 ** 20

function toTransfer(options: TransferOptions | undefined) {
  const given = toOptions('options', options, known)
  return {
    offset: toSize('options.offset', given.offset ?? 0),
    length: given.length === undefined ? undefined : toSize('options.length', given.length, 1),
    sparse: toBoolean('options.sparse', given.sparse, false),
    signal: toSignal(given.signal),
  }
}

export async function download(
  volume: StorageVolume,
  options: TransferOptions | undefined,
): Promise<Readable> {
  const { offset, length, sparse, signal } = toTransfer(options)
  const flags = sparse ? VIR_STORAGE_VOL_DOWNLOAD.SPARSE_STREAM : 0
  const end = length === undefined ? Number.MAX_SAFE_INTEGER : offset + length
  const open = async (at: number, ends: AbortSignal | undefined): Promise<StreamHandle> => {
    const args: [offset: number, length: number, flags: number] = [at, Math.min(windowSize, end - at), flags]
    const [stream] = await StreamHandle.open(volume, native.virStorageVolDownload, args, { signal: ends })
    return stream
  }
  // A volume that cannot be read is told now.
  const first = await open(offset, signal)
  async function* windows(ends: AbortSignal): AsyncGenerator<Buffer, void> {
    let stream = first
    for (let at = offset; ; stream = await open(at, ends)) {
      const begun = at
      for await (const part of bytesOf(stream, ends)) {
        at += part.length
        yield part
      }
      if (at - begun < Math.min(windowSize, end - begun) || at >= end) return
    }
  }
  return new BytesReader(first, windows, signal)
}

export async function upload(volume: StorageVolume, options: TransferOptions | undefined): Promise<Writable> {
  const { offset, length, sparse, signal } = toTransfer(options)
  const flags = sparse ? VIR_STORAGE_VOL_UPLOAD.SPARSE_STREAM : 0
  const args: [offset: number, length: number, flags: number] = [offset, length ?? 0, flags]
  const [stream] = await StreamHandle.open(volume, native.virStorageVolUpload, args, { signal })
  return new BytesWriter(stream, { sparse, length, signal })
}

export async function uploadFile(
  volume: StorageVolume,
  file: string,
  options: UploadFileOptions | undefined,
): Promise<{ bytes: number }> {
  const path = toText('file', file)
  const { onProgress, ...given } = toOptions('options', options, knownOfFiles)
  const offset = toSize('options.offset', given.offset ?? 0)
  const sparse = toBoolean('options.sparse', given.sparse, false)
  const signal = toSignal(given.signal)
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalidArgType('options.onProgress', 'of type function', onProgress)
  const tell =
    onProgress && (([bytesDone, bytesTotal]: [number, number]): void => onProgress({ bytesDone, bytesTotal }))
  const flags = sparse ? VIR_STORAGE_VOL_UPLOAD.SPARSE_STREAM : 0
  const args: [offset: number, length: number, flags: number] = [offset, 0, flags]
  const [stream] = await StreamHandle.open(volume, native.virStorageVolUpload, args, { signal })
  try {
    return { bytes: await stream.sendFile(path, sparse, { signal, onProgress: tell }) }
  } finally {
    await stream.close()
  }
}
