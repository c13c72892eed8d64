import { CephError } from '../errors.js'
import { native } from '../internal/addon.js'
import { untilAborted } from '../internal/call-options.js'
import { type Owner, startTask } from '../internal/dispatcher.js'
import { type Job, startJob } from '../internal/job.js'
import type { NativeBenchError } from '../internal/native/bench.js'
import { invalidArgType, invalidArgValue } from '../internal/validate.js'
import { Image } from '../rbd/image.js'
import { checkDestructive, checkFacts } from './checks.js'
import { BenchError } from './errors.js'
import { benchOptions, type CheckedOptions, checkOptions, toNativeOptions } from './options.js'
import { toResult } from './result.js'
import {
  factsOf,
  type HostFacts,
  holdsLock,
  hostFacts,
  type ImageFacts,
  identityOf,
  toSettings,
} from './settings.js'
import type { BenchOptions, BenchProgress, BenchResult } from './types.js'

function toImages(value: Image | readonly Image[]): readonly Image[] {
  const images: readonly Image[] = value instanceof Image || !Array.isArray(value) ? [value as Image] : value
  if (images.length === 0) throw invalidArgValue('images', 'must not be empty')
  for (const image of images) {
    if (!(image instanceof Image)) throw invalidArgType('images', 'an Image or an array of them', image)
    if (!image.open) throw image.closedError('bench')
  }
  if (new Set(images).size < images.length) throw invalidArgValue('images', 'has an image twice')
  return images
}

function benchError(result: number, value: unknown, images: readonly Image[]): Error {
  // A text: librbd could not be loaded.
  if (typeof value !== 'object')
    return new CephError({ errno: result, syscall: 'bench', detail: value as string })
  const { syscall, message, image: index, verify } = value as NativeBenchError
  const image = images[index] as Image
  if (verify) return new BenchError('ERR_RBDKIT_BENCH_VERIFY', image, message)
  return image.makeError(result, syscall, message === '' ? undefined : message)
}

/** What is asked before anything is done to the images. */
async function prepare(
  images: readonly Image[],
  options: CheckedOptions,
): Promise<[ImageFacts[], HostFacts]> {
  await checkDestructive(images, options)
  const [first] = images as [Image]
  const [facts, host] = await Promise.all([Promise.all(images.map(factsOf)), hostFacts(first.ioctx.cluster)])
  checkFacts(facts, options)
  return [facts, host]
}

/** Keeps the images from closing while the run is under way. */
function hold(images: readonly Image[]): Owner {
  for (const image of images) image.inFlight++
  return {
    inFlight: 1,
    idle() {
      for (const image of images) if (--image.inFlight === 0) image.idle()
    },
    makeError: (result, _syscall, value) => benchError(result, value, images),
  }
}

/**
 * Measures reads, writes, discards or zeroes of one image or several at once.
 *
 * All of it runs in native code, on one thread a cluster handle: JavaScript does nothing while it runs. Each of the
 * images gets its own `depth` of operations. More than one librados client is measured by giving images of several
 * {@link Cluster}s: also the same image once a cluster, for reads, or for writes when it lacks the feature
 * exclusive-lock.
 *
 * Latencies are in fio's buckets from the operation's start to librbd's callback; CPU and context switches are of the
 * whole process. Aborting stops new operations and waits for those in flight, ten seconds at most; so does an error,
 * which ends the run.
 *
 * Rejects with a {@link BenchError} when the run would do harm or measure nothing, with a `CephError` of the operation
 * that failed (`EROFS` before any the image is open read-only, `EBADF` it is closed), with a `RangeError` when a block
 * is larger than an image, with the signal's reason.
 *
 * Implements: rbd_aio_read, rbd_aio_write, rbd_aio_discard, rbd_aio_write_zeroes, rbd_aio_flush, rbd_diff_iterate2,
 * rbd_config_image_list.
 * @since 0.1.0
 */
export function bench(
  images: Image | readonly Image[],
  options?: BenchOptions,
): Job<BenchProgress, BenchResult> {
  return benchWhen(images, options, async () => {})
}

/** @internal The same, begun only when `ready` resolves, which is called when all that takes time beforehand is done. */
export function benchWhen(
  images: Image | readonly Image[],
  options: BenchOptions | undefined,
  ready: () => Promise<void>,
): Job<BenchProgress, BenchResult> {
  return startJob(options, benchOptions, async ({ signal, report }, given) => {
    const list = toImages(images)
    const checked = checkOptions(given, list.length)
    const owner = hold(list)
    try {
      signal.throwIfAborted()
      const [facts, host] = await untilAborted(prepare(list, checked), signal)
      await untilAborted(ready(), signal)
      const targets = facts.map((fact): [number, bigint] => [fact.image.handle, identityOf(fact)])
      const raw = await startTask(owner, native.bench, [targets, toNativeOptions(checked)], {
        signal,
        onAbort: 'cancel',
        onProgress: report as (progress: never) => void,
      })
      const locks = await Promise.all(facts.map(holdsLock))
      return toResult(raw, checked, toSettings(facts, locks, host, checked))
    } finally {
      if (--owner.inFlight === 0) owner.idle()
    }
  })
}
