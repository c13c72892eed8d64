/** Whole images with their snapshots, in both directions with `rbd export --export-format 2`. */

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copy, exportImage, Image, type IoCtx, importImage } from 'rbdkit'
import t, { type Test } from 'tap'
import { contentOf, mib, openPool, settledNames, withImage } from './fixture.js'

/** Three snapshots of different sizes, one protected; metadata; a layout of its own. */
async function makeImage(ioctx: IoCtx): Promise<void> {
  await Image.create(ioctx, 'from', {
    size: 9 * mib,
    objectSize: mib,
    stripeUnit: 65536,
    stripeCount: 4,
    features: ['layering', 'striping', 'exclusive-lock', 'object-map', 'fast-diff'],
  })
  await withImage(ioctx, 'from', async (image) => {
    for (const [i, size] of [9, 5, 12].entries()) {
      await image.write(randomBytes(700_000), { position: i * mib + 333 })
      await image.resize(size * mib, { allowShrink: true })
      await image.discard(mib, mib)
      await image.snapshots.create(`snap${i}`)
    }
    await image.snapshots.protect('snap1')
    await image.write(randomBytes(100), { position: 11 * mib })
    await image.metadata.set('owner', 'somebody')
    await image.metadata.set('empty', '')
    await image.metadata.set('conf_rbd_cache', 'false')
  })
}

async function check(t: Test, ioctx: IoCtx, name: string, metadata: Map<string, string>): Promise<void> {
  for (const snapshot of ['snap0', 'snap1', 'snap2', undefined]) {
    const want = await contentOf(ioctx, 'from', snapshot)
    t.ok((await contentOf(ioctx, name, snapshot)).equals(want), `${name} at ${snapshot ?? 'its end'}`)
  }
  await withImage(ioctx, name, async (image) => {
    t.same(
      (await image.snapshots.list()).map((snapshot) => [snapshot.name, snapshot.size, snapshot.protected]),
      [
        ['snap0', 9 * mib, false],
        ['snap1', 5 * mib, true],
        ['snap2', 12 * mib, false],
      ],
    )
    const { objectSize, stripeUnit, stripeCount, features } = await image.info()
    t.match({ objectSize, stripeUnit, stripeCount }, { objectSize: mib, stripeUnit: 65536, stripeCount: 4 })
    t.same(features, ['layering', 'striping', 'exclusive-lock', 'object-map', 'fast-diff'])
    t.same(await image.metadata.list(), metadata)
    await image.snapshots.unprotect('snap1')
  })
}

t.test('there and back, with rbd at either end', async (t) => {
  const { ioctx, rbd } = await openPool(t)
  const directory = t.testdir()
  await makeImage(ioctx)
  const all = new Map([
    ['conf_rbd_cache', 'false'],
    ['empty', ''],
    ['owner', 'somebody'],
  ])
  const safe = new Map([...all].filter(([key]) => key !== 'conf_rbd_cache'))

  const theirs = { file: join(directory, 'rbd') }
  await rbd('export', '--no-progress', '--export-format', '2', 'from', theirs.file)
  const imported = await importImage(theirs, { ioctx, image: 'a' })
  t.match(imported, {
    size: 12 * mib,
    snapshots: ['snap0', 'snap1', 'snap2'],
    droppedMetadata: ['conf_rbd_cache'],
  })
  t.equal(imported.fileBytes, readFileSync(theirs.file).length)
  await check(t, ioctx, 'a', safe)

  const ours = { file: join(directory, 'ours') }
  const exported = await exportImage({ ioctx, image: 'from' }, ours)
  t.same(exported.snapshots, ['snap0', 'snap1', 'snap2'])
  await rbd('import', '--no-progress', '--export-format', '2', ours.file, 'b')
  await check(t, ioctx, 'b', all)

  const again = await importImage(ours, { ioctx, image: 'c' }, { trustMetadata: true })
  t.same(again, { ...exported, droppedMetadata: [] }, 'what was written is what was read')
  await check(t, ioctx, 'c', all)
  await withImage(ioctx, 'from', (image) => image.snapshots.unprotect('snap1'))
  t.same(await settledNames(ioctx), ['a', 'b', 'c', 'from'], 'no temporary image is left')
})

