import { native } from '../internal/addon.js'
import { Kind, startIo, startTask } from '../internal/dispatcher.js'
import { outOfRange } from '../internal/validate.js'
import type { ImageIo } from './io.js'

const pieceBytes = 4 * 1024 * 1024
const piecesAtOnce = 8

/**
 * Stores zeros by ordinary writes. librbd's own way, `rbd_aio_write_zeroes` with its flag for thick provisioning, was seen to
 * wait for ever.
 */
export async function storeZeros(
  image: ImageIo,
  position: number,
  length: number,
  flags: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const end = position + length
  const size = await startTask(image, native.rbd_get_size, [image.handle])
  if (end > size) throw outOfRange('position', "within the image's size together with the length", undefined)
  const zeros = Buffer.alloc(Math.min(pieceBytes, length))
  for (let at = position; at < end; ) {
    signal?.throwIfAborted()
    const writes: Promise<unknown>[] = []
    for (; at < end && writes.length < piecesAtOnce; ) {
      const bytes = Math.min(zeros.length, pieceBytes - (at % pieceBytes), end - at)
      const [piece, from] = [zeros.subarray(0, bytes), at]
      // Not image.write(): close() waits for all of it, so it goes on after that was called.
      const submit = (slot: number) => native.rbd_aio_write2(slot, image.handle, from, bytes, piece, flags)
      writes.push(startIo(image, Kind.write, piece, bytes, submit))
      at += bytes
    }
    const failed = (await Promise.allSettled(writes)).find(({ status }) => status === 'rejected')
    if (failed) throw (failed as PromiseRejectedResult).reason
  }
}
