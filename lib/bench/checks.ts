/** This file refuses a benchmark that would destroy what nobody gave away, or that would measure nothing. */

import { native } from '../internal/addon.js'
import { outOfRange } from '../internal/validate.js'
import type { Image } from '../rbd/image.js'
import { BenchError, imagePath } from './errors.js'
import type { CheckedOptions } from './options.js'
import { ask, type ImageFacts } from './settings.js'

/** Reads of an image with less than this share of its objects are not worth measuring. */
const minAllocated = 0.99

/** What would be lost, for the refusal. */
async function whatIsThere(image: Image): Promise<string> {
  const [snapshots, watchers] = await Promise.all([
    ask(image, native.rbd_snap_list),
    ask(image, native.rbd_watchers_list),
  ])
  const facts: string[] = []
  if (snapshots.length > 0)
    facts.push(`it has ${snapshots.length} snapshot${snapshots.length > 1 ? 's' : ''}`)
  const others = watchers.length - 1
  if (others > 0) facts.push(`${others} other${others > 1 ? 's have' : ' has'} it open`)
  return facts.length === 0 ? '' : ` (${facts.join(', ')})`
}

/** Refuses to overwrite what nobody gave away. Before anything else is asked of the cluster. */
export async function checkDestructive(images: readonly Image[], options: CheckedOptions): Promise<void> {
  if (options.operation === 'read') return
  for (const image of images) image.checkWritable('bench')
  if (options.destructive) return
  const [image] = images as [Image]
  throw new BenchError(
    'ERR_RBDKIT_BENCH_DESTRUCTIVE',
    image,
    `a run of '${options.operation}' overwrites the image${await whatIsThere(image)}: ` +
      'pass `destructive: true` if its data may be lost',
  )
}

/** Two handles that write to one image take its exclusive lock from each other: seconds each time. */
function checkLock(facts: readonly ImageFacts[]): void {
  const seen = new Set<string>()
  for (const { image, info, fsid } of facts) {
    const { pool, namespace } = image.ioctx
    const key = JSON.stringify([fsid, pool, namespace, info.id])
    if (seen.has(key) && info.features.includes('exclusive-lock')) {
      throw new BenchError(
        'ERR_RBDKIT_BENCH_LOCK',
        image,
        'the image is given several times, and its handles would take the exclusive lock from each other: ' +
          'read from it, give each handle an image of its own, or use one without the feature exclusive-lock',
      )
    }
    seen.add(key)
  }
}

/** Refuses runs that measure nothing or that cannot be. */
export function checkFacts(facts: readonly ImageFacts[], options: CheckedOptions): void {
  const largest = Math.max(...options.blockSize.map((size) => size.bytes))
  for (const { image, info, allocated } of facts) {
    if (info.size < largest)
      throw outOfRange(
        'options.blockSize',
        `at most the size of '${imagePath(image)}', ${info.size}`,
        largest,
      )
    const reads = options.operation === 'read' || options.operation === 'readwrite'
    if (reads && !options.allowUnallocated && allocated < minAllocated) {
      throw new BenchError(
        'ERR_RBDKIT_BENCH_UNALLOCATED',
        image,
        `${(allocated * 100).toFixed(1)} % of the image's objects exist, and what was never written costs nothing to ` +
          "read: write it first (operation 'write', pattern 'sequential', bytes: its size), or pass " +
          '`allowUnallocated: true`',
      )
    }
  }
  if (options.operation !== 'read') checkLock(facts)
}