t.test("users' snapshots only, and the first without records of holes", async (t) => {
  const { ioctx } = await openPool(t)
  await makeImage(ioctx)
  const directory = t.testdir()
  const writer = await Image.open(ioctx, 'from')
  t.teardown(() => writer.close())
  // While somebody has it open, a copy makes a snapshot for itself.
  const controller = new AbortController()
  const slow = { bandwidthLimit: 200_000, signal: controller.signal }
  const job = copy({ ioctx, image: 'from' }, { ioctx, image: 'slow' }, slow)
  for await (const { phase } of job) if (phase === 'copy') break
  t.equal((await writer.snapshots.list()).length, 4)
  const stream = { file: join(directory, 'stream') }
  const { snapshots } = await exportImage({ ioctx, image: 'from' }, stream)
  t.same(snapshots, ['snap0', 'snap1', 'snap2'])
  controller.abort()
  await t.rejects(Promise.resolve(job), { name: 'AbortError' })
  t.equal((await writer.snapshots.list()).length, 3)
  await importImage(stream, { ioctx, image: 'to' })
  for (const name of ['snap0', 'snap1', 'snap2', undefined]) {
    t.ok((await contentOf(ioctx, 'to', name)).equals(await contentOf(ioctx, 'from', name)), name ?? 'the end')
  }
  await Image.create(ioctx, 'empty', { size: 64 * mib })
  const { zeroBytes, dataBytes } = await exportImage(
    { ioctx, image: 'empty' },
    { file: join(directory, 'empty') },
  )
  t.same({ zeroBytes, dataBytes }, { zeroBytes: 0, dataBytes: 0 })
  for (const name of ['from', 'to'])
    await withImage(ioctx, name, (image) => image.snapshots.unprotect('snap1'))
})

t.test('a layout that is asked for; what is refused leaves nothing', async (t) => {
  const { ioctx } = await openPool(t)
  const directory = t.testdir()
  await makeImage(ioctx)
  const stream = { file: join(directory, 'stream') }
  await exportImage({ ioctx, image: 'from' }, stream)
  await importImage(stream, { ioctx, image: 'plain', objectSize: 4 * mib, features: ['layering'] })
  await withImage(ioctx, 'plain', async (image) => {
    t.match(await image.info(), { objectSize: 4 * mib, stripeCount: 1, features: ['layering'] })
    await image.snapshots.unprotect('snap1')
  })
  t.ok((await contentOf(ioctx, 'plain', 'snap1')).equals(await contentOf(ioctx, 'from', 'snap1')))

  await t.rejects(Promise.resolve(importImage(stream, { ioctx, image: 'plain' })), {
    code: 'EEXIST',
    image: 'plain',
  })
  await t.rejects(Promise.resolve(exportImage({ ioctx, image: 'from' }, stream)), {
    code: 'EEXIST',
    path: stream.file,
  })
  await t.rejects(Promise.resolve(exportImage({ ioctx, image: 'none' }, { file: join(directory, 'none') })), {
    code: 'ENOENT',
    image: 'none',
  })
  t.notOk(existsSync(join(directory, 'none')))
  const bytes = readFileSync(stream.file)
  const cut = { file: join(directory, 'cut') }
  writeFileSync(cut.file, bytes)
  truncateSync(cut.file, bytes.length - 1)
  await t.rejects(Promise.resolve(importImage(cut, { ioctx, image: 'cut' })), { code: 'ERR_RBDKIT_FORMAT' })
  const controller = new AbortController()
  const aborted = importImage(
    stream,
    { ioctx, image: 'aborted' },
    { signal: controller.signal, onProgress: ({ bytesDone }) => bytesDone > 9 * mib && controller.abort() },
  )
  await t.rejects(Promise.resolve(aborted), { name: 'AbortError' })
  await withImage(ioctx, 'from', (image) => image.snapshots.unprotect('snap1'))
  t.same(await settledNames(ioctx), ['from', 'plain'])
})
