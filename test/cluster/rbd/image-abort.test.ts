import { type Cluster, Image, type IoCtx, type OperationOptions } from 'rbdkit'
import t, { type Test } from 'tap'
import { uncaughtException } from '../../helpers/uncaught.js'
import { mib, openPool } from '../copy/fixture.js'

const objectSize = 65_536

/** An image of many small objects, all of them written: work that takes a while. */
async function makeImage(ioctx: IoCtx, name: string): Promise<Image> {
  await Image.create(ioctx, name, { size: 96 * mib, objectSize })
  const image = await Image.open(ioctx, name)
  const block = Buffer.alloc(2 * mib, 1)
  for (let at = 0; at < 96 * mib; at += block.length) await image.write(block, { position: at })
  await image.flush()
  return image
}

const first = async (image: Image, position = 0) => (await image.read({ position, length: 1 })).buffer[0]

/** Aborts an operation at its first progress. */
async function abort(t: Test, run: (options: OperationOptions) => Promise<unknown>): Promise<void> {
  const controller = new AbortController()
  const reason = new Error('that is enough')
  const seen: number[] = []
  const onProgress = ({ done, total }: { done: number; total: number }) => {
    t.ok(Number.isSafeInteger(done) && done <= total)
    seen.push(done)
    controller.abort(reason)
  }
  await t.rejects(run({ signal: controller.signal, onProgress }), reason)
  t.equal(seen.length, 1, 'no progress after the abort')
  await t.rejects(run({ signal: AbortSignal.abort(reason) }), reason, 'aborted before')
}

/** Lets an operation throw from its listener. */
async function fail(t: Test, run: (options: OperationOptions) => Promise<unknown>): Promise<void> {
  const error = new TypeError('the listener fails')
  const onProgress = () => {
    throw error
  }
  await t.rejects(run({ onProgress }), error)
}

/** Runs an operation to its end. */
async function finish(t: Test, run: (options: OperationOptions) => Promise<unknown>): Promise<void> {
  const seen: { done: number; total: number }[] = []
  await run({ onProgress: (progress) => seen.push(progress) })
  const last = seen.at(-1)
  t.ok(last !== undefined && last.total > 0 && last.done === last.total, 'the last progress is the end')
  t.ok(seen.every(({ done }, i) => done >= (seen[i - 1]?.done ?? 0)))
}

t.test('flatten: an abort leaves a clone that is whole', async (t) => {
  const { ioctx } = await openPool(t)
  const parent = await makeImage(ioctx, 'parent')
  await parent.snapshots.create('s')
  await Image.clone(ioctx, { image: 'parent', snapshot: 's' }, ioctx, 'child', { objectSize, cloneFormat: 2 })
  const child = await Image.open(ioctx, 'child')
  for (const way of [abort, fail]) {
    await way(t, (options) => child.flatten(options))
    t.equal((await child.parent())?.image, 'parent')
    t.same([await first(child), await first(child, 95 * mib)], [1, 1])
  }
  await finish(t, (options) => child.flatten(options))
  t.equal(await child.parent(), undefined)
  await t.rejects(child.flatten(), { code: 'EINVAL', syscall: 'rbd_flatten_with_progress' })
  await child.close()
  await parent.close()
})

t.test('shrinking: an abort leaves the old size', async (t) => {
  const { ioctx } = await openPool(t)
  const image = await makeImage(ioctx, 'image')
  const shrink = (options: OperationOptions) => image.resize(objectSize, { allowShrink: true, ...options })
  for (const way of [abort, fail]) {
    await way(t, shrink)
    t.equal(await image.size(), 96 * mib)
    t.equal(await first(image), 1)
  }
  await image.write(Buffer.from([7]), { position: 90 * mib })
  t.equal(await first(image, 90 * mib), 7, 'the image is usable')
  await finish(t, shrink)
  t.equal(await image.size(), objectSize)
  await image.close()
})

t.test('rollback: an abort leaves a mixture, another one ends it', async (t) => {
  const { ioctx } = await openPool(t)
  const image = await makeImage(ioctx, 'image')
  await image.snapshots.create('s')
  await image.writeZeroes(0, 96 * mib)
  const rollback = (options: OperationOptions) => image.snapshots.rollback('s', options)
  for (const way of [abort, fail]) await way(t, rollback)
  await finish(t, rollback)
  for (let at = 0; at < 96 * mib; at += 8 * mib) t.equal(await first(image, at), 1)
  await image.close()
})

t.test('sparsify: an abort leaves an image that reads as before, another one ends the work', async (t) => {
  const { ioctx } = await openPool(t)
  const image = await makeImage(ioctx, 'image')
  const zeros = Buffer.alloc(2 * mib)
  for (let at = 0; at < 64 * mib; at += zeros.length) await image.write(zeros, { position: at })
  await image.flush()
  const whole = async () => {
    for (let at = 0; at < 96 * mib; at += 8 * mib) t.equal(await first(image, at), at < 64 * mib ? 0 : 1)
  }
  const sparsify = (options: OperationOptions) => image.sparsify(options)
  for (const way of [abort, fail]) {
    await way(t, sparsify)
    t.ok((await image.diskUsage()) > 32 * mib, 'something is left to do')
    await whole()
  }
  await finish(t, sparsify)
  t.equal(await image.diskUsage(), 32 * mib)
  await whole()
  await image.close()
})

t.test('remove: an aborted one is ended by another', async (t) => {
  const { cluster, ioctx, rbd } = await openPool(t)
  await (await makeImage(ioctx, 'image')).close()
  const remove = (options: OperationOptions) => Image.remove(ioctx, 'image', options)
  await abort(t, remove)
  t.same(
    (await Image.list(ioctx)).map(({ name }) => name),
    ['image'],
    'still listed',
  )
  await t.rejects(Image.open(ioctx, 'image'), { code: 'ENOENT' })
  await fail(t, remove)
  await finish(t, remove)
  t.same(await Image.list(ioctx), [])
  t.equal((await rbd('trash', 'ls', '--all')).trim(), '')
  t.equal(await dataObjects(cluster, ioctx), 0, 'no data is left')
})

/** Objects that hold data of images, by the pool's statistics: they follow some seconds later. */
async function dataObjects(cluster: Cluster, ioctx: IoCtx): Promise<number> {
  let objects = -1
  for (let i = 0; i < 100 && objects !== 0; i++) {
    const { pools } = await cluster.monitorCommand<{ pools: { name: string; stats: { objects: number } }[] }>(
      {
        prefix: 'df',
      },
    )
    // rbd_directory, rbd_info, rbd_trash
    objects = Math.max(0, (pools.find(({ name }) => name === ioctx.pool)?.stats.objects ?? 0) - 3)
    if (objects !== 0) await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return objects
}

t.test('a listener that fails when the work is done: it is done, and the error is uncaught', async (t) => {
  const { ioctx } = await openPool(t)
  await Image.create(ioctx, 'image', { size: 4 * mib })
  const error = new TypeError('the listener fails')
  const uncaught = uncaughtException()
  let done = 0
  await Image.remove(ioctx, 'image', {
    onProgress(progress) {
      done = progress.done
      if (progress.done === progress.total) throw error
    },
  })
  t.ok(done > 0)
  t.equal(await uncaught, error)
  t.same(await Image.list(ioctx), [])
})
